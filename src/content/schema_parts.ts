import type { Resource } from "./resource.ts";
import type { SchemaIndex } from "./schema_index.ts";

/** A model, a field or a fieldset, or the list of locales. */
export interface SchemaPart {
  /** What people call it, such as `field article.title`. */
  readonly name: string;
  /** What it is, as text: equal for two parts that are the same. */
  readonly text: string;
}

/** What isn't the schema's: parts of their own, and a record. */
const OF_OTHERS = new Set(["fields", "fieldsets", "singleton_item"]);

/**
 * Takes a schema apart, so that it can be compared with another one.
 *
 * @param schema The schema.
 * @return Its parts, by what stays the same when one is renamed.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "./schema_index.ts";
 * import { schemaParts } from "./schema_parts.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * console.assert(schemaParts(schema).get("locales")?.text === '["en"]');
 * ```
 */
export function schemaParts(schema: SchemaIndex): Map<string, SchemaPart> {
  const parts = new Map<string, SchemaPart>();
  parts.set("locales", { name: "locales", text: JSON.stringify(schema.locales) });
  for (const itemType of schema.itemTypes) {
    const { api_key: key, modular_block: isBlock } = itemType.attributes;
    add(`${isBlock ? "block model" : "model"} ${key}`, itemType);
    for (const field of schema.fields(itemType.id)) {
      add(`field ${key}.${field.attributes.api_key}`, field);
    }
    for (const fieldset of schema.fieldsets(itemType.id)) {
      add(`fieldset ${key}.${fieldset.attributes?.title ?? fieldset.id}`, fieldset);
    }
  }
  return parts;

  function add(name: string, { type, id, attributes, relationships = {} }: Resource): void {
    const own = Object.entries(relationships).filter(([relation]) => !OF_OTHERS.has(relation));
    parts.set(`${type} ${id}`, { name, text: JSON.stringify([attributes, own]) });
  }
}

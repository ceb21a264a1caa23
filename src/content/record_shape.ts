import { isObject } from "../text/json.ts";
import { FIELD_TYPES, type FieldReference } from "./field_types.ts";
import type { Field } from "./resource.ts";
import type { SchemaIndex } from "./schema_index.ts";

/** What decides how the records of a model look, apart from what they hold. */
export interface RecordShape {
  /** Equal for two models whose records look the same. */
  readonly text: string;
  /** The ids of the block models that a record may hold, at any depth, as the validators of fields tell. */
  readonly blockModels: ReadonlySet<string>;
}

/**
 * What decides how the records of a model look: its fields, those of the block models that may be in them at
 * any depth, and the project's locales. Should it change, so may what the API sends of a record that nobody has
 * changed.
 *
 * @param schema The project's schema.
 * @param model The model's id.
 *
 * @example
 * ```ts
 * import { recordShape } from "./record_shape.ts";
 * import { SchemaIndex } from "./schema_index.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * console.assert(recordShape(schema, "1").blockModels.size === 0);
 * ```
 */
export function recordShape(schema: SchemaIndex, model: string): RecordShape {
  const blockModels = new Set<string>();
  const open = [model];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const block of schema.fields(id).flatMap((field) => blocksIn(field, schema))) {
      if (blockModels.has(block)) continue;
      blockModels.add(block);
      open.push(block);
    }
  }
  const key = schema.itemType(model)?.attributes.api_key ?? null;
  const fields = [model, ...[...blockModels].sort()].map((id) => [
    id,
    schema.fields(id).map(({ id, attributes }) => [id, attributes] as const)
      .toSorted(([a], [b]) => a < b ? -1 : Number(a > b)),
  ]);
  return { text: JSON.stringify([key, schema.locales, fields]), blockModels };
}

/** The ids of the block models that a field's value may hold directly. */
function blocksIn(field: Field, schema: SchemaIndex): readonly string[] {
  const { field_type: type, validators } = field.attributes;
  const known: Readonly<Record<string, { readonly references: readonly FieldReference[] }>> =
    FIELD_TYPES;
  const references = Object.hasOwn(known, type) ? known[type]!.references : [];
  return references.flatMap(({ type, validator = "" }) => {
    if (type !== "block") return [];
    const allowed = isObject(validators) ? validators[validator] : undefined;
    const models = isObject(allowed) ? allowed.item_types : undefined;
    // What doesn't say which ones may hold any.
    return Array.isArray(models)
      ? models.filter((id) => typeof id === "string")
      : schema.blockModels.map(({ id }) => id);
  });
}

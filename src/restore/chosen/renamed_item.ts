import { mapBlocks } from "../../content/blocks.ts";
import type { Item, Json, JsonObject } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";

/** What ids become. */
export interface Renaming {
  /** That of a record. */
  readonly record: (id: string) => string;
  /** That of a block. */
  readonly block: (id: string) => string;
}

/**
 * A record under another id, with other ids wherever it refers to records, in its blocks, too.
 *
 * @param item The record.
 * @param schema The schema.
 * @param renaming What ids become.
 */
export function renamedItem(item: Item, schema: SchemaIndex, renaming: Renaming): Item {
  const own = withContent(item, schema, renaming);
  const { parent_id: parent } = own.attributes;
  return {
    ...own,
    id: renaming.record(item.id),
    attributes: typeof parent === "string"
      ? { ...own.attributes, parent_id: renaming.record(parent) }
      : own.attributes,
  };
}

function withContent(item: Item, schema: SchemaIndex, renaming: Renaming): Item {
  const attributes: JsonObject = { ...item.attributes };
  for (const field of schema.fields(item.relationships.item_type.data.id)) {
    const { api_key: key, field_type: type, localized } = field.attributes;
    const value = getOwn(attributes, key);
    if (value === undefined || value === null) continue;
    if (!localized || !isObject(value)) {
      setOwn(attributes, key, renamed(value, type, schema, renaming));
      continue;
    }
    const locales: JsonObject = {};
    for (const [locale, each] of Object.entries(value)) {
      setOwn(locales, locale, renamed(each, type, schema, renaming));
    }
    setOwn(attributes, key, locales);
  }
  return { ...item, attributes };
}

function renamed(value: Json, type: string, schema: SchemaIndex, renaming: Renaming): Json {
  const link = (id: Json) => typeof id === "string" ? renaming.record(id) : id;
  switch (type) {
    case "link":
      return link(value);
    case "links":
      return Array.isArray(value) ? value.map(link) : value;
    default: {
      const own = mapBlocks(
        value,
        type,
        (block) =>
          typeof block === "string" ? renaming.block(block) : {
            ...withContent(block, schema, renaming),
            id: renaming.block(block.id),
          } as unknown as Json,
      );
      return type === "structured_text" && isObject(own) && isObject(own.document)
        ? { ...own, document: inNode(own.document, link) }
        : own;
    }
  }
}

/** Links and inline records of a text; blocks in it are done. */
function inNode(node: JsonObject, link: (id: Json) => Json): JsonObject {
  const isLink = node.type === "itemLink" || node.type === "inlineItem";
  const own = isLink && node.item !== undefined ? { ...node, item: link(node.item) } : node;
  if (!Array.isArray(own.children)) return own;
  const children = own.children.map((child) => isObject(child) ? inNode(child, link) : child);
  return { ...own, children };
}

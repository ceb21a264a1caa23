import { createHash } from "node:crypto";
import { mapBlocks } from "../../content/blocks.ts";
import type { Item, Json, JsonObject } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";

/**
 * An id that follows from others, as DatoCMS has them: a version 4 UUID in URL-safe base64. The same always follows
 * from the same, so that what is repeated makes nothing twice.
 *
 * @param of What it follows from.
 */
export function derivedId(...of: readonly string[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(of)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("base64url");
}

/** What ids become. */
export interface Renaming {
  /** That of a record. */
  readonly record: (id: string) => string;
  /** That of a block. */
  readonly block: (id: string) => string;
  /** That of anything else, by the API's name of its type. @default It stays */
  readonly other?: ((type: string, id: string) => string) | undefined;
}

/**
 * A record under another id, with other ids wherever it refers to something, in its blocks, too.
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
  const { item_type: model } = item.relationships;
  if (renaming.other === undefined) return { ...item, attributes };
  const id = renaming.other("item_type", model.data.id);
  const relationships = { ...item.relationships, item_type: { data: { ...model.data, id } } };
  return { ...item, attributes, relationships };
}

function renamed(value: Json, type: string, schema: SchemaIndex, renaming: Renaming): Json {
  const link = (id: Json) => typeof id === "string" ? renaming.record(id) : id;
  const upload = (id: Json) => typeof id === "string" ? renaming.other?.("upload", id) ?? id : id;
  const file = (one: Json) => {
    return isObject(one) && one.upload_id !== undefined
      ? { ...one, upload_id: upload(one.upload_id) }
      : one;
  };
  switch (type) {
    case "link":
      return link(value);
    case "links":
      return Array.isArray(value) ? value.map(link) : value;
    case "file":
      return file(value);
    case "gallery":
      return Array.isArray(value) ? value.map(file) : value;
    case "seo":
      return isObject(value) && value.image !== undefined
        ? { ...value, image: upload(value.image) }
        : value;
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

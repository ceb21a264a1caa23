import { mapBlocks } from "./blocks.ts";
import type { Field, Item, Json, JsonObject } from "./resource.ts";
import type { SchemaIndex } from "./schema_index.ts";
import { isObject } from "../text/json.ts";

/** A reference that a record or one of its blocks holds. */
export interface ItemReference {
  /** What is referred to. */
  readonly type: "item" | "upload";
  /** Its id. */
  readonly id: string;
  /** The field that holds the reference. */
  readonly field: Field;
}

/** Whether a reference stays. */
export type KeepReference = (reference: ItemReference) => boolean;

/**
 * A record without some of its references, in its blocks, too: those in lists and inline records go, links
 * in a text leave their words, and what holds only one is empty then.
 *
 * @param item The record or block, in nested form.
 * @param schema The environment's schema.
 * @param keep Whether a reference stays; called with each of them.
 * @return The same object if all of them stay.
 */
export function withReferences(item: Item, schema: SchemaIndex, keep: KeepReference): Item {
  let attributes: JsonObject | undefined;
  for (const field of schema.fields(item.relationships.item_type.data.id)) {
    const { api_key: key, localized } = field.attributes;
    const value = item.attributes[key];
    if (value === undefined || value === null) continue;
    const mapped = localized && isObject(value)
      ? mapEntries(value, (each) => mapValue(each, field, schema, keep))
      : mapValue(value, field, schema, keep);
    if (mapped !== value) attributes = { ...attributes ?? item.attributes, [key]: mapped };
  }
  return attributes ? { ...item, attributes } : item;
}

/**
 * Every reference of a record, its blocks included, in the order of its fields.
 *
 * @param item The record or block, in nested form.
 * @param schema The environment's schema.
 */
export function referencesOf(item: Item, schema: SchemaIndex): ItemReference[] {
  const found: ItemReference[] = [];
  withReferences(item, schema, (reference) => {
    found.push(reference);
    return true;
  });
  return found;
}

function mapValue(value: Json, field: Field, schema: SchemaIndex, keep: KeepReference): Json {
  const keepItem = (id: Json) => typeof id !== "string" || keep({ type: "item", id, field });
  const keepFile = (file: Json) => {
    const id = isObject(file) ? file.upload_id : undefined;
    return typeof id !== "string" || keep({ type: "upload", id, field });
  };
  switch (field.attributes.field_type) {
    case "link":
      return keepItem(value) ? value : null;
    case "links":
      return Array.isArray(value) ? kept(value, keepItem) : value;
    case "file":
      return keepFile(value) ? value : null;
    case "gallery":
      return Array.isArray(value) ? kept(value, keepFile) : value;
    case "seo": {
      if (!isObject(value) || typeof value.image !== "string") return value;
      return keep({ type: "upload", id: value.image, field }) ? value : { ...value, image: null };
    }
    case "structured_text": {
      const inBlocks = mapInBlocks(value, field, schema, keep);
      if (!isObject(inBlocks) || !isObject(inBlocks.document)) return inBlocks;
      const document = mapNode(inBlocks.document, keepItem);
      return document === inBlocks.document ? inBlocks : { ...inBlocks, document };
    }
    default:
      return mapInBlocks(value, field, schema, keep);
  }
}

function mapInBlocks(value: Json, field: Field, schema: SchemaIndex, keep: KeepReference): Json {
  return mapBlocks(
    value,
    field.attributes.field_type,
    (block) =>
      (typeof block === "string" ? block : withReferences(block, schema, keep)) as unknown as Json,
  );
}

function mapNode(node: JsonObject, keepItem: (id: Json) => boolean): JsonObject {
  if (!Array.isArray(node.children)) return node;
  const before = node.children;
  let changed = false;
  const children = before.flatMap((child): Json[] => {
    if (!isObject(child)) return [child];
    const holdsItem = child.type === "itemLink" || child.type === "inlineItem";
    if (holdsItem && !keepItem(child.item ?? null)) {
      changed = true;
      return Array.isArray(child.children) ? child.children : [];
    }
    const mapped = mapNode(child, keepItem);
    changed ||= mapped !== child;
    return [mapped];
  });
  return changed ? { ...node, children } : node;
}

/** The list itself if all of it stays. */
function kept(values: Json[], keep: (value: Json) => boolean): Json[] {
  const rest = values.filter(keep);
  return rest.length === values.length ? values : rest;
}

/** The object itself if none of its values changes. */
function mapEntries(values: JsonObject, map: (value: Json) => Json): JsonObject {
  let copy = values;
  for (const [key, value] of Object.entries(values)) {
    const mapped = map(value);
    if (mapped !== value) copy = { ...copy, [key]: mapped };
  }
  return copy;
}

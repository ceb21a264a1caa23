import { isObject } from "../text/json.ts";
import type { Item, Json, JsonObject } from "./resource.ts";

/** Where a block stands inside a field's value: keys and indexes from the value down to the block. */
export type BlockPath = readonly (string | number)[];

/**
 * Rebuilds one locale's value of a field with every block directly inside it replaced.
 *
 * Blocks of blocks aren't visited: a block's own fields are for the caller, who knows its model. What
 * holds no block is returned as it is, not copied, and nothing that is passed in is changed.
 *
 * @param value The field's value (of a localized field: the value of one locale).
 * @param fieldType The field's `field_type`.
 * @param replace Called with each block, or block id in regular mode, in document order.
 * @return The value with what `replace` returned in place of each block.
 *
 * @example Blocks replaced by their ids, as the API's regular mode shows them
 * ```ts
 * import { mapBlocks } from "./blocks.ts";
 *
 * const value = [{ id: "b1", type: "item", attributes: { text: "Hello" }, relationships: {} }];
 * const ids = mapBlocks(value, "rich_text", (block) => typeof block === "string" ? block : block.id);
 * console.assert(JSON.stringify(ids) === '["b1"]');
 * ```
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item#block-fields}
 */
export function mapBlocks(
  value: Json,
  fieldType: string,
  replace: (block: Item | string, path: BlockPath) => Json,
): Json {
  switch (fieldType) {
    case "rich_text":
      if (!Array.isArray(value)) return value;
      return mapArray(value, (entry, i) => isBlock(entry) ? replace(entry, [i]) : entry);
    case "single_block":
      return isBlock(value) ? replace(value, []) : value;
    case "structured_text":
      return isObject(value) ? mapNode(value, [], replace) : value;
    default:
      return value;
  }
}

/**
 * Walks a structured text document: a `block` or `inlineBlock` node holds its block as `item`.
 *
 * @param path The path to the node, shared by the whole walk: few nodes are blocks, and only for those
 * is it worth a copy.
 */
function mapNode(
  node: JsonObject,
  path: (string | number)[],
  replace: (block: Item | string, path: BlockPath) => Json,
): JsonObject {
  if ((node.type === "block" || node.type === "inlineBlock") && isBlock(node.item)) {
    const item = replace(node.item, [...path, "item"]);
    return item === node.item ? node : { ...node, item };
  }
  let copy = node;
  if (isObject(node.document)) {
    path.push("document");
    const document = mapNode(node.document, path, replace);
    path.pop();
    if (document !== node.document) copy = { ...copy, document };
  }
  if (Array.isArray(node.children)) {
    path.push("children");
    const children = mapArray(node.children, (child, i) => {
      if (!isObject(child)) return child;
      path.push(i);
      const mapped = mapNode(child, path, replace);
      path.pop();
      return mapped;
    });
    path.pop();
    if (children !== node.children) copy = { ...copy, children };
  }
  return copy;
}

/** The array itself if none of its values changes. */
function mapArray(values: Json[], map: (value: Json, index: number) => Json): Json[] {
  let copy = values;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as Json;
    const mapped = map(value, i);
    if (mapped === value) continue;
    if (copy === values) copy = [...values];
    copy[i] = mapped;
  }
  return copy;
}

function isBlock(value: unknown): value is Item | string {
  return typeof value === "string" || (isObject(value) && value.type === "item");
}

import { isObject } from "../text/json.ts";
import { jsonPointer } from "../content/json_pointer.ts";
import { getOwn } from "../text/own.ts";
import type { Item, Json, JsonObject, Page } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { type ModelPlan, modelPlanOf } from "./model_plan.ts";
import { isSelected, type TableContext, tableContext, type TableOptions } from "./table_options.ts";

/** What kind of reference a link row tells of. */
export type LinkKind =
  | "link"
  | "links"
  | "structured_text_link"
  | "structured_text_inline"
  | "file"
  | "gallery"
  | "seo_image";

/**
 * Lists every reference from records to records and assets, also from inside blocks: link fields,
 * links in structured text, assets, galleries and the image of an SEO field.
 *
 * @param schema The project's schema.
 * @param options Which version the records are, and which locales' references get rows.
 * @return A stream that takes pages of records in nested mode and gives pages of rows, one per
 * reference, in document order. A row's `_path` points from the record at the id referred to.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { collectLinks } from "./collect_links.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const links = ReadableStream.from([]).pipeThrough(collectLinks(schema, { version: "current" }));
 * for await (const page of links) console.log(page.length);
 * ```
 *
 * @see {@link https://www.datocms.com/docs/structured-text/dast}
 */
export function collectLinks(
  schema: SchemaIndex,
  options: TableOptions,
): TransformStream<Page<Item>, Page<JsonObject>> {
  return new TransformStream({
    transform(page, controller) {
      controller.enqueue(linkRows(page, schema, options));
    },
  });
}

/**
 * Lists the references from one page of records, as {@linkcode collectLinks} does.
 *
 * @param page Records in nested mode; they aren't changed.
 * @param schema The project's schema.
 * @param options Which version the records are, and which locales' references get rows.
 * @return One row per reference.
 */
export function linkRows(
  page: Page<Item>,
  schema: SchemaIndex,
  options: TableOptions,
): JsonObject[] {
  const context = tableContext(schema, options);
  const rows: JsonObject[] = [];
  for (const record of page) {
    const plan = modelPlanOf(schema, record);
    if (plan.linkFields.length === 0) continue;
    const place = { record, recordModel: plan.apiKey, source: record.id, locale: null };
    const inside = { field: "", blockModel: null, counter: { next: 0 } };
    walkItem(record, plan, "", { ...place, ...inside, context, rows });
  }
  return rows;
}

/** Node types of structured text that refer to nothing. */
const PLAIN_NODES = new Set([
  "root",
  "paragraph",
  "heading",
  "list",
  "listItem",
  "blockquote",
  "code",
  "link",
  "span",
  "thematicBreak",
]);

/** Where a walk through a record is: everything about it that doesn't change from node to node. */
interface Place {
  readonly record: Item;
  readonly recordModel: string;
  /** Id of the record or block that is looked at. */
  readonly source: string;
  readonly locale: string | null;
  /** The record's field that it is in. */
  readonly field: string;
  /** The `api_key` of the block's model; `null` in the record itself. */
  readonly blockModel: string | null;
  /** Counts the references of the field of the record or block. */
  readonly counter: { next: number };
  readonly context: TableContext;
  readonly rows: JsonObject[];
}

function walkItem({ attributes }: Item, plan: ModelPlan, path: string, place: Place): void {
  if (!isObject(attributes)) return;
  for (const field of plan.linkFields) {
    const value = getOwn(attributes, field.key);
    if (value === undefined || value === null) continue;
    const fieldPath = `${path}/attributes${jsonPointer([field.key])}`;
    const inField = () => {
      const own = place.blockModel === null ? field.key : place.field;
      return { ...place, field: own, counter: { next: 0 } };
    };
    if (!field.localized) {
      walkValue(value, field.type, fieldPath, inField());
    } else if (isObject(value)) {
      for (const [locale, content] of Object.entries(value)) {
        if (content === null || !isSelected(place.context, locale)) continue;
        const localePath = fieldPath + jsonPointer([locale]);
        walkValue(content, field.type, localePath, { ...inField(), locale });
      }
    }
  }
}

function walkValue(value: Json, fieldType: string, path: string, place: Place): void {
  switch (fieldType) {
    case "link":
      return addLink(value, "link", "item", path, place);
    case "links":
      return walkList(value, path, place, (id, at) => addLink(id, "links", "item", at, place));
    case "file":
      return walkAsset(value, "file", path, place);
    case "gallery":
      return walkList(value, path, place, (asset, at) => walkAsset(asset, "gallery", at, place));
    case "seo":
      return walkSeo(value, path, place);
    case "rich_text":
      return walkList(value, path, place, (block, at) => walkBlock(block, at, place));
    case "single_block":
      return walkBlock(value, path, place);
    case "structured_text":
      return isObject(value) ? walkNode(value, path, place) : unexpected(value, path, place);
  }
}

function walkList(
  values: Json,
  path: string,
  place: Place,
  visit: (value: Json, path: string) => void,
): void {
  if (!Array.isArray(values)) return unexpected(values, path, place);
  values.forEach((value, i) => visit(value, `${path}/${i}`));
}

function walkAsset(value: Json, kind: LinkKind, path: string, place: Place): void {
  // Answers of other versions of the API hold the id alone.
  if (!isObject(value)) return addLink(value, kind, "upload", path, place);
  addLink(value.upload_id ?? null, kind, "upload", `${path}/upload_id`, place);
}

function walkSeo(value: Json, path: string, place: Place): void {
  if (!isObject(value)) return unexpected(value, path, place);
  const { image } = value;
  if (image === undefined || image === null) return;
  addLink(image, "seo_image", "upload", `${path}/image`, place);
}

/** An id in place of a block tells nothing of the block's references. */
function walkBlock(value: Json, path: string, place: Place): void {
  if (!isObject(value)) return;
  const block = value as unknown as Item;
  const source = typeof block.id === "string" ? block.id : place.source;
  const plan = modelPlanOf(place.context.schema, block);
  walkItem(block, plan, path, { ...place, source, blockModel: plan.apiKey });
}

function walkNode(node: JsonObject, path: string, place: Place): void {
  const { type, item, document, children } = node;
  if (type === "block" || type === "inlineBlock") {
    if (item !== undefined) walkBlock(item, `${path}/item`, place);
  } else if (type === "itemLink") {
    addLink(item ?? null, "structured_text_link", "item", `${path}/item`, place);
  } else if (type === "inlineItem") {
    addLink(item ?? null, "structured_text_inline", "item", `${path}/item`, place);
  } else if (type !== undefined && !(typeof type === "string" && PLAIN_NODES.has(type))) {
    warn("unknown_dast_node", `a node of type ${JSON.stringify(type)}`, path, place);
  }
  if (isObject(document)) walkNode(document, `${path}/document`, place);
  if (!Array.isArray(children)) return;
  for (let i = 0; i < children.length; i++) {
    const child = children[i];
    if (isObject(child)) walkNode(child, `${path}/children/${i}`, place);
  }
}

function addLink(
  id: Json,
  kind: LinkKind,
  type: "item" | "upload",
  path: string,
  place: Place,
): void {
  if (typeof id !== "string") return unexpected(id, path, place);
  place.rows.push({
    _record_id: place.record.id,
    _record_model: place.recordModel,
    _version: place.context.version,
    _locale: place.locale,
    _source_id: place.source,
    _field: place.field,
    _position: place.counter.next++,
    _block_model: place.blockModel,
    _path: path,
    _kind: kind,
    target_type: type,
    target_id: id,
  });
}

function unexpected(value: Json, path: string, place: Place): void {
  const found = JSON.stringify(value).slice(0, 80);
  warn("unexpected_value", `${found} where a reference should be`, path, place);
}

function warn(
  code: "unexpected_value" | "unknown_dast_node",
  message: string,
  path: string,
  { context, record }: Place,
): void {
  context.warn(code, `record "${record.id}", ${path}: ${message}`);
}

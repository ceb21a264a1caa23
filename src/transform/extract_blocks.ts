import { type BlockPath, mapBlocks } from "../content/blocks.ts";
import { isObject } from "../text/json.ts";
import { jsonPointer } from "../content/json_pointer.ts";
import { getOwn, setOwn } from "../text/own.ts";
import type { Item, Json, JsonObject, Page } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { blockRow } from "./block_rows.ts";
import { type ModelPlan, modelPlanOf } from "./model_plan.ts";
import { isSelected, type TableContext, tableContext, type TableOptions } from "./table_options.ts";

/** A page of records whose blocks were taken out. */
export interface ExtractedBlocks {
  /** The records as the API's regular mode shows them: block ids in place of blocks. */
  readonly records: Page<Item>;
  /** One row per block occurrence; a block comes before the blocks inside it. */
  readonly blocks: Page<JsonObject>;
}

/**
 * Takes the blocks out of records that were read in the API's nested mode: out of modular content,
 * single block and structured text fields, at every depth.
 *
 * @param schema The project's schema.
 * @param options Which version the records are, and which locales' blocks get rows.
 * @return A stream that takes pages of records and gives, for each, the records in regular form and
 * the rows of their blocks. {@linkcode assembleBlocks} puts the blocks back.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { extractBlocks } from "./extract_blocks.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const pages = ReadableStream.from([]).pipeThrough(extractBlocks(schema, { version: "current" }));
 * for await (const { records, blocks } of pages) console.log(records.length, blocks.length);
 * ```
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item#api-response-modes-regular-vs-nested}
 */
export function extractBlocks(
  schema: SchemaIndex,
  options: TableOptions,
): TransformStream<Page<Item>, ExtractedBlocks> {
  return new TransformStream({
    transform(page, controller) {
      controller.enqueue(takeBlocks(page, schema, options));
    },
  });
}

/**
 * Takes the blocks out of one page of records, as {@linkcode extractBlocks} does.
 *
 * @param page Records in nested mode; they aren't changed, but the result shares their values.
 * @param schema The project's schema.
 * @param options Which version the records are, and which locales' blocks get rows.
 * @return The records in regular form, and the rows of their blocks.
 */
export function takeBlocks(
  page: Page<Item>,
  schema: SchemaIndex,
  options: TableOptions,
): ExtractedBlocks {
  const context = tableContext(schema, options);
  const blocks: JsonObject[] = [];
  const records = page.map((record) => {
    const plan = modelPlanOf(context.schema, record);
    if (plan.blockFields.length === 0) return record;
    const holder = { record, recordModel: plan.apiKey, item: record, plan, path: "", depth: 0 };
    return regularForm({ ...holder, locale: null, field: undefined, rows: blocks }, context);
  });
  return { records, blocks };
}

/** A record or block whose blocks are being taken out, and where it is. */
interface Holder {
  readonly record: Item;
  readonly recordModel: string;
  readonly item: Item;
  readonly plan: ModelPlan;
  /** JSON Pointer from the record to the item. */
  readonly path: string;
  readonly depth: number;
  readonly locale: string | null;
  /** The record's field that the item is in, or `undefined` for the record itself. */
  readonly field: string | undefined;
  /** Takes the rows, or `undefined` for blocks in a locale that gets none. */
  readonly rows: JsonObject[] | undefined;
}

/** The item with ids in place of the blocks it directly holds; it is copied only if it holds any. */
function regularForm(holder: Holder, context: TableContext): Item {
  const { item, plan } = holder;
  if (!isObject(item.attributes)) return item;
  let attributes = item.attributes;
  for (const { key, type, localized } of plan.blockFields) {
    const value = getOwn(item.attributes, key);
    if (value === undefined || value === null) continue;
    const path = `${holder.path}/attributes${jsonPointer([key])}`;
    const inField = { ...holder, field: holder.field ?? key, path };
    let regular: Json = value;
    if (!localized) {
      regular = replaceBlocks(value, type, inField, context);
    } else if (isObject(value)) {
      regular = mapValues(value, (content, locale) => {
        const rows = isSelected(context, locale) ? holder.rows : undefined;
        const inLocale = { ...inField, locale, path: path + jsonPointer([locale]), rows };
        return replaceBlocks(content, type, inLocale, context);
      });
    }
    if (regular === value) continue;
    if (attributes === item.attributes) attributes = { ...attributes };
    setOwn(attributes, key, regular);
  }
  return attributes === item.attributes ? item : { ...item, attributes };
}

/** A field's content with ids in place of blocks. */
function replaceBlocks(value: Json, type: string, holder: Holder, context: TableContext): Json {
  let position = 0;
  return mapBlocks(
    value,
    type,
    (block, path) => takeBlock(block, path, position++, holder, context),
  );
}

function takeBlock(
  block: Item | string,
  path: BlockPath,
  position: number,
  holder: Holder,
  context: TableContext,
): Json {
  const pointer = holder.path + jsonPointer(path);
  if (typeof block === "string") {
    context.warn("block_not_loaded", `record "${holder.record.id}", ${pointer}: block "${block}"`);
    return block;
  }
  const plan = modelPlanOf(context.schema, block);
  if (plan.itemType?.attributes.modular_block !== true || typeof block.id !== "string") {
    const what = `a block with id ${JSON.stringify(block.id)} of model "${plan.id}"`;
    context.warn("unknown_block", `record "${holder.record.id}", ${pointer}: ${what}`);
    return block as unknown as Json;
  }
  const { rows } = holder;
  const depth = holder.depth + 1;
  // The row comes before those of the blocks inside, but needs the ids that are left of them.
  const index = rows ? rows.push({}) - 1 : -1;
  const regular = regularForm({ ...holder, item: block, plan, path: pointer, depth }, context);
  if (rows) {
    rows[index] = blockRow(regular, plan, {
      _record_id: holder.record.id,
      _record_model: holder.recordModel,
      _version: context.version,
      _locale: holder.locale,
      _field: holder.field ?? "",
      _parent_id: holder.item.id,
      _path: pointer,
      _position: position,
      _depth: depth,
    }, context.warn);
  }
  return block.id;
}

/** An object with its values replaced; the object itself if none of them changed. */
function mapValues(object: JsonObject, map: (value: Json, key: string) => Json): JsonObject {
  let copy = object;
  for (const [key, value] of Object.entries(object)) {
    const mapped = map(value, key);
    if (mapped === value) continue;
    if (copy === object) copy = { ...object };
    setOwn(copy, key, mapped);
  }
  return copy;
}

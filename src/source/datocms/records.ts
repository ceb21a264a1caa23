import { mapBlocks } from "../../content/blocks.ts";
import { isObject } from "../../text/json.ts";
import type { Item, ItemType, Json, Page, Resource, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { getOwn } from "../../text/own.ts";
import { printable } from "../../text/printable.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { type ListingOptions, listingReader, pageOptions } from "./listing.ts";
import { pageStream } from "./page_stream.ts";
import { Unreadable } from "./unreadable.ts";

/** The most records in one answer. */
const FLAT_LIMIT = 500;
/** The most records in one answer when it holds their blocks. */
export const NESTED_LIMIT = 30;

/** Creation order doesn't change when records are edited, so that pages don't shuffle. */
const ORDERS = ["_created_at_ASC,id_ASC", "_created_at_ASC"];

/**
 * Streams the records of a model, with their blocks at every depth and all their locales, exactly as the
 * API sends them.
 *
 * Where the schema rules blocks out, records are read 500 at a time; should one hold a block after all,
 * it and all further ones are read in nested mode, 30 at a time.
 *
 * @param client Reads the pages.
 * @param schema The project's schema.
 * @param model The model.
 * @param version The latest versions, or the public ones.
 * @param options How much to fetch ahead.
 * @return A stream of pages of records, by creation.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/instances}
 *
 * @example
 * ```ts no-eval
 * import { CmaClient, readSchema, recordPages } from "@sluice/datocms";
 *
 * const client = new CmaClient({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")! });
 * const { schema } = await readSchema(client);
 * for (const model of schema.models) {
 *   for await (const page of recordPages(client, schema, model, "current")) console.log(page.length);
 * }
 * ```
 */
export function recordPages(
  client: CmaClient,
  schema: SchemaIndex,
  model: ItemType,
  version: Version,
  options: ListingOptions = {},
): ReadableStream<Page<Item>> {
  const reader = listingReader<Item>(client, {
    path: "/items",
    query: { filter: { type: model.id }, version },
    maxLimit: FLAT_LIMIT,
    orders: ORDERS,
  }, options);
  const read = async (...request: Parameters<typeof reader.read>) => {
    const page = await reader.read(...request);
    return { ...page, data: ofModel(page.data, model) };
  };
  let nested = schema.holdsBlocks(model.id);
  return pageStream<Item>(async (request) => {
    if (!nested) {
      const page = await read(request);
      if (!page.data.some((item) => holdsBlock(item, schema, model))) return page;
      if (!nested) {
        options.onFallback?.(
          `Records of model ${model.attributes.api_key} hold blocks, although its fields allow none.`,
        );
      }
      nested = true;
    }
    const limit = Math.min(request.limit, NESTED_LIMIT);
    return {
      ...await read({ ...request, limit }, { nested: true }),
      maxLimit: NESTED_LIMIT,
    };
  }, { ...pageOptions(reader, options), maxLimit: recordLimit(schema, model) });
}

/**
 * The most records of a model in one answer.
 *
 * @param schema The project's schema.
 * @param model The model.
 */
export function recordLimit(schema: SchemaIndex, model: ItemType): number {
  return schema.holdsBlocks(model.id) ? NESTED_LIMIT : FLAT_LIMIT;
}

/**
 * The records of a page that are of a model, or don't say of which one they are. What answers without looking
 * at the query would put a model's records into another one's files.
 */
function ofModel(page: Page<Item>, { id, attributes: { api_key: key } }: ItemType): Page<Item> {
  const isStray = (item: Item): boolean => {
    const model: unknown = (item as Resource).relationships?.item_type?.data;
    return isObject(model) && typeof model.id === "string" && model.id !== id;
  };
  const stray = page.find(isStray);
  if (stray === undefined) return page;
  if (!page.every(isStray)) {
    const reason = "it is of another model, although the API was asked for this one";
    return page.map((item) =>
      isStray(item) ? new Unreadable(item.id, reason) as unknown as Item : item
    );
  }
  throw new CmaError(
    `Expected records of model ${key} from GET /items, but record ${
      printable(stray.id, 60)
    } is of another one: check that no proxy answers without asking the API, and the API's address.`,
    { code: "api_address" },
  );
}

/** Whether a record's structured text, read without nested mode, refers to a block. */
function holdsBlock(item: Item, schema: SchemaIndex, model: ItemType): boolean {
  const fields = schema.fields(model.id);
  return fields.some(({ attributes: { field_type: type, api_key: key, localized } }) => {
    if (type !== "structured_text") return false;
    const value = (isObject(item.attributes) ? getOwn(item.attributes, key) : undefined) ?? null;
    const values: Json[] = localized && isObject(value) ? Object.values(value) : [value];
    let found = false;
    for (const each of values) {
      mapBlocks(each, type, (block) => {
        found = true;
        return typeof block === "string" ? block : block.id;
      });
    }
    return found;
  });
}

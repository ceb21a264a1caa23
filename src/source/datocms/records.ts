import type { Item, ItemType, Page, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { printable } from "../../text/printable.ts";
import { modelIdOf, namesBlocks } from "./block_names.ts";
import type { CmaClient, Query } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { type ListingOptions, listingReader, pageOptions } from "./listing.ts";
import { pageStream } from "./page_stream.ts";
import { Unreadable } from "./unreadable.ts";

/** The most records in one answer. */
export const FLAT_LIMIT = 500;
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
  const { read, reader } = modelReader(client, model, version, {}, options);
  let nested = schema.holdsBlocks(model.id);
  return pageStream<Item>(async (request) => {
    if (!nested) {
      const page = await read(request);
      if (!page.data.some((item) => namesBlocks(item, schema, model.id))) return page;
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

/** Which of a model's records are listed flat. */
export interface RecordRows {
  /** Which version of them. @default {"current"} */
  readonly version?: Version | undefined;
  /** Conditions on their fields, as `filter[fields]` has them. */
  readonly fields?: Query | undefined;
}

/**
 * Streams the rows of a model: its records with ids in place of their blocks, 500 at a time.
 *
 * @param client Reads the pages.
 * @param model The model.
 * @param options How much to fetch ahead.
 * @param rows Which of them.
 * @return A stream of pages of rows, by creation.
 */
export function recordRows(
  client: CmaClient,
  model: ItemType,
  options: ListingOptions = {},
  { version = "current", fields }: RecordRows = {},
): ReadableStream<Page<Item>> {
  const filter = fields === undefined ? {} : { fields };
  const { read, reader } = modelReader(client, model, version, filter, options);
  return pageStream<Item>(read, { ...pageOptions(reader, options), maxLimit: FLAT_LIMIT });
}

/** Fetches parts of a model's listing, and makes sure that they are of it. */
function modelReader(
  client: CmaClient,
  model: ItemType,
  version: Version,
  filter: Query,
  options: ListingOptions,
) {
  const query = { filter: { type: model.id, ...filter }, version };
  const listing = { path: "/items", query, maxLimit: FLAT_LIMIT, orders: ORDERS };
  const reader = listingReader<Item>(client, listing, options);
  const read: typeof reader.read = async (...request) => {
    const page = await reader.read(...request);
    return { ...page, data: ofModel(page.data, model) };
  };
  return { read, reader };
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
  const isStray = (item: Item): boolean => (modelIdOf(item) ?? id) !== id;
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

/**
 * Whether published versions of a flat model's updated records take fewer requests as a listing than by their
 * ids.
 *
 * @param count How many there are.
 */
export function isListedUpdated(count: number): boolean {
  return 1 + Math.ceil(count / (FLAT_LIMIT - 1)) < Math.ceil(count / 200);
}

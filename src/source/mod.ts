/**
 * What is read of DatoCMS, as streams of pages: records, uploads, models and settings, by a client that is
 * paced, tries again, and waits for whoever reads.
 *
 * @example The titles of all articles
 * ```ts no-eval
 * import { CmaClient, readSchema, recordPages } from "@sluice/datocms/source";
 *
 * const client = new CmaClient({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")! });
 * const { schema } = await readSchema(client);
 * const article = schema.models.find((model) => model.attributes.api_key === "article")!;
 * for await (const page of recordPages(client, schema, article, "published")) {
 *   for (const { attributes } of page) console.log(attributes.title);
 * }
 * ```
 *
 * @module
 */
export { Budget, type Place } from "../async/budget.ts";
export type {
  Field,
  Item,
  ItemType,
  Json,
  JsonObject,
  Page,
  Relationship,
  Resource,
  ResourceIdentifier,
  Site,
  Upload,
  Version,
} from "../content/resource.ts";
export { SchemaIndex } from "../content/schema_index.ts";
export { RateLimiter, type RateLimiterOptions, type Ticket } from "../http/rate_limiter.ts";
export { AssetError, assetUrl, fetchAsset, type FetchAssetOptions } from "./datocms/asset_fetch.ts";
export { type AssetHostOptions, assetHosts } from "./datocms/asset_hosts.ts";
export {
  CmaClient,
  type CmaClientOptions,
  type CmaResult,
  type Query,
} from "./datocms/cma_client.ts";
export { type ApiErrorEntity, CmaError } from "./datocms/cma_error.ts";
export type { CmaEvent, ListingName } from "./datocms/cma_event.ts";
export {
  type CmaAnswer,
  CmaTransport,
  type CmaTransportOptions,
  type SendOptions,
} from "./datocms/cma_transport.ts";
export { type Listing, type ListingOptions, listingPages } from "./datocms/listing.ts";
export type { ListingVerdict } from "./datocms/listing_check.ts";
export {
  type Cursor,
  type FetchedPage,
  type PageRequest,
  pageStream,
  type PageStreamOptions,
} from "./datocms/page_stream.ts";
export type { ReadResource } from "./datocms/read_tail.ts";
export { recordLimit, recordPages } from "./datocms/records.ts";
export { type ExportResource, type ResourceName, RESOURCES } from "./datocms/resources.ts";
export { type ProjectSchema, readSchema, serverTime } from "./datocms/schema.ts";
export type { Unreadable } from "./datocms/unreadable.ts";

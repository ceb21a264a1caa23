import type { Page } from "../content/resource.ts";
import { ndjsonBytes } from "../transform/encode_ndjson.ts";
import type { BatchEncoding } from "./batch_sink.ts";

const ENCODER = new TextEncoder();

/** One JSON text per line. */
export const NDJSON: BatchEncoding = { encode: (entries) => ndjsonBytes(entries) };

/**
 * `{ "data": [...] }`, the form of DatoCMS's own Project Export.
 *
 * @see {@link https://www.datocms.com/docs/import-and-export/datocms-site-export-feature}
 */
export const JSON_DATA: BatchEncoding = {
  head: '{"data":[',
  tail: "]}\n",
  encode: (entries: Page<object>, isFirst: boolean) =>
    ENCODER.encode((isFirst ? "\n" : ",\n") + entries.map((e) => JSON.stringify(e)).join(",\n")),
};

import type { Page } from "../content/resource.ts";
import { ndjsonBytes } from "../transform/encode_ndjson.ts";
import type { BatchEncoding } from "./batch_sink.ts";

const ENCODER = new TextEncoder();

/**
 * One JSON text per line.
 *
 * @example
 * ```ts
 * import { NDJSON } from "@sluice/datocms";
 *
 * const bytes = NDJSON.encode([{ id: 1 }, { id: 2 }], true);
 * console.assert(new TextDecoder().decode(bytes) === '{"id":1}\n{"id":2}\n');
 * ```
 */
export const NDJSON: BatchEncoding = { encode: (entries) => ndjsonBytes(entries) };

/**
 * `{ "data": [...] }`, the form of DatoCMS's own Project Export.
 *
 * @see {@link https://www.datocms.com/docs/import-and-export/datocms-site-export-feature}
 *
 * @example
 * ```ts
 * import { batchSink, JSON_DATA, LocalStorage } from "@sluice/datocms";
 *
 * const storage = new LocalStorage(await Deno.makeTempDir());
 * await ReadableStream.from([[{ id: "1" }]])
 *   .pipeTo(batchSink(storage, { key: () => "all.json", encoding: JSON_DATA }));
 * const { data } = await new Response(await storage.get("all.json")).json();
 * console.assert(data[0].id === "1");
 * ```
 */
export const JSON_DATA: BatchEncoding = {
  head: '{"data":[',
  tail: "]}\n",
  encode: (entries: Page<object>, isFirst: boolean) =>
    ENCODER.encode((isFirst ? "\n" : ",\n") + entries.map((e) => JSON.stringify(e)).join(",\n")),
};

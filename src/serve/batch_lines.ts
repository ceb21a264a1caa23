import { Buffer } from "node:buffer";
import { generatorStream } from "../async/generator_stream.ts";
import type { Resource } from "../content/resource.ts";
import { notThere } from "./failure.ts";
import type { OpenedSnapshot } from "./shelf.ts";

/**
 * The batches of a snapshot's current records.
 *
 * @param opened The snapshot.
 */
export function recordBatches({ content }: OpenedSnapshot): string[] {
  return [...content.sizes.keys()].filter((path) => /^records\/[^/]+\/current\/\w+\./.test(path))
    .sort((a, b) => a < b ? -1 : 1);
}

/**
 * The entries of a batch of records as lines, whichever way it is written, without a line feed after the last one:
 * clients append it to others, and add one.
 *
 * @param opened The snapshot.
 * @param path The batch's path in it.
 * @throws {ServeError} If the snapshot doesn't list it.
 */
export function linesAnswer(opened: OpenedSnapshot, path: string): Response {
  if (!recordBatches(opened).includes(path)) throw notThere("file of this address any more");
  const { content } = opened;
  const bytes = generatorStream(async function* ({ signal }) {
    let isFirst = true;
    for await (const page of content.entries<Resource>(path, signal)) {
      const text = page.map((entry) => JSON.stringify(entry)).join("\n");
      if (text !== "") yield new Uint8Array(Buffer.from(isFirst ? text : `\n${text}`));
      isFirst &&= text === "";
    }
  });
  return new Response(bytes, {
    headers: { "Content-Type": "application/x-ndjson; charset=utf-8", "Cache-Control": "no-store" },
  });
}

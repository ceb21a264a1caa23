import { TextLineStream } from "@std/streams/text-line-stream";
import { toText } from "@std/streams/to-text";
import type { Page } from "../content/resource.ts";
import type { Storage } from "../sink/storage.ts";

/** Entries in a page that is read back. */
const PAGE = 100;

/**
 * Reads a batch of a snapshot back, in pages.
 *
 * @param storage Where the batch is.
 * @param key The batch's key; one that ends in `.ndjson` is read line by line.
 * @param signal Aborts the reading.
 * @throws {ObjectNotFoundError} If there is no such batch.
 * @throws {SyntaxError} If the batch isn't what its name says.
 */
export async function* readBatch<T>(
  storage: Storage,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<Page<T>, void> {
  const bytes = await storage.get(key, { signal });
  if (!key.endsWith(".ndjson")) {
    yield (JSON.parse(await toText(bytes)) as { data: T[] }).data;
    return;
  }
  let page: T[] = [];
  const lines = bytes.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    page.push(JSON.parse(line) as T);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

import { TextLineStream } from "@std/streams/text-line-stream";
import { toText } from "@std/streams/to-text";
import type { Page } from "../content/resource.ts";
import type { Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";
import { isNdjson, readText } from "./read_text.ts";

/** Entries in a page that is read back. */
const PAGE = 100;

/**
 * Reads a batch of a snapshot back, in pages.
 *
 * @param storage Where the batch is.
 * @param key The batch's key; one of `.ndjson` is read line by line.
 * @param signal Aborts the reading.
 * @throws {ObjectNotFoundError} If there is no such batch.
 * @throws {SyntaxError} If the batch isn't what its name says.
 * @throws {TypeError} If it isn't UTF-8.
 * @throws The signal's reason.
 */
export async function* readBatch<T>(
  storage: Pick<Storage, "get">,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<Page<T>, void> {
  const bytes = await readText(storage, key, signal);
  const text = bytes.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  if (!isNdjson(key)) {
    const data = (parseJson(await toText(text)) as { data?: T[] } | null)?.data;
    if (!Array.isArray(data)) throw new SyntaxError(`Expected {"data": [...]} in ${key}`);
    yield data;
    return;
  }
  let page: T[] = [];
  for await (const line of text.pipeThrough(new TextLineStream())) {
    page.push(parseJson(line) as T);
    if (page.length < PAGE) continue;
    yield page;
    // What is read already may hold many more pages.
    signal?.throwIfAborted();
    page = [];
  }
  if (page.length > 0) yield page;
}

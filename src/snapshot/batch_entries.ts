import { TextLineStream } from "@std/streams/text-line-stream";
import type { Page } from "../content/resource.ts";
import { JSON_DATA } from "../sink/encodings.ts";
import type { Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";
import { readBatch } from "./read_batch.ts";
import { isNdjson, readText } from "./read_text.ts";

/** Entries in a page that is read back. */
const PAGE = 100;
/** How the last line of a batch of `JSON_DATA` ends. */
const TAIL = "]}";

/**
 * Reads a batch that was written by this program back, in pages, whatever its layout. Unlike
 * {@linkcode readBatch} it holds no more than a page of a `.json` batch in memory, but relies on each
 * entry being on a line of its own.
 *
 * @param storage Where the batch is.
 * @param key The batch's key.
 * @param signal Aborts the reading.
 * @throws {ObjectNotFoundError} If there is no such batch.
 * @throws {SyntaxError} If the batch isn't what its name says.
 * @throws {TypeError} If it isn't UTF-8.
 * @throws The signal's reason.
 */
export async function* batchEntries<T>(
  storage: Pick<Storage, "get">,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<Page<T>, void> {
  if (isNdjson(key)) return yield* readBatch<T>(storage, key, signal);
  const bytes = await readText(storage, key, signal);
  const lines = bytes
    .pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))
    .pipeThrough(new TextLineStream());
  let page: T[] = [];
  let state: "head" | "entries" | "end" = "head";
  for await (const line of lines) {
    if (state === "head" && line === JSON_DATA.head) {
      state = "entries";
      continue;
    }
    if (state === "head" && line === JSON_DATA.head + TAIL) {
      state = "end";
      continue;
    }
    const isLast = line.endsWith(TAIL);
    if (state !== "entries" || !(isLast || line.endsWith(","))) throw notAsWritten(key);
    if (isLast) state = "end";
    page.push(parseJson(line.slice(0, isLast ? -TAIL.length : -1)) as T);
    if (page.length < PAGE) continue;
    yield page;
    // What is read already may hold many more pages.
    signal?.throwIfAborted();
    page = [];
  }
  if (state !== "end") throw notAsWritten(key);
  if (page.length > 0) yield page;
}

function notAsWritten(key: string): SyntaxError {
  return new SyntaxError(`Expected {"data":[...]} with each entry on a line of its own in ${key}`);
}

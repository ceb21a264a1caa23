import type { JsonObject, Page } from "../content/resource.ts";
import type { Storage } from "../storage/storage.ts";
import { isObject } from "../text/json.ts";
import { readBatch } from "./read_batch.ts";

/** Half as many lines as are in memory at a time. */
const LINES = 32_768;
/** Lines of a page. */
const PAGE = 100;

/** A line, and what it is ordered by. */
interface Line {
  readonly order: string;
  readonly line: JsonObject;
}

/**
 * The lines of a snapshot's list of what became of each asset, in the order of their uploads' ids: the list itself is
 * in the order in which they were done. A long one is read several times, since no more than 65,536 lines are in
 * memory.
 *
 * @param storage Where the snapshot is.
 * @param key The list's key.
 * @param signal Aborts the reading.
 * @param lines How many lines are taken from one reading at least.
 * @throws {SyntaxError} If it isn't such a list.
 * @throws {StorageError} If it can't be read.
 */
export async function* assetLines(
  storage: Pick<Storage, "get">,
  key: string,
  signal: AbortSignal,
  lines: number = LINES,
): AsyncGenerator<Page<JsonObject>, void> {
  let after: string | undefined;
  for (let isLast = false; !isLast;) {
    /** The first ones after those that were given. */
    const kept: Line[] = [];
    let most: string | undefined;
    isLast = true;
    for await (const page of readBatch<unknown>(storage, key, signal)) {
      for (const value of page) {
        const line = lineOf(value, key);
        if (after !== undefined && line.order <= after) continue;
        if (most !== undefined && line.order > most) continue;
        kept.push(line);
        if (kept.length < 2 * lines) continue;
        kept.sort(byOrder);
        kept.length = lines;
        most = kept.at(-1)!.order;
        isLast = false;
      }
    }
    kept.sort(byOrder);
    after = kept.at(-1)?.order;
    for (let at = 0; at < kept.length; at += PAGE) {
      yield kept.slice(at, at + PAGE).map(({ line }) => line);
    }
  }
}

function lineOf(value: unknown, key: string): Line {
  const isLine = isObject(value) && typeof value.upload_id === "string" &&
    typeof value.key === "string";
  if (!isLine) throw new SyntaxError(`a line of ${key} isn't one of an asset`);
  return { order: `${value.upload_id} ${value.key}`, line: value as JsonObject };
}

function byOrder(a: Line, b: Line): number {
  return a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
}

import type { Budget } from "../../async/budget.ts";
import type { Item, Version } from "../../content/resource.ts";
import { BodyTooLargeError } from "../../http/body.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { resourcesById } from "./resources_by_id.ts";
import { Unreadable } from "./unreadable.ts";

/** How records are asked for by their ids. */
export interface RecordsByIdOptions {
  /** Which version of them. */
  readonly version: Version;
  /** Whether they come with their blocks. */
  readonly nested: boolean;
  /** Aborts the requests. */
  readonly signal: AbortSignal;
  /** Who is next to ask for a large record: those come one after the other. @default Nobody else does */
  readonly turns?: Budget | undefined;
  /** Called with the size of each answer in bytes. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Called with each record that nobody can read. */
  readonly onUnreadable?: ((entry: Unreadable) => void) | undefined;
  /** Called when an address was refused, with half the number of ids in it: it may have been too long. */
  readonly onTooLong?: ((most: number, message: string) => void) | undefined;
}

/** How large an answer may be at all, unless it is one record (bytes). */
const MOST_BYTES = 16 * 1024 * 1024;
/** Statuses that an address can be refused with for its length. */
const TOO_LONG: ReadonlySet<number> = new Set([400, 413, 414, 431]);

/**
 * Reads records by their ids: in one answer, or in smaller ones if that is too large, or the address is too
 * long. Those that don't come are asked for once more.
 *
 * @param client Reads the API.
 * @param ids The ids: as many as come in one answer at most.
 * @param options Which version, and whom to tell.
 * @return Those that have such a version, by id; `undefined` if the API sends others.
 * @throws {CmaError} If the API refuses.
 */
export async function recordsById(
  client: CmaClient,
  ids: readonly string[],
  options: RecordsByIdOptions,
): Promise<Map<string, Item> | undefined> {
  return await readPart(client, ids, options, false);
}

async function readPart(
  client: CmaClient,
  ids: readonly string[],
  options: RecordsByIdOptions,
  isLarge: boolean,
): Promise<Map<string, Item> | undefined> {
  const { version, nested, signal, turns, onUnreadable, onTooLong } = options;
  const query = { version, ...nested && { nested: true } };
  const half = ids.length >> 1;
  let areLarge = isLarge;
  try {
    using _turn = isLarge && half === 0 ? await turns?.acquire(signal) : undefined;
    const by = { path: "/items", ids: new Set(ids), query };
    const maxBytes = half === 0 ? undefined : MOST_BYTES;
    return await resourcesById<Item>(client, by, { ...options, maxBytes });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BodyTooLargeError) {
      if (half === 0) {
        onUnreadable?.(new Unreadable(ids[0]!, "it is larger than 32 MiB"));
        return new Map();
      }
      areLarge = true;
    } else if (half > 0 && error instanceof CmaError && TOO_LONG.has(error.status)) {
      onTooLong?.(half, error.message);
    } else throw error;
  }
  const found = new Map<string, Item>();
  for (const some of [ids.slice(0, half), ids.slice(half)]) {
    const part = await readPart(client, some, options, areLarge);
    if (part === undefined) return undefined;
    for (const [id, item] of part) found.set(id, item);
  }
  return found;
}

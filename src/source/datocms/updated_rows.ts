import { createdAt } from "../../content/attributes.ts";
import type { Item, ItemType } from "../../content/resource.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import type { ListingOptions } from "./listing.ts";
import { recordRows } from "./records.ts";

/** Rows that nobody asked for by then are forgotten, so that they don't fill the memory (bytes). */
const MOST_KEPT = 4 * 1024 * 1024;

/**
 * The published versions of a model's records that were updated since they were published, by creation: a
 * listing that is read along with that of the current ones.
 */
export class UpdatedRows {
  readonly #reader: ReadableStreamDefaultReader<readonly Item[]>;
  readonly #rows = new Map<string, { readonly row: Item; readonly bytes: number }>();
  #kept = 0;
  #pageBytes = 0;
  #reached = -Infinity;
  #problem: string | undefined;
  #isEnded = false;

  /**
   * Reads nothing yet.
   *
   * @param client Reads the pages.
   * @param model The model.
   * @param options How much to fetch ahead.
   */
  constructor(client: CmaClient, model: ItemType, options: ListingOptions) {
    const rows = { version: "published", fields: { _status: { eq: "updated" } } } as const;
    const onBytes = (bytes: number) => void (this.#pageBytes = bytes);
    this.#reader = recordRows(client, model, { ...options, onBytes }, rows).getReader();
  }

  /** Why they can't be had so, once that is known: a clause. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Reads on. */
  async read(signal: AbortSignal): Promise<void> {
    try {
      const { done, value = [] } = await this.#reader.read();
      this.#isEnded ||= done;
      const stray = value.find(({ meta }) => meta?.status !== "updated");
      if (stray !== undefined) {
        this.#problem = `sent record ${stray.id}, which isn't`;
        return;
      }
      const bytes = this.#pageBytes / Math.max(1, value.length);
      for (const row of value) {
        this.#rows.set(row.id, { row, bytes });
        this.#kept += bytes;
      }
      const last = value.at(-1);
      const time = last === undefined ? this.#reached : createdAt(last);
      // Only in that order it can be told what doesn't come any more.
      if (Number.isNaN(time) || time < this.#reached) this.#problem = "sent them in another order";
      this.#reached = time;
      for (const id of this.#rows.keys()) {
        if (this.#kept <= MOST_KEPT) break;
        this.#take(id);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
      this.#problem = `refused that: ${error.message}`;
    }
  }

  /**
   * The published version of a record, if it has come.
   *
   * @param record The record's id, and when it was created.
   * @return The version; `undefined` if it may yet come, `null` if it doesn't.
   */
  take({ id, time }: { readonly id: string; readonly time: number }): Item | undefined | null {
    const found = this.#take(id);
    if (found !== undefined) return found;
    const isPast = this.#isEnded || this.#problem !== undefined || !(time >= this.#reached);
    return isPast ? null : undefined;
  }

  #take(id: string): Item | undefined {
    const found = this.#rows.get(id);
    if (found === undefined) return undefined;
    this.#rows.delete(id);
    this.#kept -= found.bytes;
    return found.row;
  }

  /** Ends the reading. */
  async cancel(): Promise<void> {
    // One that failed has told why.
    await this.#reader.cancel().catch(() => {});
  }
}

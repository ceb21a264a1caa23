import { concurrently } from "../../async/concurrently.ts";
import type { Storage } from "../../storage/storage.ts";
import type { ByteJournal } from "../byte_journal.ts";
import { type IndexedBatch, ROW_BYTES } from "./index_form.ts";
import { IndexRows } from "./index_rows.ts";
import { type LocatedEntry, locateEntries } from "./locate_entries.ts";

/** Options of {@linkcode IndexMaker.make}. */
export interface MakeIndexOptions {
  /** Where the batches are. */
  readonly storage: Pick<Storage, "get">;
  /** Where the snapshot lies in there, without a trailing slash. */
  readonly prefix: string;
  /** The batches, in the same order as in an earlier run. */
  readonly batches: readonly IndexedBatch[];
  /** The key of ids in entries. @default {"id"} */
  readonly name?: string | undefined;
  /** Runs what adds a batch's rows. @default {As it comes} */
  readonly page?: ((add: () => Promise<void>) => Promise<void>) | undefined;
  /** Ends it after the batches at hand. */
  readonly stop?: AbortSignal | undefined;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/** Batches that are read at a time. */
const AT_A_TIME = 4;

/**
 * Makes an index of batches: one after the other, from where an earlier run has come to. Holds the rows in memory:
 * at most 60 bytes for each version of a record, and for each upload.
 */
export class IndexMaker {
  readonly #rows = new IndexRows();
  readonly #owner: string;
  #batches: number;
  /** Rows that aren't in the journal. */
  #unsaved: Uint8Array<ArrayBuffer>[] = [];

  /**
   * Begins an index.
   *
   * @param path Its path in the snapshot.
   * @param batches How many batches an earlier run has read. @default {0}
   */
  constructor(path: string, batches = 0) {
    this.#owner = path;
    this.#batches = batches;
  }

  /** How many batches have all their rows. */
  get batches(): number {
    return this.#batches;
  }

  /** How many rows there are. */
  get count(): number {
    return this.#rows.count;
  }

  /**
   * Takes from a journal the rows that an earlier run has made.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: ByteJournal): Promise<void> {
    // Pieces are divided wherever they come.
    let rest = new Uint8Array(0);
    for await (const [, bytes] of journal.read((of) => of === this.#owner)) {
      const all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
      const whole = all.length - all.length % ROW_BYTES;
      this.#rows.restore(all.subarray(0, whole));
      rest = all.slice(whole);
    }
  }

  /**
   * Adds to a journal the rows that were made since the last time.
   *
   * @param journal The journal.
   */
  addTo(journal: ByteJournal): void {
    journal.add("index", this.#owner, this.#unsaved);
    this.#unsaved = [];
  }

  /**
   * Reads batches, and adds their rows.
   *
   * @param options Which batches.
   * @return Whether it came to the end; `false` if it was stopped before.
   * @throws {StorageError} If a batch can't be read.
   * @throws {SyntaxError} If a batch isn't as it was written.
   * @throws The signal's reason.
   */
  async make(options: MakeIndexOptions): Promise<boolean> {
    const { batches, page = (add) => add(), stop, signal } = options;
    while (this.#batches < batches.length) {
      if (stop?.aborted) return false;
      signal.throwIfAborted();
      const some = batches.slice(this.#batches, this.#batches + AT_A_TIME);
      const found: LocatedEntry[][] = some.map(() => []);
      const reads = some.map((batch, i) => async (signal: AbortSignal) => {
        found[i] = await entriesOf(batch, { ...options, signal });
      });
      await concurrently(reads, AT_A_TIME, signal);
      await page(() => {
        for (const entries of found) {
          const bytes = this.#rows.add(entries, this.#batches++);
          if (bytes.length > 0) this.#unsaved.push(bytes);
        }
        return Promise.resolve();
      });
    }
    return true;
  }

  /**
   * The index, in pieces.
   *
   * @param batches The batches, all of which were read.
   * @param isSummed Whether it has checksums of its rows, as all but older ones. @default {true}
   */
  bytes(
    batches: readonly IndexedBatch[],
    isSummed?: boolean,
  ): Generator<Uint8Array<ArrayBuffer>, void> {
    return this.#rows.bytes(batches, isSummed);
  }
}

async function entriesOf(
  { path }: IndexedBatch,
  { storage, prefix, name, signal }: MakeIndexOptions,
): Promise<LocatedEntry[]> {
  const entries: LocatedEntry[] = [];
  for await (const some of locateEntries(storage, `${prefix}/${path}`, signal, name)) {
    for (const entry of some) entries.push(entry);
  }
  return entries;
}

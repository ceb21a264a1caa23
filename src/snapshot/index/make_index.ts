import type { Storage } from "../../storage/storage.ts";
import { BatchPass } from "../batch_pass.ts";
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
  /** The batches, by their numbers. */
  readonly batches: readonly IndexedBatch[];
  /** The key of ids in entries. @default {"id"} */
  readonly name?: string | undefined;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/**
 * Makes an index of batches. Holds the rows in memory: at most 60 bytes for each version of a record, and for each
 * upload.
 */
export class IndexMaker {
  readonly #rows = new IndexRows();
  readonly #owner: string;
  /** Rows that aren't in the journal. */
  #unsaved: Uint8Array<ArrayBuffer>[] = [];

  /**
   * Begins an index.
   *
   * @param path Its path in the snapshot.
   */
  constructor(path: string) {
    this.#owner = path;
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
   * Adds the rows of some entries.
   *
   * @param entries The entries, each of which comes once.
   * @param batch The number of their batch.
   */
  add(entries: readonly LocatedEntry[], batch: number): void {
    const bytes = this.#rows.add(entries, batch);
    if (bytes.length > 0) this.#unsaved.push(bytes);
  }

  /**
   * Reads batches, and adds the rows of all their entries.
   *
   * @param options Which batches.
   * @throws {StorageError} If a batch can't be read.
   * @throws {SyntaxError} If a batch isn't as it was written.
   * @throws The signal's reason.
   */
  async make({ storage, prefix, batches, name, signal }: MakeIndexOptions): Promise<void> {
    await new BatchPass().make({
      batches: batches.map(({ path }, number) => ({ key: `${prefix}/${path}`, number })),
      read: ({ key }, signal) => locateEntries(storage, key, signal, name),
      add: (entries, { number }) => this.add(entries, number),
      signal,
    });
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

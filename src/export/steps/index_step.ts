import { batchFolders } from "../../snapshot/batches.ts";
import type { ByteJournal } from "../../snapshot/byte_journal.ts";
import type { IndexedBatch } from "../../snapshot/index/index_form.ts";
import { IndexMaker } from "../../snapshot/index/make_index.ts";
import { RECORD_INDEX, UPLOAD_INDEX } from "../../snapshot/layout.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { ObjectWriter } from "../../storage/object_writer.ts";

/** How far the indexes are: how many batches have their rows. */
export interface IndexState {
  /** Of records. */
  readonly records: number;
  /** Of uploads. */
  readonly uploads: number;
}

/** What the indexes are made with. */
export interface IndexStepOptions {
  /** Where the batches are, and where the indexes go. */
  readonly snapshot: Pick<SnapshotWriter, "note" | "objects" | "prefix" | "replacedAt" | "storage">;
  /** No more batches are read once it is aborted. */
  readonly stop: AbortSignal | undefined;
  /** How far an earlier run has come. */
  readonly from?: IndexState | undefined;
}

/**
 * The indexes of a snapshot, of records and of uploads. They follow from its finished batches, which are read for
 * them once nothing is written to those any more.
 */
export class IndexStep {
  readonly #options: IndexStepOptions;
  readonly #records: IndexMaker;
  readonly #uploads: IndexMaker;

  /**
   * @param options What is indexed.
   */
  constructor(options: IndexStepOptions) {
    this.#options = options;
    this.#records = new IndexMaker(RECORD_INDEX, options.from?.records);
    this.#uploads = new IndexMaker(UPLOAD_INDEX, options.from?.uploads);
  }

  /** How far they are. */
  get state(): IndexState {
    return { records: this.#records.batches, uploads: this.#uploads.batches };
  }

  /** How many batches have their rows. */
  get position(): readonly [records: number, uploads: number] {
    return [this.#records.batches, this.#uploads.batches];
  }

  /** Whether a batch has its rows already: then nothing may be written to batches any more. */
  get isBegun(): boolean {
    return this.position.some((count) => count > 0);
  }

  /**
   * Takes from a journal the rows that an earlier run has made.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: ByteJournal): Promise<void> {
    await this.#records.restore(journal);
    await this.#uploads.restore(journal);
  }

  /**
   * Adds to a journal the rows that were made since the last time.
   *
   * @param journal The journal.
   */
  addTo(journal: ByteJournal): void {
    this.#records.addTo(journal);
    this.#uploads.addTo(journal);
  }

  /**
   * Makes the indexes. Nothing may be written to records and uploads any more.
   *
   * @param page Runs what adds rows: no checkpoint comes meanwhile.
   * @param signal Aborts it.
   * @return Whether it came to its end; `false` if it was stopped before.
   * @throws {StorageError} If a batch can't be read, or an index can't be written.
   */
  async make(
    page: (add: () => Promise<void>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { snapshot: { storage, prefix, objects }, stop } = this.#options;
    const sizes = new Map(objects.map(({ path, size }) => [path, size]));
    const folders = [...batchFolders(objects)].sort(([a], [b]) => a < b ? -1 : 1);
    const batchesIn = (start: string): IndexedBatch[] => {
      return folders.filter(([folder]) => folder.startsWith(start))
        .flatMap(([, own]) => own.map(({ path }) => ({ path, size: sizes.get(path)! })));
    };
    const indexes = [
      [RECORD_INDEX, this.#records, batchesIn("records/")],
      [UPLOAD_INDEX, this.#uploads, batchesIn("uploads")],
    ] as const;
    for (const [, maker, batches] of indexes) {
      if (!await maker.make({ storage, prefix, batches, page, stop, signal })) return false;
    }
    for (const [path, maker, batches] of indexes) {
      if (maker.count > 0) await this.#write(path, maker, batches, signal);
    }
    return true;
  }

  async #write(
    path: string,
    maker: IndexMaker,
    batches: readonly IndexedBatch[],
    signal: AbortSignal,
  ): Promise<void> {
    const { snapshot } = this.#options;
    const writer = new ObjectWriter(snapshot.storage, `${snapshot.prefix}/${path}`, {
      signal,
      replaces: snapshot.replacedAt(path),
    });
    try {
      for (const bytes of maker.bytes(batches)) await writer.write(bytes);
      const { size, sha256, info } = await writer.close();
      snapshot.note({ path, size, sha256, count: maker.count }, info);
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
  }
}

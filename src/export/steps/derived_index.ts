import { batchFolders } from "../../snapshot/batches.ts";
import type { ByteJournal } from "../../snapshot/byte_journal.ts";
import type { IndexedBatch } from "../../snapshot/index/index_form.ts";
import type { LocatedEntry } from "../../snapshot/index/locate_entries.ts";
import { IndexMaker } from "../../snapshot/index/make_index.ts";
import { RECORD_INDEX, UPLOAD_INDEX } from "../../snapshot/layout.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { ObjectWriter } from "../../storage/object_writer.ts";

/** Where the batches are, and where the indexes go. */
type IndexedSnapshot = Pick<
  SnapshotWriter,
  "note" | "objects" | "prefix" | "replacedAt" | "storage"
>;

/** An index that is being made. */
interface OwnIndex {
  /** Its path. */
  readonly path: string;
  /** What the folders of its batches begin with. */
  readonly folders: string;
  readonly maker: IndexMaker;
}

/** The indexes of a snapshot, of records and of uploads. */
export class DerivedIndex {
  readonly #snapshot: IndexedSnapshot;
  readonly #indexes: readonly OwnIndex[] = [
    { path: RECORD_INDEX, folders: "records/", maker: new IndexMaker(RECORD_INDEX) },
    { path: UPLOAD_INDEX, folders: "uploads", maker: new IndexMaker(UPLOAD_INDEX) },
  ];

  /**
   * @param snapshot Where the batches are, and where the indexes go.
   */
  constructor(snapshot: IndexedSnapshot) {
    this.#snapshot = snapshot;
  }

  /**
   * Takes from a journal the rows that an earlier run has made.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: ByteJournal): Promise<void> {
    for (const { maker } of this.#indexes) await maker.restore(journal);
  }

  /**
   * Adds to a journal the rows that were made since the last time.
   *
   * @param journal The journal.
   */
  addTo(journal: ByteJournal): void {
    for (const { maker } of this.#indexes) maker.addTo(journal);
  }

  /** What adds the rows of a batch's entries, by the batch's path; batches that go at the seal have none. */
  adders(): Map<string, (entries: readonly LocatedEntry[]) => void> {
    return new Map(this.#indexes.flatMap(({ folders, maker }) => {
      return this.#batches(folders).map(({ path }, number) => {
        return [path, (entries: readonly LocatedEntry[]) => maker.add(entries, number)] as const;
      });
    }));
  }

  /**
   * Writes the indexes, once all entries have their rows.
   *
   * @param signal Aborts it.
   * @throws {StorageError} If an index can't be written.
   */
  async write(signal: AbortSignal): Promise<void> {
    const snapshot = this.#snapshot;
    for (const { path, folders, maker } of this.#indexes) {
      const { count } = maker;
      if (count === 0) continue;
      const writer = new ObjectWriter(snapshot.storage, `${snapshot.prefix}/${path}`, {
        signal,
        replaces: snapshot.replacedAt(path),
      });
      try {
        for (const bytes of maker.bytes(this.#batches(folders))) await writer.write(bytes);
        const { size, sha256, info } = await writer.close();
        snapshot.note({ path, size, sha256, count }, info);
      } catch (error) {
        await writer.abort(error);
        throw error;
      }
    }
  }

  /** The batches of an index, by their numbers. */
  #batches(start: string): IndexedBatch[] {
    const { objects } = this.#snapshot;
    const sizes = new Map(objects.map(({ path, size }) => [path, size]));
    return [...batchFolders(objects)]
      .filter(([folder]) => folder.startsWith(start))
      .sort(([a], [b]) => a < b ? -1 : 1)
      .flatMap(([, own]) => own.map(({ path }) => ({ path, size: sizes.get(path)! })));
  }
}

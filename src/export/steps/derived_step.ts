import type { Page } from "../../content/resource.ts";
import { BatchPass } from "../../snapshot/batch_pass.ts";
import type { ByteJournal } from "../../snapshot/byte_journal.ts";
import { checkedReading } from "../../snapshot/checked_reading.ts";
import { locateEntries } from "../../snapshot/index/locate_entries.ts";
import { recordsFolder } from "../../snapshot/layout.ts";
import type { TableBatch } from "../../snapshot/make_tables.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { parseJson } from "../../text/json.ts";
import type { CountedWarning } from "../../transform/warnings.ts";
import type { ExportSettings } from "../export_settings.ts";
import type { DerivedState } from "../resume/checkpoint.ts";
import type { Checkpoints } from "../resume/checkpoints.ts";
import type { Selection } from "../selection.ts";
import { DerivedIndex } from "./derived_index.ts";
import { DerivedTables, type DerivedTablesOptions } from "./derived_tables.ts";

/** What {@linkcode DerivedStep} uses. */
export interface DerivedStepOptions extends Omit<DerivedTablesOptions, "from"> {
  /** Which records there are. */
  readonly selection: Pick<Selection, "recordListings">;
  /** No more pages are read once it is aborted. */
  readonly stop: AbortSignal | undefined;
  /** Where the batches are, and where goes what follows from them. */
  readonly snapshot: SnapshotWriter;
  /** What is made. */
  readonly settings: ExportSettings;
  /** How far an earlier run has come. */
  readonly from?: DerivedState | undefined;
}

/** A batch, by its path. */
interface Batch extends TableBatch {
  readonly path: string;
}

/**
 * What follows from a snapshot's finished batches: its indexes and, if they are wanted, its tables. Once nothing is
 * written to batches any more, each is read back, once for all of it: so it can't disagree with them.
 */
export class DerivedStep {
  readonly #options: DerivedStepOptions;
  readonly #pass: BatchPass;
  readonly #index: DerivedIndex;
  readonly #tables: DerivedTables | undefined;

  /**
   * @param options What it is made of, and with.
   */
  constructor(options: DerivedStepOptions) {
    const { snapshot, settings, from } = options;
    this.#options = options;
    this.#pass = new BatchPass(from);
    this.#index = new DerivedIndex(snapshot);
    if (settings.tables !== false) {
      this.#tables = new DerivedTables({ ...options, from: from?.tables });
    }
  }

  /** How far it is, once {@linkcode DerivedStep.addTo} has resolved. */
  get state(): DerivedState {
    return { ...this.#pass.state, ...(this.#tables && { tables: this.#tables.state }) };
  }

  /** Whether something was read already: then nothing may be written to batches any more. */
  get isBegun(): boolean {
    const { batches, entries } = this.#pass.state;
    return batches > 0 || entries > 0;
  }

  /** What the transforms of tables warned about so far. */
  get warnings(): readonly CountedWarning[] {
    return this.#tables?.warnings ?? [];
  }

  /**
   * Takes from a journal what an earlier run has collected.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: ByteJournal): Promise<void> {
    await this.#tables?.restore(journal);
    await this.#index.restore(journal);
  }

  /**
   * Adds to a journal what was collected since the last time.
   *
   * @param journal The journal.
   * @throws {StorageError} If a part of a table couldn't be written.
   */
  async addTo(journal: ByteJournal): Promise<void> {
    await this.#tables?.addTo(journal);
    this.#index.addTo(journal);
  }

  /**
   * Makes it. Nothing may be written to records and uploads any more.
   *
   * @param checkpoints Says when it is written down how far it is.
   * @param signal Aborts it.
   * @return Whether it came to its end; `false` if it was stopped before.
   * @throws {StorageError} If a batch can't be read, or something can't be written.
   * @throws {SluiceError} If a batch isn't what was written.
   */
  async make(
    checkpoints: Pick<Checkpoints, "always" | "page">,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { snapshot: { storage, prefix, objects }, stop } = this.#options;
    const [index, tables] = [this.#index, this.#tables];
    const checked = checkedReading(storage, prefix, objects, "export again");
    const adders = index.adders();
    const decoder = new TextDecoder("utf-8", { fatal: true });
    tables?.begin();
    try {
      const isDone = await this.#pass.make({
        batches: this.#batches(),
        read: ({ key }, signal) => locateEntries(checked, key, signal),
        add: async (entries, batch) => {
          adders.get(batch.path)?.(entries);
          if (tables === undefined) return;
          const page = entries.map(({ bytes }) => parseJson(decoder.decode(bytes)) as unknown);
          await tables.add(page as Page, batch);
        },
        page: (add) => checkpoints.page(add),
        onProgress: (progress) => tables?.tell(progress),
        stop,
        signal,
      });
      if (!isDone) return false;
    } finally {
      await tables?.settle();
    }
    // No checkpoint may come while the last parts are written.
    if (tables) await checkpoints.page(() => tables.end(signal));
    await checkpoints.always("index/", () => index.write(signal));
    return true;
  }

  /** All batches, always in the same order. */
  #batches(): Batch[] {
    const { selection, settings: { tables }, snapshot: { objects, prefix } } = this.#options;
    const folders = Map.groupBy(objects, ({ path }) => path.slice(0, path.lastIndexOf("/") + 1));
    const batchesIn = (folder: string, records?: TableBatch["records"]): Batch[] => {
      return (folders.get(folder) ?? [])
        .filter(({ count }) => count !== undefined)
        .map(({ path, count }) => ({ path, key: `${prefix}/${path}`, count, records }))
        // The numbers have three digits or more.
        .sort(({ path: a }, { path: b }) => a.length - b.length || (a < b ? -1 : 1));
    };
    const records = selection.recordListings.flatMap(({ model, version }) => {
      const folder = recordsFolder(model.attributes.api_key, version, tables === "only");
      return batchesIn(folder, { modelId: model.id, version });
    });
    return [...records, ...batchesIn("uploads/")];
  }
}

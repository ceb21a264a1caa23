import type { Page } from "../../content/resource.ts";
import { batchEntries } from "../../snapshot/batch_entries.ts";
import type { ByteJournal } from "../../snapshot/byte_journal.ts";
import { recordsFolder, TABLE_SCHEMA } from "../../snapshot/layout.ts";
import { type TableBatch, TableMaker, type TablesState } from "../../snapshot/make_tables.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { printable } from "../../text/printable.ts";
import { tableSchema } from "../../transform/table_schema.ts";
import { type CountedWarning, warningText } from "../../transform/warnings.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { Secrets } from "../../text/secrets/secrets.ts";
import type { ExportSettings } from "../export_settings.ts";
import type { Journal } from "../journal.ts";
import type { Emit } from "../events.ts";
import type { Selection } from "../selection.ts";
import type { Tallies } from "../tallies.ts";

/** What the tables are made with. */
export interface TableStepOptions {
  /** Whose schema it is. */
  readonly project: Pick<ProjectSchema, "schema">;
  /** Which records there are. */
  readonly selection: Pick<Selection, "recordListings">;
  /** Where they are counted. */
  readonly tallies: Tallies;
  /** Where it is noted what has no rows. */
  readonly journal: Pick<Journal, "addFailure" | "addWarning">;
  /** Called with how far the tables are. */
  readonly emit: Emit;
  /** Keeps secrets out of what is warned about. */
  readonly redaction: Secrets;
  /** No more pages are read once it is aborted. */
  readonly stop: AbortSignal | undefined;
  /** Where the batches are, and where the tables go. */
  readonly snapshot: Pick<
    SnapshotWriter,
    "objects" | "prefix" | "put" | "putJson" | "storage" | "tally"
  >;
  /** How the tables are made. */
  readonly settings: Pick<
    ExportSettings,
    "compress" | "format" | "locales" | "structuredText" | "tables"
  >;
  /** How far an earlier run has come. */
  readonly from?: TablesState | undefined;
}

/**
 * The tables of a snapshot. They follow from its finished batches, so that they can't disagree with them:
 * once nothing is written to those any more, they are read back, page by page.
 */
export class TableStep {
  readonly #options: TableStepOptions;
  readonly #tables: TableMaker;

  /**
   * @param options What the tables are made of, and with.
   */
  constructor(options: TableStepOptions) {
    const { project: { schema }, tallies, journal, snapshot, from } = options;
    const { compress, format, locales, structuredText, tables } = options.settings;
    this.#options = options;
    const isOnly = tables === "only";
    this.#tables = new TableMaker({
      schema,
      format,
      compression: compress,
      locales,
      structuredText,
      target: snapshot,
      from,
      onLost: ({ id }, version, reason) => {
        const what =
          `The ${version} record ${JSON.stringify(printable(id, 60))} isn't in the tables, ` +
          `because no rows can be made of it (${printable(reason, 100)})`;
        if (isOnly) journal.addFailure("record_without_rows", `${what}.`);
        else journal.addWarning("record_without_rows", `${what}: it is in records/ as it came.`);
      },
      // Nothing else tells of the records.
      ...(isOnly && {
        onRecords: (modelId, version, count) => {
          const key = schema.itemType(modelId)!.attributes.api_key;
          tallies.addRecords(key, version, { count, bytes: 0 });
        },
      }),
    });
  }

  /** How far the tables are, once {@linkcode TableStep.addTo} has resolved. */
  get state(): TablesState {
    return { ...this.#tables.state, warnings: this.warnings };
  }

  /** How many batches have all their rows, and how many entries of the next one have theirs. */
  get position(): readonly [batches: number, entries: number] {
    const { batches, entries } = this.#tables;
    return [batches, entries];
  }

  /** Whether something has rows already: then nothing may be written to batches any more. */
  get isBegun(): boolean {
    return this.position.some((count) => count > 0);
  }

  /** What the transforms warned about so far. */
  get warnings(): readonly CountedWarning[] {
    // An example is of a record, but what it is told for is a sentence of ours.
    return this.#options.redaction.redactValue(this.#tables.warnings);
  }

  /**
   * Takes from a journal the rows that an earlier run has collected.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: ByteJournal): Promise<void> {
    await this.#tables.restore(journal);
  }

  /**
   * Adds to a journal the rows that were collected since the last time.
   *
   * @param journal The journal.
   * @throws {StorageError} If a part couldn't be written.
   */
  async addTo(journal: ByteJournal): Promise<void> {
    await this.#tables.addTo(journal);
  }

  /**
   * Makes the tables. Nothing may be written to records and uploads any more.
   *
   * @param page Runs what writes a page: no checkpoint comes meanwhile.
   * @param signal Aborts it.
   * @return Whether it came to its end; `false` if it was stopped before.
   * @throws {StorageError} If a batch can't be read, or a table can't be written.
   */
  async make(
    page: (write: () => Promise<void>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { project: { schema }, selection, tallies, journal, emit, stop, snapshot } =
      this.#options;
    const { format, locales, structuredText, tables } = this.#options.settings;
    const before = snapshot.tally("tables/").count +
      Object.values(this.#tables.state.rows).reduce((sum, rows) => sum + rows, 0);
    if (tables === "only") {
      for (const { model: { attributes: { api_key: key } }, version } of selection.recordListings) {
        tallies.addRecords(key, version, { count: 0, bytes: 0 });
      }
    }
    const isDone = await this.#tables.make({
      batches: this.#batches(),
      read: (key, signal): AsyncIterable<Page> => batchEntries(snapshot.storage, key, signal),
      page,
      onProgress: ({ rows, ...progress }) => {
        emit({ type: "tables", rows: before + rows, ...progress });
      },
      stop,
      signal,
    });
    if (!isDone) return false;
    // No checkpoint may come while the last parts are written.
    await page(() => this.#tables.end());
    await snapshot.putJson(TABLE_SCHEMA, {
      format,
      locales: locales ?? schema.locales,
      ...tableSchema(schema, { structuredText }),
    });
    tallies.setResource("tables", snapshot.tally("tables/"));
    for (const counted of this.warnings) journal.addWarning(counted.code, warningText(counted));
    return true;
  }

  /** All batches, always in the same order. */
  #batches(): TableBatch[] {
    const { selection, settings: { tables } } = this.#options;
    const isOnly = tables === "only";
    const records = selection.recordListings.flatMap(({ model, version }) => {
      const folder = recordsFolder(model.attributes.api_key, version, isOnly);
      return this.#batchesIn(folder, { modelId: model.id, version });
    });
    return [...records, ...this.#batchesIn("uploads/")];
  }

  /** A listing's batches, by their numbers. */
  #batchesIn(folder: string, records?: TableBatch["records"]): TableBatch[] {
    const { objects, prefix } = this.#options.snapshot;
    return objects
      .filter(({ path, count }) => path.startsWith(folder) && count !== undefined)
      .map(({ path, count }) => ({ key: `${prefix}/${path}`, count, records }))
      // The numbers have three digits or more.
      .sort(({ key: a }, { key: b }) => a.length - b.length || (a < b ? -1 : 1));
  }
}

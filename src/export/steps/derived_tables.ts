import type { Page } from "../../content/resource.ts";
import type { PassProgress } from "../../snapshot/batch_pass.ts";
import type { ByteJournal } from "../../snapshot/byte_journal.ts";
import { assetLines } from "../../snapshot/asset_lines.ts";
import { checkedReading } from "../../snapshot/checked_reading.ts";
import { ASSET_INDEX, TABLE_SCHEMA } from "../../snapshot/layout.ts";
import { type TableBatch, TableMaker, type TablesState } from "../../snapshot/make_tables.ts";
import { readPeople } from "../../snapshot/read_people.ts";
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
export interface DerivedTablesOptions {
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
  /** Where the tables go. */
  readonly snapshot: Pick<
    SnapshotWriter,
    "objects" | "prefix" | "put" | "putJson" | "storage" | "tally"
  >;
  /** How the tables are made. */
  readonly settings: Pick<
    ExportSettings,
    "compress" | "csvFor" | "format" | "locales" | "parquetCodec" | "structuredText" | "tables"
  >;
  /** How far an earlier run has come. */
  readonly from?: TablesState | undefined;
}

/** The tables of a snapshot. */
export class DerivedTables {
  readonly #options: DerivedTablesOptions;
  readonly #tables: TableMaker;
  /** How many rows earlier runs have made. */
  #before = 0;
  #progress: PassProgress | undefined;

  /**
   * @param options What the tables are made of, and with.
   */
  constructor(options: DerivedTablesOptions) {
    const { project: { schema }, tallies, journal, snapshot, from } = options;
    const { compress, csvFor, format, parquetCodec, locales, structuredText, tables } =
      options.settings;
    this.#options = options;
    const isOnly = tables === "only";
    this.#tables = new TableMaker({
      schema,
      format,
      csvFor,
      parquetCodec,
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

  /** How far the tables are, once {@linkcode DerivedTables.addTo} has resolved. */
  get state(): TablesState {
    return { ...this.#tables.state, warnings: this.warnings };
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

  /** Begins to add pages: of records or uploads, to which nothing may be written any more. */
  begin(): void {
    const { selection, tallies, snapshot, settings: { tables } } = this.#options;
    this.#before = snapshot.tally("tables/").count +
      Object.values(this.#tables.state.rows).reduce((sum, rows) => sum + rows, 0);
    if (tables !== "only") return;
    for (const { model: { attributes: { api_key: key } }, version } of selection.recordListings) {
      tallies.addRecords(key, version, { count: 0, bytes: 0 });
    }
  }

  /**
   * Makes the rows of a page.
   *
   * @param page Records, or uploads.
   * @param batch Which of them they are.
   * @throws {StorageError} If a part couldn't be written.
   */
  async add(page: Page, batch: Pick<TableBatch, "records">): Promise<void> {
    await this.#tables.add(page, batch);
  }

  /**
   * Tells how far the tables are.
   *
   * @param progress What has rows.
   */
  tell(progress: PassProgress): void {
    this.#progress = progress;
    this.#options.emit({ type: "tables", rows: this.#before + this.#tables.rows, ...progress });
  }

  /** Waits until no part is being written, whatever became of them. */
  async settle(): Promise<void> {
    await this.#tables.settle();
  }

  /**
   * Writes what is left, and what tells of the tables.
   *
   * @param signal Aborts it.
   * @throws {StorageError} If something can't be written.
   */
  async end(signal: AbortSignal): Promise<void> {
    const { project: { schema }, tallies, journal, snapshot } = this.#options;
    const { format, locales, structuredText } = this.#options.settings;
    const { storage, prefix, objects } = snapshot;
    const assets = objects.some(({ path }) => path === ASSET_INDEX)
      ? assetLines(
        checkedReading(storage, prefix, objects, "export again"),
        `${prefix}/${ASSET_INDEX}`,
        signal,
      )
      : undefined;
    await this.#tables.end(await readPeople(storage, prefix, signal), assets);
    if (this.#progress) this.tell(this.#progress);
    await snapshot.putJson(TABLE_SCHEMA, {
      format,
      locales: locales ?? schema.locales,
      ...tableSchema(schema, { structuredText }),
    });
    tallies.setResource("tables", snapshot.tally("tables/"));
    for (const counted of this.warnings) journal.addWarning(counted.code, warningText(counted));
  }
}

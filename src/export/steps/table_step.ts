import type { Item, ItemType, Page, Upload, Version } from "../../content/resource.ts";
import type { ExportSettings } from "../export_settings.ts";
import { pipeInto } from "../../sink/pipe_into.ts";
import type { Amendable, TablesState } from "../resume/checkpoint.ts";
import {
  type AmendedTables,
  amendTables,
  type AmendTablesOptions,
} from "../converge/amend_tables.ts";
import type { Journal } from "../../snapshot/journal.ts";
import { TABLE_SCHEMA, tableFolder } from "../../snapshot/layout.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { type Span, UPLOADS } from "../../snapshot/span.ts";
import { TableWriter } from "../../snapshot/table_writer.ts";
import { type NormalizeOptions, type TableRows, tableRows } from "../../transform/normalize.ts";
import { tableSchema } from "../../transform/table_schema.ts";
import { uploadRows } from "../../transform/upload_rows.ts";
import { WarningCounter, warningText } from "../../transform/warnings.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import type { ExportRun } from "../export_run.ts";

/** The normalized view of a snapshot: sinks that take the same pages as the raw view. */
export class TableStep {
  readonly #run: ExportRun;
  readonly #snapshot: SnapshotWriter;
  readonly #settings: ExportSettings;
  readonly #writer: TableWriter;
  readonly #warnings: WarningCounter;

  /**
   * @param run The export.
   * @param snapshot Where the tables go.
   * @param settings How the tables are made.
   * @param from How far an earlier run has come.
   */
  constructor(
    run: ExportRun,
    snapshot: SnapshotWriter,
    settings: ExportSettings,
    from?: TablesState,
  ) {
    this.#run = run;
    this.#snapshot = snapshot;
    this.#settings = settings;
    const schema = tableSchema(run.project.schema, settings);
    this.#writer = new TableWriter(snapshot, schema, settings.format, from);
    this.#warnings = new WarningCounter(from?.warnings);
  }

  /** How far the tables are. */
  get state(): TablesState {
    // An example is of a record, but what it is told for is a sentence of ours.
    const warnings = this.#run.redaction.redactValue(this.#warnings.all());
    return { ...this.#writer.state, warnings };
  }

  /**
   * Takes from a journal what an earlier run has collected. Before that, nothing may be written.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: Journal): Promise<void> {
    await this.#writer.restore(journal);
  }

  /**
   * Adds to a journal what was collected since the last time.
   *
   * @param journal The journal.
   */
  addTo(journal: Journal): void {
    this.#writer.addTo(journal);
  }

  /**
   * A sink that takes pages of records.
   *
   * @param model The model that they are of.
   * @param version Which version they are.
   * @param span When those were created that have come so far.
   */
  records(
    model: ItemType,
    version: Version,
    span: () => Span | undefined,
  ): WritableStream<Page<Item>> {
    const rows = new TransformStream<Page<Item>, readonly TableRows[]>({
      transform: (page, controller) => controller.enqueue(this.#rows(page, model.id, version)),
    });
    return pipeInto(rows, this.#writer.sink(version, span));
  }

  /**
   * A sink that takes pages of uploads.
   *
   * @param span When those were created that have come so far.
   */
  uploads(span: () => Span | undefined): WritableStream<Page<Upload>> {
    const rows = new TransformStream<Page<Upload>, readonly TableRows[]>({
      transform: (page, controller) => {
        controller.enqueue([{ table: "uploads", rows: uploadRows(page) }]);
      },
    });
    return pipeInto(rows, this.#writer.sink(undefined, span));
  }

  /**
   * Brings the rows of records up to date. All rows have to be written.
   *
   * @param changes Which records changed or are gone, and how those that are there are now.
   * @return What was done.
   * @throws {StorageError} If a part can't be read or written.
   */
  async amendRecords({ version, of, ids, items, signal }: {
    readonly version: Version;
    readonly of: string;
    readonly ids: ReadonlyMap<string, number>;
    readonly items: Page<Item>;
    readonly signal: AbortSignal;
  }): Promise<AmendedTables> {
    const rows = this.#rows(items, of, version);
    return await this.#amend({ version, of, ids, rows, signal });
  }

  /**
   * Brings the rows of uploads up to date. All of them have to be written.
   *
   * @param changes Which uploads changed, and how they are now.
   * @throws {StorageError} If a part can't be read or written.
   */
  async amendUploads({ ids, uploads, signal }: {
    readonly ids: ReadonlyMap<string, number>;
    readonly uploads: Page<Upload>;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const rows = [{ table: "uploads", rows: uploadRows(uploads) }];
    await this.#amend({ version: undefined, of: UPLOADS, ids, rows, signal });
  }

  /**
   * Writes what was collected.
   *
   * @param what Of which resources.
   * @throws {StorageError} If it can't be written.
   */
  async flush(what: Amendable): Promise<void> {
    await this.#writer.flush((table) => (table === "uploads") === (what === "uploads"));
  }

  /**
   * Writes what is left, and what describes the tables.
   *
   * @throws {StorageError} If it can't be written.
   */
  async end(): Promise<void> {
    await this.#writer.flush();
    const { format, locales, structuredText } = this.#settings;
    const { schema } = this.#run.project;
    await this.#snapshot.putJson(TABLE_SCHEMA, {
      format,
      locales: locales ?? schema.locales,
      ...tableSchema(schema, { structuredText }),
    });
    this.#run.resources.tables = this.#snapshot.tally("tables/");
    if (this.#settings.tables === "only") this.#countRecords();
    for (const counted of this.#warnings.all()) {
      this.#run.addWarning(counted.code, warningText(counted));
    }
  }

  /** Nothing else holds the records. */
  #countRecords(): void {
    for (const { model, version } of this.#run.recordListings) {
      const key = model.attributes.api_key;
      const folder = tableFolder(`records/${key}`, version);
      const count = this.#snapshot.objects
        .filter(({ path }) => path.startsWith(folder))
        .reduce((sum, { records = 0 }) => sum + records, 0);
      (this.#run.records[key] ??= {})[version] = { count, bytes: 0 };
    }
  }

  /** The rows of records. One that none can be made of costs only its own. */
  #rows(page: Page<Item>, of: string, version: Version): TableRows[] {
    const { schema } = this.#run.project;
    const options = this.#normalizeOptions(version);
    const items = page.map((item) => ofModel(item, of));
    try {
      return tableRows(items, schema, options);
    } catch {
      return items.flatMap((item) => {
        try {
          return tableRows([item], schema, options);
        } catch (error) {
          this.#lose(item, version, error);
          return [];
        }
      });
    }
  }

  #lose({ id }: Item, version: Version, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const what =
      `The ${version} record ${JSON.stringify(printable(id, 60))} isn't in the tables, ` +
      `because no rows can be made of it (${printable(why, 100)})`;
    if (this.#settings.tables === "only") this.#run.addFailure("record_without_rows", `${what}.`);
    else this.#run.addWarning("record_without_rows", `${what}: it is in records/ as it came.`);
  }

  #normalizeOptions(version: Version): NormalizeOptions {
    const { structuredText, locales } = this.#settings;
    return { version, structuredText, locales, onWarning: this.#warnings.add };
  }

  async #amend(changes: Omit<AmendTablesOptions, "format" | "columns">): Promise<AmendedTables> {
    const { format } = this.#settings;
    const columns = (table: string) => this.#writer.columns(table);
    return await amendTables(this.#snapshot, { ...changes, format, columns });
  }
}

/** A record that says which model it is of: one that doesn't is of the model whose listing it came in. */
function ofModel(item: Item, id: string): Item {
  const { relationships } = item as Partial<Item>;
  const model: unknown = isObject(relationships) ? relationships.item_type?.data : undefined;
  if (isObject(model) && typeof model.id === "string") return item;
  const itemType = { data: { id, type: "item_type" } };
  return {
    ...item,
    relationships: { ...(isObject(relationships) ? relationships : {}), item_type: itemType },
  };
}

import type { Item, JsonObject, Page, Resource, Upload, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { isObject } from "../text/json.ts";
import { type NormalizeOptions, type TableRows, tableRows } from "../transform/normalize.ts";
import { assetRows } from "../transform/asset_rows.ts";
import type { ParquetCodec } from "../transform/parquet/encode_parquet.ts";
import { projectRows } from "../transform/schema_rows.ts";
import { tableSchema } from "../transform/table_schema.ts";
import { uploadRows } from "../transform/upload_rows.ts";
import { type CountedWarning, WarningCounter } from "../transform/warnings.ts";
import type { PassBatch, PassProgress } from "./batch_pass.ts";
import type { ByteJournal } from "./byte_journal.ts";
import type { CsvReader, TableFormat } from "./layout.ts";
import {
  type PartsState,
  type TableTarget,
  TableWriter,
  type TableWriterOptions,
} from "./table_writer.ts";

/** A batch that rows of tables are made of. */
export interface TableBatch extends PassBatch {
  /** Whose records it holds: a model's id, and which version of them; `undefined` for uploads. */
  readonly records?: { readonly modelId: string; readonly version: Version } | undefined;
}

/** How far tables were made. */
export interface TablesState extends PartsState {
  /** Whether the tables of the project are made, too. @default {false} */
  readonly hasProject?: boolean | undefined;
  /** What the transforms warned about. */
  readonly warnings: readonly {
    readonly code: string;
    readonly count: number;
    readonly example: string;
  }[];
}

/** How far tables are. */
export interface TableProgress extends PassProgress {
  /** How many rows were made, in this run. */
  readonly rows: number;
}

/** How rows of tables are made. */
export interface TableShape extends Pick<NormalizeOptions, "locales" | "structuredText"> {
  /** How rows are encoded. @default {"ndjson"} */
  readonly format?: TableFormat | undefined;
  /** What reads CSV: for spreadsheets, no text is a formula. @default {"data"} */
  readonly csvFor?: CsvReader | undefined;
  /** How Parquet is compressed. @default {"zstd"} */
  readonly parquetCodec?: ParquetCodec | undefined;
}

/** Options of {@linkcode TableMaker}. */
export interface TableMakerOptions
  extends TableShape, Pick<TableWriterOptions, "compression" | "partBytes"> {
  /** The schema of the records. */
  readonly schema: SchemaIndex;
  /** Where the tables go. */
  readonly target: TableTarget;
  /** Called with a record that no rows can be made of, and why. */
  readonly onLost: (record: Item, version: Version, reason: string) => void;
  /** Called for each page with how many records of a model and version got rows of their own. */
  readonly onRecords?: ((modelId: string, version: Version, count: number) => void) | undefined;
  /** How far an earlier run has come. */
  readonly from?: TablesState | undefined;
}

/**
 * Makes the rows of all tables from pages of records and uploads. The same batches make the same parts, whatever the
 * pages, and wherever it was ended and continued.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { TableMaker } from "./make_tables.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const put = (path: string) => Promise.resolve(console.log(path));
 * const tables = new TableMaker({ schema, target: { put }, onLost: () => {} });
 * await tables.add([{ id: "1", type: "upload", attributes: { path: "/1/a.png" } }], {});
 * await tables.end();
 * ```
 */
export class TableMaker {
  readonly #options: TableMakerOptions;
  readonly #writer: TableWriter;
  readonly #warnings: WarningCounter;
  #hasProject: boolean;
  #rows = 0;

  /**
   * @param options How rows are made, and where they go.
   */
  constructor(options: TableMakerOptions) {
    const { schema, target, format, csvFor, parquetCodec, compression, partBytes, from } = options;
    this.#options = options;
    this.#writer = new TableWriter(target, tableSchema(schema, options), {
      format,
      csvFor,
      parquetCodec,
      compression,
      partBytes,
      from,
    });
    this.#warnings = new WarningCounter(from?.warnings);
    this.#hasProject = from?.hasProject ?? false;
  }

  /** How far the tables are, once {@linkcode TableMaker.addTo} has resolved and no page came since. */
  get state(): TablesState {
    return {
      ...this.#writer.state,
      warnings: this.warnings,
      ...(this.#hasProject && { hasProject: true }),
    };
  }

  /** How many rows were made, in this run. */
  get rows(): number {
    return this.#rows;
  }

  /** What the transforms warned about so far. */
  get warnings(): CountedWarning[] {
    return this.#warnings.all();
  }

  /**
   * Takes from a journal the rows that an earlier run has collected, before anything is made.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: ByteJournal): Promise<void> {
    await this.#writer.restore(journal);
  }

  /**
   * Adds to a journal the rows that were collected since the last time. No page may come meanwhile.
   *
   * @param journal The journal.
   * @throws {StorageError} If a part couldn't be written.
   */
  async addTo(journal: ByteJournal): Promise<void> {
    await this.#writer.addTo(journal);
  }

  /**
   * Makes the rows of a page.
   *
   * @param page Records, or uploads.
   * @param batch Which of them they are.
   * @throws {StorageError} If a part couldn't be written.
   */
  async add(page: Page, { records }: Pick<TableBatch, "records">): Promise<void> {
    const tables = records === undefined
      ? [{
        table: "uploads",
        rows: uploadRows(page as Page<Upload>, { onWarning: this.#warnings.add }),
      }]
      : this.#recordRows(page as Page<Item>, records.modelId, records.version);
    await this.#writer.write(tables, records?.version);
    this.#rows += rowsIn(tables);
    if (records === undefined) return;
    const own = tables.filter(({ table }) => table.startsWith("records/"));
    const ids = new Set(own.flatMap(({ rows }) => rows.map(({ id }) => id)));
    this.#options.onRecords?.(records.modelId, records.version, ids.size);
  }

  /** Waits until no part is being written, whatever became of them. */
  async settle(): Promise<void> {
    await this.#writer.settle();
  }

  /**
   * Makes the tables of the project, unless an earlier run has, and writes what is left.
   *
   * @param people Who may have made records and uploads: collaborators, single sign-on users and API tokens.
   * @param assets Pages of what became of each asset, in an order that is always the same.
   * @throws {StorageError} If it can't be written.
   */
  async end(
    people: readonly Resource[] = [],
    assets?: AsyncIterable<Page<JsonObject>>,
  ): Promise<void> {
    if (!this.#hasProject) {
      const tables = projectRows(this.#options.schema, people, this.#warnings.add);
      await this.#writer.write(tables);
      this.#rows += rowsIn(tables);
      for await (const page of assets ?? []) {
        await this.#writer.write([{ table: "assets", rows: assetRows(page, this.#warnings.add) }]);
        this.#rows += page.length;
      }
      this.#hasProject = true;
    }
    await this.#writer.flush();
  }

  /** The rows of records. One that none can be made of costs only its own. */
  #recordRows(page: Page<Item>, modelId: string, version: Version): TableRows[] {
    const { schema, locales, structuredText, onLost } = this.#options;
    const options = { version, locales, structuredText, onWarning: this.#warnings.add };
    const items = page.map((item) => ofModel(item, modelId));
    try {
      return tableRows(items, schema, options);
    } catch {
      return items.flatMap((item) => {
        try {
          return tableRows([item], schema, options);
        } catch (error) {
          onLost(item, version, error instanceof Error ? error.message : String(error));
          return [];
        }
      });
    }
  }
}

function rowsIn(tables: readonly TableRows[]): number {
  return tables.reduce((sum, { rows }) => sum + rows.length, 0);
}

/** A record that says which model it is of: one that doesn't is of the model whose batch it is in. */
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

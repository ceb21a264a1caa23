import type { Item, Page, Upload, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { isObject } from "../text/json.ts";
import { type NormalizeOptions, type TableRows, tableRows } from "../transform/normalize.ts";
import { tableSchema } from "../transform/table_schema.ts";
import { uploadRows } from "../transform/upload_rows.ts";
import { type CountedWarning, WarningCounter } from "../transform/warnings.ts";
import type { ByteJournal } from "./byte_journal.ts";
import type { TableFormat } from "./layout.ts";
import {
  type PartsState,
  type TableTarget,
  TableWriter,
  type TableWriterOptions,
} from "./table_writer.ts";

/** A batch that rows of tables are made of. */
export interface TableBatch {
  /** Its key in the storage. */
  readonly key: string;
  /** How many entries it holds, if that is known. */
  readonly count?: number | undefined;
  /** Whose records it holds: a model's id, and which version of them; `undefined` for uploads. */
  readonly records?: { readonly modelId: string; readonly version: Version } | undefined;
}

/** How far tables were made. */
export interface TablesState extends PartsState {
  /** How many batches have all their rows. */
  readonly batches: number;
  /** How many entries of the next batch have theirs. */
  readonly entries: number;
  /** What the transforms warned about. */
  readonly warnings: readonly {
    readonly code: string;
    readonly count: number;
    readonly example: string;
  }[];
}

/** How far tables are. */
export interface TableProgress {
  /** How many rows were made, in this run. */
  readonly rows: number;
  /** How many records and uploads have their rows, all versions counted; in earlier runs, too. */
  readonly entries: number;
  /** How many of those there are; `null` if that isn't known. */
  readonly of: number | null;
}

/** How rows of tables are made. */
export interface TableShape extends Pick<NormalizeOptions, "locales" | "structuredText"> {
  /** How rows are encoded. @default {"ndjson"} */
  readonly format?: TableFormat | undefined;
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

/** Options of {@linkcode TableMaker.make}. */
export interface MakeTablesOptions {
  /** The batches, in the same order as in an earlier run. */
  readonly batches: readonly TableBatch[];
  /** Reads a batch in pages. */
  readonly read: (key: string, signal: AbortSignal) => AsyncIterable<Page>;
  /** Runs what writes a page's rows. @default {As it comes} */
  readonly page?: ((write: () => Promise<void>) => Promise<void>) | undefined;
  /** Called with how far the tables are, after each page and at the beginning. */
  readonly onProgress?: ((progress: TableProgress) => void) | undefined;
  /** Ends it after the page at hand. */
  readonly stop?: AbortSignal | undefined;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/**
 * Makes the rows of all tables from batches of records and uploads: one page at a time, from where an
 * earlier run has come to. The same batches make the same parts, wherever it was ended and continued.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { TableMaker } from "./make_tables.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const put = (path: string) => Promise.resolve(console.log(path));
 * const tables = new TableMaker({ schema, target: { put }, onLost: () => {} });
 * await tables.make({
 *   batches: [{ key: "uploads/batch_000.ndjson" }],
 *   read: async function* () {
 *     yield [{ id: "1", type: "upload", attributes: { path: "/1/a.png" } }];
 *   },
 *   signal: new AbortController().signal,
 * });
 * await tables.end();
 * ```
 */
export class TableMaker {
  readonly #options: TableMakerOptions;
  readonly #writer: TableWriter;
  readonly #warnings: WarningCounter;
  #batches: number;
  #entries: number;

  /**
   * @param options How rows are made, and where they go.
   */
  constructor(options: TableMakerOptions) {
    const { schema, target, format, compression, partBytes, from } = options;
    this.#options = options;
    this.#writer = new TableWriter(target, tableSchema(schema, options), {
      format,
      compression,
      partBytes,
      from,
    });
    this.#warnings = new WarningCounter(from?.warnings);
    this.#batches = from?.batches ?? 0;
    this.#entries = from?.entries ?? 0;
  }

  /** How far the tables are, once {@linkcode TableMaker.addTo} has resolved and no page came since. */
  get state(): TablesState {
    return {
      ...this.#writer.state,
      batches: this.#batches,
      entries: this.#entries,
      warnings: this.warnings,
    };
  }

  /** How many batches have all their rows. */
  get batches(): number {
    return this.#batches;
  }

  /** How many entries of the next batch have their rows. */
  get entries(): number {
    return this.#entries;
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
   * Makes the rows of batches.
   *
   * @param options Which batches, and how they are read.
   * @return Whether it came to the end; `false` if it was stopped before.
   * @throws {StorageError} If a batch can't be read, or a part can't be written.
   * @throws {SyntaxError} If a batch isn't as it was written.
   * @throws The signal's reason.
   */
  async make(options: MakeTablesOptions): Promise<boolean> {
    const { batches, page = (write) => write(), onProgress, stop, signal } = options;
    const counts = batches.map(({ count }) => count);
    const of = counts.reduce<number | null>((sum, n) => {
      return sum === null || n === undefined ? null : sum + n;
    }, 0);
    let entries = counts.slice(0, this.#batches).reduce<number>((sum, n = 0) => sum + n, 0) +
      this.#entries;
    let rows = 0;
    onProgress?.({ rows, entries, of });
    try {
      while (this.#batches < batches.length && !stop?.aborted) {
        const batch = batches[this.#batches]!;
        const sink = new WritableStream<PageRows>({
          write: async (made) => {
            await page(async () => {
              await this.#writer.write(made.rows, batch.records?.version);
              this.#entries += made.entries;
              this.#count(batch, made.rows);
            });
            entries += made.entries;
            rows += made.rows.reduce((sum, { rows }) => sum + rows.length, 0);
            onProgress?.({ rows, entries, of });
          },
        }, { highWaterMark: 1 });
        await ReadableStream.from(this.#pages(batch, options))
          .pipeThrough(this.#normalize(batch))
          .pipeTo(sink, { signal });
        if (stop?.aborted) break;
        this.#batches++;
        this.#entries = 0;
      }
      return !stop?.aborted;
    } finally {
      await this.#writer.settle();
    }
  }

  /**
   * Writes what is left.
   *
   * @throws {StorageError} If it can't be written.
   */
  async end(): Promise<void> {
    await this.#writer.flush();
  }

  /** The pages of a batch that have no rows yet. */
  async *#pages(
    { key }: TableBatch,
    { read, stop, signal }: MakeTablesOptions,
  ): AsyncGenerator<Page, void> {
    let done = this.#entries;
    for await (const page of read(key, signal)) {
      if (stop?.aborted) return;
      if (done < page.length) yield page.slice(done);
      done = Math.max(0, done - page.length);
    }
  }

  #count({ records }: TableBatch, tables: readonly TableRows[]): void {
    const { onRecords } = this.#options;
    if (records === undefined || onRecords === undefined) return;
    const own = tables.filter(({ table }) => table.startsWith("records/"));
    const ids = new Set(own.flatMap(({ rows }) => rows.map(({ id }) => id)));
    onRecords(records.modelId, records.version, ids.size);
  }

  #normalize({ records }: TableBatch): TransformStream<Page, PageRows> {
    return new TransformStream({
      transform: (page, controller) => {
        const rows = records === undefined
          ? [{ table: "uploads", rows: uploadRows(page as Page<Upload>) }]
          : this.#recordRows(page as Page<Item>, records.modelId, records.version);
        controller.enqueue({ rows, entries: page.length });
      },
    });
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

/** The rows of a page, and of how many entries they are. */
interface PageRows {
  readonly rows: readonly TableRows[];
  readonly entries: number;
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

import { Budget } from "../async/budget.ts";
import type { JsonObject, Page, Version } from "../content/resource.ts";
import { type Compression, suffixOf } from "../sink/compression.ts";
import { csvBytes } from "../transform/encode_csv.ts";
import { ndjsonBytes } from "../transform/encode_ndjson.ts";
import type { TableRows } from "../transform/normalize.ts";
import type { ParquetCodec } from "../transform/parquet/encode_parquet.ts";
import type { TableColumn, TableSchema } from "../transform/table_schema.ts";
import type { ByteJournal } from "./byte_journal.ts";
import { type CsvReader, type TableFormat, tablePath } from "./layout.ts";
import { compressedPieces, parquetPieces, whole } from "./table_part.ts";

/** Where the parts of tables go. */
export interface TableTarget {
  /**
   * Writes a part.
   *
   * @param path Its path, relative to the snapshot.
   * @param bytes Its content.
   * @param options How many rows it has, and the size of its text in bytes if it is compressed.
   */
  put(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: { readonly count: number; readonly plainSize?: number | undefined },
  ): Promise<unknown>;
}

/** How far the tables were written. */
export interface PartsState {
  /** The number of the next part, by version and table. */
  readonly next: Readonly<Record<string, number>>;
  /** How many rows were collected for the next part, by version and table: a journal has their bytes. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Options of {@linkcode TableWriter}. */
export interface TableWriterOptions {
  /** How rows are encoded. @default {"ndjson"} */
  readonly format?: TableFormat | undefined;
  /** What reads CSV: for spreadsheets, no text is a formula. @default {"data"} */
  readonly csvFor?: CsvReader | undefined;
  /** How parts are compressed; those of Parquet have their own. @default {"none"} */
  readonly compression?: Compression | undefined;
  /** How Parquet is compressed. @default {"zstd"} */
  readonly parquetCodec?: ParquetCodec | undefined;
  /**
   * A part isn't larger than about this (bytes, before it is compressed, of Parquet as NDJSON); those that are being
   * collected take four times as much at most.
   *
   * @default {8388608}
   */
  readonly partBytes?: number | undefined;
  /** How far an earlier run has come. */
  readonly from?: PartsState | undefined;
}

const PART_BYTES = 8 * 1024 * 1024;
/** Parts that are being collected are together no larger than so many that are full. */
const MOST_PARTS = 4;
/** What the names of parts in a journal begin with. */
const OWNER = "tables/";
/** Parts of at least this size are large (bytes). */
const LARGE_BYTES = 1024 * 1024;
/** How many large parts are written at a time: each is in memory twice meanwhile. */
const LARGE_AT_ONCE = 2;
/** How many of the others are written at a time. */
const SMALL_AT_ONCE = 8;
/** Rows are encoded and placed this many at a time, or some more: those of a resource stay together. */
const ROWS_AT_ONCE = 100;

/** A part that is being collected. */
interface Part {
  readonly table: string;
  readonly version: Version | undefined;
  pieces: Uint8Array<ArrayBuffer>[];
  bytes: number;
  /** How many of the pieces are in the journal. */
  saved: number;
  rows: number;
  /** The number of the next part of this table and version. */
  next: number;
}

/**
 * Writes the rows of all tables. There may be hundreds of tables, and a page of records has rows of many:
 * so rows are collected, and a table's part is written in one go when it is large enough, or when it is the
 * largest and all of them together take too much memory. The same rows in the same order make the same
 * parts.
 */
export class TableWriter {
  readonly #target: TableTarget;
  readonly #format: TableFormat;
  readonly #escapeFormulas: boolean;
  readonly #compression: Compression;
  readonly #parquetCodec: ParquetCodec | undefined;
  readonly #partBytes: number;
  readonly #columns = new Map<string, readonly TableColumn[]>();
  readonly #parts = new Map<string, Part>();
  /** Whose rows in the journal were written since. */
  readonly #written = new Set<string>();
  readonly #large = new Budget(LARGE_AT_ONCE);
  readonly #small = new Budget(SMALL_AT_ONCE);
  /** The rows of one part of Parquet at a time are parsed. */
  readonly #parsing = new Budget(1);
  /** Parts that are being written; none of these promises rejects. */
  readonly #writing = new Set<Promise<void>>();
  #failure: { readonly reason: unknown } | undefined;
  #bytes = 0;

  /**
   * @param target Where the tables go.
   * @param schema The tables' columns.
   * @param options How they are written.
   */
  constructor(
    target: TableTarget,
    schema: TableSchema,
    options: TableWriterOptions = {},
  ) {
    const { format = "ndjson", compression = "none", partBytes = PART_BYTES, from } = options;
    this.#target = target;
    this.#compression = format === "parquet" ? "none" : compression;
    this.#parquetCodec = options.parquetCodec;
    this.#format = format;
    this.#escapeFormulas = options.csvFor === "spreadsheets";
    this.#partBytes = partBytes;
    for (const [key, next] of Object.entries(from?.next ?? {})) {
      const space = key.indexOf(" ");
      const version = key.slice(0, space) as Version | "";
      const table = key.slice(space + 1);
      const rows = from?.rows[key] ?? 0;
      this.#parts.set(key, { ...nothing(), table, version: version || undefined, rows, next });
    }
    for (const { name, columns } of schema.tables) this.#columns.set(name, columns);
  }

  /** How far the tables are, once {@linkcode TableWriter.addTo} has resolved and no rows came since. */
  get state(): PartsState {
    const parts = [...this.#parts];
    return {
      next: Object.fromEntries(parts.map(([key, { next }]) => [key, next])),
      rows: Object.fromEntries(parts.flatMap(([key, { rows }]) => rows > 0 ? [[key, rows]] : [])),
    };
  }

  /**
   * Takes from a journal what an earlier run has collected. Before that, there must be no rows.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: ByteJournal): Promise<void> {
    for await (const [of, bytes] of journal.read((of) => of.startsWith(OWNER))) {
      const part = this.#parts.get(of.slice(OWNER.length));
      if (part === undefined) continue;
      part.pieces.push(bytes);
      part.saved = part.pieces.length;
      part.bytes += bytes.byteLength;
      this.#bytes += bytes.byteLength;
    }
  }

  /**
   * Adds to a journal what was collected since the last time, once all parts that were begun are written.
   * No rows may come meanwhile.
   *
   * @param journal The journal.
   * @throws {StorageError} If a part couldn't be written.
   */
  async addTo(journal: ByteJournal): Promise<void> {
    await this.#settled();
    journal.forget(this.#written);
    this.#written.clear();
    for (const [key, part] of this.#parts) {
      journal.add("tables", OWNER + key, part.pieces.slice(part.saved));
      part.saved = part.pieces.length;
    }
  }

  /**
   * Takes rows. What makes a part full is written while the next ones come.
   *
   * @param tables The rows, those of a resource next to each other.
   * @param version Which version of records they are of; `undefined` for rows that have none.
   * @throws {StorageError} If a part couldn't be written.
   */
  async write(tables: readonly TableRows[], version?: Version): Promise<void> {
    for (const { table, rows } of tables) await this.#append(table, version, rows);
  }

  /**
   * Writes what was collected.
   *
   * @throws {StorageError} If it can't be written.
   */
  async flush(): Promise<void> {
    try {
      for (const part of this.#parts.values()) if (part.bytes > 0) await this.#begin(part);
    } finally {
      await this.settle();
    }
    await this.#settled();
  }

  /** Waits until no part is being written, whatever became of them. */
  async settle(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async #append(
    table: string,
    version: Version | undefined,
    rows: Page<JsonObject>,
  ): Promise<void> {
    const key = `${version ?? ""} ${table}`;
    let part = this.#parts.get(key);
    if (part === undefined) {
      part = { ...nothing(), table, version, next: 0 };
      this.#parts.set(key, part);
    }
    const column = /^(?:blocks\/|links$)/.test(table)
      ? "_record_id"
      : table === "assets"
      ? "upload_id"
      : "id";
    for (let next = 0, some; next < rows.length; next += some.length) {
      some = nextRows(rows, next, column);
      let bytes = this.#encode(part, some);
      // The part ends with the resource that fills it, whichever come together with that.
      for (let most = some.length; most > 1 && part.bytes + bytes.byteLength >= this.#partBytes;) {
        most >>= 1;
        const fewer = nextRows(rows, next, column, most);
        if (fewer.length < some.length) bytes = this.#encode(part, some = fewer);
      }
      part.pieces.push(bytes);
      part.bytes += bytes.byteLength;
      part.rows += some.length;
      this.#bytes += bytes.byteLength;
      if (part.bytes >= this.#partBytes) await this.#begin(part);
      while (this.#bytes > MOST_PARTS * this.#partBytes) await this.#begin(this.#largest());
    }
  }

  #encode(part: Part, rows: Page<JsonObject>): Uint8Array<ArrayBuffer> {
    // Parquet is written part by part: until then its rows are kept in the form that a journal has, too.
    if (this.#format !== "csv") return ndjsonBytes(rows);
    const columns = this.#columns.get(part.table);
    const escapeFormulas = this.#escapeFormulas;
    return csvBytes(rows, { columns, header: part.bytes === 0, escapeFormulas });
  }

  #largest(): Part {
    return this.#parts.values().reduce((a, b) => b.bytes > a.bytes ? b : a);
  }

  /** Begins to write a part as soon as there is a place for it. */
  async #begin(part: Part): Promise<void> {
    const place = await (part.bytes < LARGE_BYTES ? this.#small : this.#large).acquire();
    const writing = this.#write(part)
      .catch((reason) => void (this.#failure ??= { reason }))
      .finally(() => {
        place[Symbol.dispose]();
        this.#writing.delete(writing);
      });
    this.#writing.add(writing);
    if (this.#failure) throw this.#failure.reason;
  }

  async #write(part: Part): Promise<void> {
    const { table, version, pieces, bytes, rows: count } = part;
    const compression = this.#compression;
    const path = tablePath(table, version, part.next++, this.#format) + suffixOf(compression);
    // What is appended while this is written begins the next part.
    Object.assign(part, nothing());
    this.#bytes -= bytes;
    this.#written.add(`${OWNER}${version ?? ""} ${table}`);
    const encoded = this.#format === "parquet"
      ? await this.#parquetPieces(table, pieces)
      : compression === "none"
      ? pieces
      : compressedPieces(pieces, compression);
    await this.#target.put(path, whole(encoded), {
      count,
      ...(compression !== "none" && { plainSize: bytes }),
    });
  }

  async #parquetPieces(
    table: string,
    pieces: Uint8Array<ArrayBuffer>[],
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    using _place = await this.#parsing.acquire();
    return await parquetPieces(pieces, this.#columns.get(table), this.#parquetCodec);
  }

  async #settled(): Promise<void> {
    await this.settle();
    if (this.#failure) throw this.#failure.reason;
  }
}

/**
 * The rows to encode next. Not all of a page at once: rows share what isn't localized, but their text doesn't,
 * and that of many locales may be longer than a string can be.
 *
 * @param rows The rows of a table, those of a resource next to each other.
 * @param from The first one to take.
 * @param column The column that says of which resource a row is.
 * @param most How many rows to take, but for those of the last resource.
 * @return About as many rows, all of the last resource's among them; none at the end.
 */
function nextRows(
  rows: Page<JsonObject>,
  from: number,
  column: string,
  most = ROWS_AT_ONCE,
): Page<JsonObject> {
  let end = Math.min(from + most, rows.length);
  while (end > from && end < rows.length && rows[end]![column] === rows[end - 1]![column]) end++;
  return rows.slice(from, end);
}

/** A part that nothing was collected for yet. */
function nothing(): Pick<Part, "pieces" | "bytes" | "saved" | "rows"> {
  return { pieces: [], bytes: 0, saved: 0, rows: 0 };
}

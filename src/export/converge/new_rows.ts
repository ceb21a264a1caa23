import type { JsonObject } from "../../content/resource.ts";
import { csvBytes, type CsvOptions } from "../../transform/encode_csv.ts";
import { ndjsonBytes } from "../../transform/encode_ndjson.ts";
import { countRecords } from "../../snapshot/count_records.ts";
import type { TableFormat } from "../../snapshot/layout.ts";
import { nextRows } from "../../snapshot/next_rows.ts";
import type { Span } from "../../snapshot/span.ts";
import { spanOfTimes } from "./union_spans.ts";

/** What {@linkcode NewRows} are, and how they are encoded. */
export interface NewRowsOptions {
  /** Whose they are: a model's id, or `UPLOADS`. */
  readonly of: string;
  /** When the resources were created, in milliseconds since 1970. */
  readonly ids: ReadonlyMap<string, number>;
  /** The column that says of which resource a row is. */
  readonly column: string;
  /** How rows are encoded. */
  readonly format: TableFormat;
  /** A table's columns. */
  readonly columns: (table: string) => NonNullable<CsvOptions["columns"]>;
}

/** Some rows, encoded. */
export interface TakenRows {
  /** Their bytes. */
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** How many they are. */
  readonly count: number;
  /** How many records they are of, if they are of a table of records. */
  readonly records: number | undefined;
  /** When their resources were created; `undefined` without rows. */
  readonly span: Span | undefined;
}

/** Parts get no new rows beyond this (bytes): somewhat more than when they were first written. */
const LARGEST_PART = 10 * 1024 * 1024;

/** Rows of a table that are to be put into its parts, wherever there is room. */
export class NewRows {
  /** The table's name. */
  readonly table: string;
  readonly #rows: readonly JsonObject[];
  readonly #options: NewRowsOptions;
  #next = 0;
  /** The rows that come next, encoded. */
  #piece: Uint8Array<ArrayBuffer> | undefined;

  /**
   * Takes over the rows of one table.
   *
   * @param table The table's name.
   * @param rows The rows.
   * @param options Whose they are, and how they are encoded.
   */
  constructor(table: string, rows: readonly JsonObject[], options: NewRowsOptions) {
    this.table = table;
    this.#rows = rows;
    this.#options = options;
  }

  /** Whether all rows were taken. */
  get isEmpty(): boolean {
    return this.#next >= this.#rows.length;
  }

  /** What comes before the rows of a part. */
  head(): Uint8Array<ArrayBuffer> {
    const { format, columns } = this.#options;
    if (format === "ndjson") return new Uint8Array();
    return csvBytes([], { columns: columns(this.table), header: true });
  }

  /**
   * Takes as many of the rows that are left as a part has room for.
   *
   * @param size How large the part is without them (bytes).
   * @param options Whether the first of them are taken however large they are.
   */
  take(size: number, { atLeastOne = false }: { readonly atLeastOne?: boolean } = {}): TakenRows {
    const { of, ids } = this.#options;
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const from = this.#next;
    while (!this.isEmpty) {
      const rows = nextRows(this.#rows, this.#next, this.#options.column);
      const piece = this.#piece ??= this.#encode(rows);
      const isForced = atLeastOne && pieces.length === 0;
      if (!isForced && size + piece.byteLength > LARGEST_PART) break;
      pieces.push(piece);
      size += piece.byteLength;
      this.#next += rows.length;
      this.#piece = undefined;
    }
    const taken = this.#rows.slice(from, this.#next);
    const owners = taken.map((row) => this.#idOf(row));
    const span = spanOfTimes(of, owners.map((id) => ids.get(id) ?? NaN));
    return { pieces, count: taken.length, records: countRecords(this.table, owners), span };
  }

  #idOf(row: JsonObject): string {
    return String(row[this.#options.column]);
  }

  #encode(rows: readonly JsonObject[]): Uint8Array<ArrayBuffer> {
    const { format, columns } = this.#options;
    if (format === "ndjson") return ndjsonBytes(rows);
    return csvBytes(rows, { columns: columns(this.table), header: false });
  }
}

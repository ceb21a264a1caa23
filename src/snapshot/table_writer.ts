import { Budget } from "../async/budget.ts";
import type { JsonObject, Page, Version } from "../content/resource.ts";
import { csvBytes } from "../transform/encode_csv.ts";
import { ndjsonBytes } from "../transform/encode_ndjson.ts";
import type { TableRows } from "../transform/normalize.ts";
import type { TableColumn, TableSchema } from "../transform/table_schema.ts";
import type { TablesState } from "../export/resume/checkpoint.ts";
import { countRecords } from "./count_records.ts";
import type { Journal } from "./journal.ts";
import { type TableFormat, tablePath } from "./layout.ts";
import { nextRows } from "./next_rows.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";
import { joined, type Span } from "./span.ts";
import { idColumn } from "./table_part.ts";

/** A part of a table isn't larger than about this (bytes). */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts that are being collected take no more than this together (bytes). */
const TOTAL_BYTES = 32 * 1024 * 1024;
/** What the names of parts in a journal begin with. */
const OWNER = "tables/";
/** How many parts are written at a time: each is in memory twice meanwhile. */
const WRITTEN_AT_ONCE = 2;

/** A part that is being collected. */
interface Part {
  readonly table: string;
  readonly version: Version | undefined;
  pieces: Uint8Array<ArrayBuffer>[];
  bytes: number;
  /** How many of the pieces are in the journal. */
  saved: number;
  rows: number;
  /** How many records the rows are of, if it is a table of records. */
  records: number | undefined;
  spans: Map<string, Span>;
  /** The number of the next part of this table and version. */
  next: number;
}

/**
 * Writes the rows of all tables of a snapshot. There may be hundreds of tables, and a page of records has
 * rows of many: so rows are collected, and a table's part is written in one go when it is large enough,
 * or when it is the largest and all of them together take too much memory.
 */
export class TableWriter {
  readonly #snapshot: SnapshotWriter;
  readonly #format: TableFormat;
  readonly #columns = new Map<string, readonly TableColumn[]>();
  readonly #parts = new Map<string, Part>();
  /** Whose rows in the journal were written since. */
  readonly #written = new Set<string>();
  readonly #writing = new Budget(WRITTEN_AT_ONCE);
  #bytes = 0;

  /**
   * @param snapshot Where the tables go.
   * @param schema The tables' columns.
   * @param format How rows are encoded.
   * @param from How far an earlier run has come.
   */
  constructor(
    snapshot: SnapshotWriter,
    schema: TableSchema,
    format: TableFormat,
    from?: Pick<TablesState, "next" | "unfinished">,
  ) {
    this.#snapshot = snapshot;
    this.#format = format;
    for (const [key, next] of Object.entries(from?.next ?? {})) {
      const space = key.indexOf(" ");
      const version = key.slice(0, space) as Version | "";
      const part = {
        ...nothing(),
        table: key.slice(space + 1),
        version: version || undefined,
        next,
      };
      const { rows, records, spans } = from?.unfinished[key] ?? { rows: 0, spans: [] };
      Object.assign(part, { rows, records, spans: new Map(spans.map((span) => [span.of, span])) });
      this.#parts.set(key, part);
    }
    for (const { name, columns } of schema.tables) {
      this.#columns.set(name, columns);
    }
  }

  /** How far the tables are. */
  get state(): Pick<TablesState, "next" | "unfinished"> {
    const parts = [...this.#parts];
    return {
      next: Object.fromEntries(parts.map(([key, { next }]) => [key, next])),
      unfinished: Object.fromEntries(
        parts.filter(([, { rows }]) => rows > 0).map(([key, { rows, records, spans }]) => {
          return [key, { rows, records, spans: [...spans.values()] }];
        }),
      ),
    };
  }

  /**
   * Takes from a journal what an earlier run has collected. Before that, there must be no rows.
   *
   * @param journal The journal.
   * @throws {StorageError} If it can't be read.
   */
  async restore(journal: Journal): Promise<void> {
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
   * Adds to a journal what was collected since the last time. No rows may be on their way.
   *
   * @param journal The journal.
   */
  addTo(journal: Journal): void {
    journal.forget(this.#written);
    this.#written.clear();
    for (const [key, part] of this.#parts) {
      journal.add("tables", OWNER + key, part.pieces.slice(part.saved));
      part.saved = part.pieces.length;
    }
  }

  /**
   * A table's columns.
   *
   * @param table The table.
   */
  columns(table: string): readonly TableColumn[] {
    return this.#columns.get(table) ?? [];
  }

  /**
   * A sink for the rows of one version.
   *
   * @param version Which version of records the rows are of; `undefined` for rows that have none.
   * @param span When the resources were created whose rows have come so far.
   */
  sink(
    version?: Version,
    span: () => Span | undefined = () => undefined,
  ): WritableStream<readonly TableRows[]> {
    return new WritableStream({
      write: async (tables) => {
        for (const { table, rows } of tables) await this.#append(table, version, rows, span());
      },
    }, { highWaterMark: 1 });
  }

  /**
   * Writes what was collected.
   *
   * @param isMeant Which tables are meant. @default All of them
   * @throws {StorageError} If it can't be written.
   */
  async flush(isMeant: (table: string) => boolean = () => true): Promise<void> {
    for (const part of this.#parts.values()) if (isMeant(part.table)) await this.#write(part);
  }

  async #append(
    table: string,
    version: Version | undefined,
    rows: Page<JsonObject>,
    span: Span | undefined,
  ): Promise<void> {
    const key = `${version ?? ""} ${table}`;
    let part = this.#parts.get(key);
    if (part === undefined) {
      part = { ...nothing(), table, version, next: 0 };
      this.#parts.set(key, part);
    }
    const column = idColumn(`tables/${table}/`);
    for (let next = 0, some; next < rows.length; next += some.length) {
      some = nextRows(rows, next, column);
      let bytes = this.#encode(part, some);
      // The part ends with the resource that fills it, whichever come together with that.
      for (let most = some.length; most > 1 && part.bytes + bytes.byteLength >= PART_BYTES;) {
        most >>= 1;
        const fewer = nextRows(rows, next, column, most);
        if (fewer.length < some.length) bytes = this.#encode(part, some = fewer);
      }
      // Each part holds something of them: also one that is begun in their midst.
      if (span) part.spans.set(span.of, joined(part.spans.get(span.of), span));
      part.pieces.push(bytes);
      part.bytes += bytes.byteLength;
      part.rows += some.length;
      const records = countRecords(table, some.values().map(({ id }) => id));
      if (records !== undefined) part.records = (part.records ?? 0) + records;
      this.#bytes += bytes.byteLength;
      if (part.bytes >= PART_BYTES) await this.#write(part, PART_BYTES);
      while (this.#bytes > TOTAL_BYTES) await this.#write(this.#largest());
    }
  }

  #encode(part: Part, rows: Page<JsonObject>): Uint8Array<ArrayBuffer> {
    if (this.#format === "ndjson") return ndjsonBytes(rows);
    const columns = this.#columns.get(part.table);
    return csvBytes(rows, { columns, header: part.bytes === 0 });
  }

  #largest(): Part {
    return this.#parts.values().reduce((a, b) => b.bytes > a.bytes ? b : a);
  }

  /** Writes a part, if it still has at least so many bytes once there is a place for it. */
  async #write(part: Part, leastBytes = 1): Promise<void> {
    using _place = await this.#writing.acquire();
    const { table, version, pieces, bytes, rows: count, records, spans } = part;
    if (bytes < leastBytes) return;
    const path = tablePath(table, version, part.next++, this.#format);
    // Others may append while this is written: they begin the next part.
    Object.assign(part, nothing());
    this.#bytes -= bytes;
    this.#written.add(`${OWNER}${version ?? ""} ${table}`);
    await this.#snapshot.put(path, whole(pieces, bytes), {
      count,
      records,
      spans: spans.size === 0 ? undefined : [...spans.values()],
    });
  }
}

/** A part that nothing was collected for yet. */
function nothing(): Pick<Part, "pieces" | "bytes" | "saved" | "rows" | "records" | "spans"> {
  return { pieces: [], bytes: 0, saved: 0, rows: 0, records: undefined, spans: new Map() };
}

function whole(pieces: Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let offset = 0;
  // Each piece is let go of as soon as it is copied.
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}

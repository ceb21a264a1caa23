import { collectBytes } from "../../async/collect_bytes.ts";
import type { JsonObject, Page, Version } from "../../content/resource.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { readBatch } from "../../snapshot/read_batch.ts";
import {
  TABLE_SCHEMA,
  tableFolder,
  type TableFormat,
  tableVersions,
} from "../../snapshot/layout.ts";
import { readJson } from "../../snapshot/read_schema.ts";
import { isObject } from "../../text/json.ts";
import { parquetRows } from "../../transform/parquet/decode_parquet.ts";
import type { Table } from "../../transform/table_schema.ts";
import type { SnapshotContent } from "./content.ts";

/** A part of a table: an object with some of its rows. */
export interface SnapshotTablePart {
  /** Its path in the snapshot. */
  readonly path: string;
  /** Of which versions of records its rows are; `undefined` for those of uploads. */
  readonly version: Version | undefined;
  /** Its size in bytes. */
  readonly size: number;
  /** How many rows it has. */
  readonly count: number;
}

/** A table of a snapshot. */
export class SnapshotTable {
  /** Its name: `records/<model>`, `blocks/<block model>`, `links`, `uploads`, `models` or another. */
  readonly name: string;
  /** The model whose records or blocks the rows are; `null` for the others. */
  readonly model: Table["model"];
  /** Its columns, in the order in which each row has them. */
  readonly columns: Table["columns"];
  /** How its rows are encoded. */
  readonly format: TableFormat;
  /** Its parts, in order; none if it has no rows. */
  readonly parts: readonly SnapshotTablePart[];
  readonly #content: SnapshotContent;

  /**
   * Use `tables()` of a snapshot.
   *
   * @param content The snapshot.
   * @param format How rows are encoded.
   * @param table What its `schema.json` says of the table.
   * @param parts Its parts.
   */
  constructor(
    content: SnapshotContent,
    format: TableFormat,
    { name, model, columns }: Table,
    parts: readonly SnapshotTablePart[],
  ) {
    this.name = name;
    this.model = model;
    this.columns = columns;
    this.format = format;
    this.parts = parts;
    this.#content = content;
  }

  /**
   * Its rows, in pages, as a table of NDJSON has them.
   *
   * @param options Of which versions of records, if not of all, and what aborts the stream.
   * @throws {SluiceError} If they are CSV, which is for other programs: {@linkcode SnapshotTable.bytes} has it.
   */
  rows(
    { version, signal }: { readonly version?: Version; readonly signal?: AbortSignal } = {},
  ): ReadableStream<Page<JsonObject>> {
    const { format, columns } = this;
    if (format === "csv") {
      throw new SluiceError(
        `Expected a table of NDJSON or Parquet, but ${this.name} is CSV: read the bytes of its parts.`,
        EXIT.usage,
      );
    }
    const content = this.#content;
    const parts = this.parts.filter((part) => version === undefined || part.version === version);
    return content.stream(signal, async function* (signal) {
      for (const { path } of parts) {
        if (format === "ndjson") {
          yield* readBatch<JsonObject>(content.objects, content.key(path), signal);
        } else {
          const bytes = await content.objects.get(content.key(path), { signal });
          yield* parquetRows(await collectBytes(bytes), columns);
        }
      }
    });
  }

  /**
   * The bytes of a part, as they are in the storage: the stream fails at its end if they aren't those that were
   * written.
   *
   * @param part The part.
   * @param options What aborts it.
   * @throws {SluiceError} If it can't be read.
   */
  async bytes(
    { path }: SnapshotTablePart,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const content = this.#content;
    return await content.read(signal, (signal) => {
      return content.objects.get(content.key(path), { signal });
    });
  }
}

function isTableFormat(format: unknown): format is TableFormat {
  return format === "ndjson" || format === "csv" || format === "parquet";
}

/**
 * The tables of a snapshot.
 *
 * @param content The snapshot.
 * @param signal Aborts it.
 * @return None if it has none.
 * @throws {SyntaxError} If their description can't be understood.
 */
export async function tablesOf(
  content: SnapshotContent,
  signal: AbortSignal,
): Promise<SnapshotTable[]> {
  const objects = content.manifest?.objects ?? [];
  if (!objects.some(({ path }) => path === TABLE_SCHEMA)) return [];
  const described = await readJson(content.objects, content.key(TABLE_SCHEMA), signal);
  const format = isObject(described) ? described.format : undefined;
  const tables = isObject(described) ? described.tables : undefined;
  if (!isTableFormat(format) || !Array.isArray(tables)) {
    throw new SyntaxError(`Expected a description of tables in ${TABLE_SCHEMA}`);
  }
  return (tables as unknown as readonly Table[]).map((table) => {
    const parts = tableVersions(table.name).flatMap((version) => {
      const folder = tableFolder(table.name, version);
      return objects
        .filter(({ path }) => path.startsWith(folder) && !path.slice(folder.length).includes("/"))
        .map(({ path, size, count = 0 }) => ({ path, version, size, count }))
        // The numbers have three digits or more.
        .sort(({ path: a }, { path: b }) => a.length - b.length || (a < b ? -1 : 1));
    });
    return new SnapshotTable(content, format, table, parts);
  });
}

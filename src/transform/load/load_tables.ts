import type { Table } from "../table_schema.ts";

/** An engine that tables are loaded into. */
export type LoadEngine = "duckdb" | "postgres" | "bigquery" | "athena" | "clickhouse";

/** Engines that there are scripts for. */
export const LOAD_ENGINES = [
  "duckdb",
  "postgres",
  "bigquery",
  "athena",
  "clickhouse",
] as const satisfies readonly LoadEngine[];

/** A table, and where its parts are. */
export interface LoadTable extends Pick<Table, "name" | "model" | "columns"> {
  /** Its parts, in order; none if it has no rows. */
  readonly parts: readonly LoadPart[];
}

/** A part of a table. */
export interface LoadPart {
  /** Its path on this machine, or its address, which begins with `s3://`. */
  readonly address: string;
  /** The size of its text in bytes. */
  readonly size: number;
}

/** What a script loads. */
export interface LoadInput {
  /** What the tables are of, for people: a snapshot's address. */
  readonly of: string;
  /** How rows are encoded. */
  readonly format: "ndjson" | "csv" | "parquet";
  /** The project's locales, the main one first. */
  readonly locales: readonly string[];
  /** The tables. */
  readonly tables: readonly LoadTable[];
}

/**
 * The name that a table has in an engine: no model's `api_key` makes it a keyword, or another table's.
 *
 * @param name The table's name, such as `records/article`.
 */
export function relationOf(name: string): string {
  return name.replace("/", "_");
}

/** A text that a comment's line can hold. */
export function comment(text: string): string {
  return `-- ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")}`;
}

/**
 * The column that holds the titles of a table's records: the one that its description names, or in an older table the
 * first single-line text.
 *
 * @param table The table.
 */
export function titleColumn({ model, columns }: LoadTable): string | undefined {
  if (model?.title_column !== undefined) return model.title_column ?? undefined;
  return columns.find(({ field_type }) => field_type === "string")?.name;
}

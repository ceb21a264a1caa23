import type { SqlType } from "../../content/field_types.ts";

/** A row for each of some values, joined to what stands before it. */
export interface Each {
  /** What is joined. */
  readonly join: string;
  /** The field's name in such a row. */
  readonly field: string;
  /** Whether it is filled. */
  readonly filled: string;
}

/** What an engine's SQL has of its own. */
export interface Dialect {
  /** Its names of types. */
  readonly types: Readonly<Record<SqlType, string>>;
  /** An identifier in quotes. */
  readonly identifier: (name: string) => string;
  /** A text in quotes. */
  readonly literal: (text: string) => string;
  /** A table or view of the script. */
  readonly relation: (name: string) => string;
  /** The text of a JSON column. */
  readonly jsonText: (column: string) => string;
  /** A row for each field: its name, and whether it is filled, as expressions. */
  readonly each: (fields: readonly (readonly [name: string, filled: string])[]) => Each;
}

/** An identifier in quotes. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A text in quotes, where a backslash escapes. */
export function escapedLiteral(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}

/** An identifier in the quotes that some engines take for it. */
export function backticked(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, "\\$&")}\``;
}

/**
 * What is the same in DuckDB, PostgreSQL and others.
 *
 * @param types The engine's names of types.
 */
export function standardDialect(types: Dialect["types"]): Dialect {
  return {
    types,
    identifier,
    literal,
    relation: identifier,
    jsonText: (column) => `CAST(${column} AS ${types.text})`,
    each: (fields) => ({
      join: `CROSS JOIN LATERAL (VALUES ${
        fields.map(([name, filled]) => `(${name}, ${filled})`).join(", ")
      }) AS f(field, filled)`,
      field: "f.field",
      filled: "f.filled",
    }),
  };
}

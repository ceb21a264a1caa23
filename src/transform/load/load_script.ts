import { duckdbScript } from "./duckdb.ts";
import type { LoadEngine, LoadInput } from "./load_tables.ts";
import { postgresScript } from "./postgres.ts";

/**
 * A script that loads a snapshot's tables into an engine, each under its name with `_` for `/`, with the types that
 * their description says, and the views over them: `all_records`, `all_blocks`, `record_titles`, `translations`,
 * `usages`, and in DuckDB `history`. The same tables make the same script.
 *
 * @param engine The engine.
 * @param input The tables.
 * @return The script.
 */
export function loadScript(engine: LoadEngine, input: LoadInput): string {
  return engine === "duckdb" ? duckdbScript(input) : postgresScript(input);
}

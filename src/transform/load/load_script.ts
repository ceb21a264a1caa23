import { athenaScript } from "./athena.ts";
import { bigqueryScript } from "./bigquery.ts";
import { clickhouseScript } from "./clickhouse.ts";
import { duckdbScript } from "./duckdb.ts";
import type { LoadEngine, LoadInput } from "./load_tables.ts";
import { postgresScript } from "./postgres.ts";

/** What an engine's script reads, and how it is made. */
interface Loader {
  readonly script: (input: LoadInput) => string;
  /** The formats that the engine reads with their types. */
  readonly formats: readonly LoadInput["format"][];
  /** How parts of text may be compressed, by the ends of their names. */
  readonly compressed: readonly (".gz" | ".zst")[];
}

const LOADERS: Readonly<Record<LoadEngine, Loader>> = {
  duckdb: {
    script: duckdbScript,
    formats: ["ndjson", "csv", "parquet"],
    compressed: [".gz", ".zst"],
  },
  postgres: { script: postgresScript, formats: ["ndjson", "csv"], compressed: [".gz", ".zst"] },
  bigquery: { script: bigqueryScript, formats: ["ndjson"], compressed: [".gz"] },
  athena: { script: athenaScript, formats: ["ndjson", "parquet"], compressed: [".gz", ".zst"] },
  clickhouse: {
    script: clickhouseScript,
    formats: ["ndjson", "parquet"],
    compressed: [".gz", ".zst"],
  },
};

/**
 * Why an engine can't load tables.
 *
 * @param engine The engine.
 * @param input The tables.
 * @return A clause with what to do; `undefined` if it can.
 */
export function whyNotLoadable(
  engine: LoadEngine,
  { format, tables }: LoadInput,
): string | undefined {
  const { formats, compressed } = LOADERS[engine];
  if (!formats.includes(format)) {
    return `there is no script that loads tables of ${format} into ${engine}: ` +
      `make others of ${formats.join(" or ")} (sluice tables make --format ${formats[0]})`;
  }
  const suffix = tables.flatMap(({ parts }) => parts)
    .map(({ address }) => /\.(?:gz|zst)$/.exec(address)?.[0])
    .find((suffix) => suffix !== undefined && !compressed.some((known) => known === suffix));
  if (suffix === undefined) return undefined;
  return `${engine} doesn't read parts that are compressed as ${suffix}: ` +
    "make others that aren't compressed (sluice tables make)";
}

/**
 * A script that loads a snapshot's tables into an engine, each under its name with `_` for `/`, with the types that
 * their description says, and the views over them: `all_records`, `all_blocks`, `record_titles`, `translations`,
 * `usages`, and in DuckDB, Athena and ClickHouse `history`. The same tables make the same script.
 *
 * @param engine The engine.
 * @param input The tables, which it must be able to load.
 * @return The script.
 */
export function loadScript(engine: LoadEngine, input: LoadInput): string {
  return LOADERS[engine].script(input);
}

import { fileURLToPath } from "node:url";
import { EXIT, SluiceError } from "../error.ts";
import { findSnapshot } from "../snapshot/find_snapshot.ts";
import { isObject } from "../text/json.ts";
import type { Storage } from "../storage/storage.ts";
import { printable } from "../text/printable.ts";
import { loadScript, whyNotLoadable } from "../transform/load/load_script.ts";
import type { LoadEngine, LoadInput } from "../transform/load/load_tables.ts";
import { openSnapshot } from "./open.ts";

export type { LoadEngine };

/** Options of {@linkcode tableLoadScript}. */
export interface TableLoadOptions {
  /** Only snapshots of this project. @default {undefined} for those of all projects */
  readonly project?: string | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A script that loads the tables of any snapshot into an engine, with explicit types, and views over all of them.
 * It names the tables' parts where they are: by their paths on this machine, or by their addresses in S3.
 *
 * @param storage Where the snapshots are.
 * @param snapshot Which of them.
 * @param engine The engine: DuckDB and ClickHouse get views, PostgreSQL's `psql` and BigQuery make tables in the
 * schema or dataset `sluice`, Athena tables of the files. BigQuery reads Cloud Storage and Athena S3: of a snapshot on
 * this machine, `BUCKET` stands for where it is copied to.
 * @param options In which project, and the signal.
 * @return The script.
 * @throws {SluiceError} If there is no such snapshot, it has no tables, or the engine can't load their form.
 * @throws {StorageError} If it can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { tableLoadScript } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 * });
 * const script = await tableLoadScript(storage, "latest", "duckdb");
 * console.assert(script.includes('CREATE OR REPLACE VIEW "all_records"'));
 * ```
 */
export async function tableLoadScript(
  storage: Storage,
  snapshot: string,
  engine: LoadEngine,
  { project, signal = new AbortController().signal }: TableLoadOptions = {},
): Promise<string> {
  const found = await findSnapshot(storage, snapshot, { project, signal });
  const opened = await openSnapshot(storage, found, { signal });
  const tables = await opened.tables({ signal });
  if (tables.length === 0) {
    throw new SluiceError(
      `${printable(opened.address)} has no tables: make them by sluice tables make.`,
      EXIT.failed,
    );
  }
  const site = await opened.site({ signal });
  const root = rootOf(storage.url, engine);
  const sizes = new Map(
    (opened.manifest?.objects ?? []).map(({ path, size, plainSize = size }) => [path, plainSize]),
  );
  const input: LoadInput = {
    of: opened.address,
    format: tables[0]!.format,
    locales: isObject(site.attributes) ? site.attributes.locales : [],
    tables: tables.map(({ name, model, columns, parts }) => ({
      name,
      model,
      columns,
      parts: parts.map(({ path, size }) => ({
        address: `${root}/${found.prefix}/${path}`,
        size: sizes.get(path) ?? size,
      })),
    })),
  };
  const problem = whyNotLoadable(engine, input);
  if (problem === undefined) return loadScript(engine, input);
  throw new SluiceError(`Of ${printable(opened.address)}, ${problem}.`, EXIT.usage);
}

/** Where an engine finds what a storage holds: BigQuery reads nothing but Cloud Storage, Athena nothing but S3. */
function rootOf(url: string, engine: LoadEngine): string {
  const isLocal = url.startsWith("file:");
  if (engine === "bigquery") return isLocal ? "gs://BUCKET" : url.replace(/^s3:/, "gs:");
  if (!isLocal) return url;
  return engine === "athena" ? "s3://BUCKET" : fileURLToPath(url);
}

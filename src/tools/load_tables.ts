import { fileURLToPath } from "node:url";
import { EXIT, SluiceError } from "../error.ts";
import { findSnapshot } from "../snapshot/find_snapshot.ts";
import { isObject } from "../text/json.ts";
import type { Storage } from "../storage/storage.ts";
import { printable } from "../text/printable.ts";
import { loadScript } from "../transform/load/load_script.ts";
import type { LoadEngine } from "../transform/load/load_tables.ts";
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
 * @param engine The engine: DuckDB gets views, PostgreSQL's `psql` makes tables in the schema `sluice`.
 * @param options In which project, and the signal.
 * @return The script.
 * @throws {SluiceError} If there is no such snapshot, or it has no tables.
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
  const root = storage.url.startsWith("file:") ? fileURLToPath(storage.url) : storage.url;
  const sizes = new Map(
    (opened.manifest?.objects ?? []).map(({ path, size, plainSize = size }) => [path, plainSize]),
  );
  return loadScript(engine, {
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
  });
}

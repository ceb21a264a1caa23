/**
 * What can be done with snapshots that are there, without asking the API.
 *
 * @example Tables of the newest snapshot, as CSV
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { makeTables } from "@sluice/datocms/tools";
 *
 * const made = await makeTables({
 *   storage: new LocalStorage("./snapshots"),
 *   out: new LocalStorage("./tables"),
 *   format: "csv",
 * });
 * console.log(`${made.tables.count} rows`);
 * ```
 *
 * @module
 */
export type { TableProgress, TableShape } from "../snapshot/make_tables.ts";
export {
  type MadeTables,
  type MakeSnapshotTablesOptions,
  makeTables,
  type MakeTablesProgress,
} from "./tables.ts";

import { durationMs } from "../text/duration.ts";
import type { ExportOptions } from "../export/options.ts";
import type { Config } from "./schema.ts";
import { toSourceOptions } from "./to_source_options.ts";

/**
 * What a configuration says about an export, but for its storage.
 *
 * @param config The configuration.
 * @return The options for the library.
 * @throws {SluiceError} If the configuration has no API token.
 */
export function toExportOptions(config: Config): Omit<ExportOptions, "storage"> {
  const { layout, tables, tablesOnly, format, structuredText, locales, allowPublic, maxDelete } =
    config;
  const { maxFailures, freeze, resume, timeBudget } = config;
  return {
    ...toSourceOptions(config),
    layout,
    tables: tablesOnly ? "only" : tables,
    format,
    structuredText,
    locales,
    allowPublic,
    maxDelete,
    maxFailures,
    freeze,
    resume,
    timeBudgetMs: timeBudget === undefined ? undefined : durationMs(timeBudget),
  };
}

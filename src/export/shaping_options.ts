import type { ExportOptions } from "./options.ts";

/**
 * The options that decide what is in a snapshot: no secrets, nothing about speed.
 *
 * @param options The options of an export.
 */
export function shapingOptions(options: ExportOptions): Record<string, unknown> {
  const { environment, models, excludeModels, include, exclude, structuredText, locales } = options;
  const { published = true, layout = "ndjson", tables = true } = options;
  const { format = "ndjson", freeze = false } = options;
  const assets = options.assets === true ? "keep" : options.assets ?? "keep";
  const all = { environment, models, excludeModels, include, exclude, published, assets, layout };
  const shaping = { ...all, tables, format, structuredText, locales, freeze: freeze || undefined };
  return Object.fromEntries(Object.entries(shaping).filter(([, value]) => value !== undefined));
}

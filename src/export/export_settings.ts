import { EXIT, SluiceError } from "../error.ts";
import { MOST_IN_FLIGHT } from "../http/request_gate.ts";
import { assertLabels } from "../snapshot/labels.ts";
import type { AssetMode, ExportOptions, SourceOptions } from "./options.ts";

/** What an export does if its options don't say otherwise. */
export const EXPORT_DEFAULTS = {
  published: true,
  verifyPublished: false,
  assets: "keep",
  concurrency: MOST_IN_FLIGHT,
  allowPublic: false,
  maxFailures: Infinity,
  freeze: false,
  resume: false,
  since: "none",
  fullEvery: 7,
  layout: "ndjson",
  tables: true,
  format: "ndjson",
  compress: "none",
} as const satisfies Partial<ExportOptions>;

/** Options of which some are set. */
type With<Options, Keys extends keyof Options> =
  & Omit<Options, Keys>
  & { readonly [Key in Keys]-?: NonNullable<Options[Key]> };

/**
 * Which project is read, and how: options whose defaults are filled in.
 *
 * What is still optional either has no value that stands for all (`models`, `environment`, `signal`), or has
 * its default where it is used by itself as well: addresses, times and attempts in the client of the API and
 * in the download of an asset, which don't have the same.
 */
export interface SourceSettings
  extends
    With<SourceOptions, "published" | "verifyPublished" | "assets" | "concurrency" | "secrets"> {
  /** What becomes of asset files no longer used by any upload; `false` if none are fetched. */
  readonly assets: AssetMode | false;
}

/** What is exported, how, and where to: options whose defaults are filled in. */
export interface ExportSettings extends
  SourceSettings,
  With<
    Omit<ExportOptions, keyof SourceOptions>,
    | "allowPublic"
    | "maxFailures"
    | "freeze"
    | "resume"
    | "since"
    | "fullEvery"
    | "layout"
    | "tables"
    | "format"
    | "compress"
  > {}

/**
 * Fills in the defaults of what is read.
 *
 * @param options The options as they were given.
 * @return The settings that all else goes by.
 */
export function resolveSourceOptions(options: SourceOptions): SourceSettings {
  const {
    published = EXPORT_DEFAULTS.published,
    verifyPublished = EXPORT_DEFAULTS.verifyPublished,
    assets = EXPORT_DEFAULTS.assets,
    concurrency = EXPORT_DEFAULTS.concurrency,
    secrets = [],
  } = options;
  return {
    ...options,
    published,
    verifyPublished,
    assets: assets === true ? EXPORT_DEFAULTS.assets : assets,
    concurrency,
    secrets,
  };
}

/**
 * Fills in the defaults of an export: the only place that knows them.
 *
 * @param options The options as they were given.
 * @return The settings that all else goes by.
 * @throws {SluiceError} If a label can't be written.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "../storage/local/local_storage.ts";
 * import { resolveExportOptions } from "./export_settings.ts";
 *
 * const storage = new LocalStorage("./snapshots");
 * const settings = resolveExportOptions({ apiToken: "…", storage, assets: true });
 * console.assert(settings.assets === "keep" && settings.layout === "ndjson");
 * ```
 */
export function resolveExportOptions(options: ExportOptions): ExportSettings {
  const {
    allowPublic = EXPORT_DEFAULTS.allowPublic,
    maxFailures = EXPORT_DEFAULTS.maxFailures,
    freeze = EXPORT_DEFAULTS.freeze,
    resume = EXPORT_DEFAULTS.resume,
    since = EXPORT_DEFAULTS.since,
    fullEvery = EXPORT_DEFAULTS.fullEvery,
    layout = EXPORT_DEFAULTS.layout,
    tables = EXPORT_DEFAULTS.tables,
    format = EXPORT_DEFAULTS.format,
  } = options;
  assertLabels(options.labels ?? {});
  // The other layout is read by what knows nothing of compression.
  const compress = layout === "enterprise" ? "none" : options.compress ?? EXPORT_DEFAULTS.compress;
  const own = {
    allowPublic,
    maxFailures,
    freeze,
    resume,
    since,
    fullEvery,
    layout,
    tables,
    format,
    compress,
  };
  return { ...options, ...resolveSourceOptions(options), ...own };
}

/**
 * The settings that decide what is in a snapshot, as its manifest shows them: no secrets, nothing about speed.
 *
 * @param settings The settings of an export.
 */
export function shapingSettings(settings: ExportSettings): Record<string, unknown> {
  const { environment, models, excludeModels, include, exclude, published, assets } = settings;
  const { layout, tables, format, csvFor, parquetCodec, structuredText, locales } = settings;
  const { freeze, verifyPublished } = settings;
  const compress = settings.compress === "none" ? undefined : settings.compress;
  const source = { environment, models, excludeModels, include, exclude, published, assets };
  const verified = { verifyPublished: published && verifyPublished || undefined };
  const rows = { format, csvFor, parquetCodec, compress, structuredText, locales };
  const written = { layout, tables, ...rows };
  const shaping = { ...source, ...verified, ...written, freeze: freeze || undefined };
  return Object.fromEntries(Object.entries(shaping).filter(([, value]) => value !== undefined));
}

/**
 * Makes sure that a frozen export isn't to be resumed: its copy is gone when it ends.
 *
 * @param options The export's options.
 * @throws {SluiceError} If it is.
 */
export function checkFreeze(
  { freeze, resume, timeBudgetMs }: Pick<ExportOptions, "freeze" | "resume" | "timeBudgetMs">,
): void {
  if (!freeze || (!resume && timeBudgetMs === undefined)) return;
  throw new SluiceError(
    `A frozen export can't ${
      resume ? "resume another one" : "have a time budget"
    }: its temporary copy ` +
      "is deleted when it ends, so that nothing could be resumed; leave one of the two out.",
    EXIT.usage,
    { code: "freeze_contradiction", facts: { option: resume ? "resume" : "timeBudget" } },
  );
}

import type { Version } from "../content/resource.ts";
import { findSnapshot, type FindSnapshotOptions } from "../snapshot/find_snapshot.ts";
import type { ExportNotes, Manifest } from "../snapshot/manifest.ts";
import { readJson } from "../snapshot/read_schema.ts";
import { describeSnapshot, type SnapshotInfo } from "../snapshot/snapshot_info.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { isObject } from "../text/json.ts";

/** Options of {@linkcode showSnapshot}. */
export interface ShowSnapshotOptions extends Omit<FindSnapshotOptions, "signal" | "unsealed"> {
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/** The records of a model in one version. */
export interface ShownTally {
  /** How many there are; `null` if no manifest says so. */
  readonly count: number | null;
  /** How many bytes they take. */
  readonly bytes: number;
}

/** What a snapshot holds of a model. */
export interface ShownModel {
  /** The model's `api_key`. */
  readonly model: string;
  /** Its records' current versions; `null` if they weren't exported. */
  readonly current: ShownTally | null;
  /** Its records' published versions; `null` if they weren't exported. */
  readonly published: ShownTally | null;
}

/** A snapshot, as far as it tells of itself without its content being read. */
export interface ShownSnapshot extends SnapshotInfo, ExportNotes {
  /** Its address. */
  readonly address: string;
  /** The project's locales; `null` if nothing tells them. */
  readonly locales: readonly string[] | null;
  /** How many objects it has of its own. */
  readonly objects: number;
  /** What it holds of each model, the largest first. */
  readonly models: readonly ShownModel[];
  /** How many resources of each kind it holds, or why it doesn't; `null` without a manifest. */
  readonly resources: Manifest["resources"] | null;
  /** What became of the asset files; `null` if they weren't exported, or there is no manifest. */
  readonly files: Omit<NonNullable<Manifest["assets"]>, "failures"> | null;
  /** The options that shaped it; `null` without a manifest. */
  readonly options: Manifest["options"] | null;
  /** What isn't part of it, but couldn't be deleted from its folder. */
  readonly leftovers: readonly string[];
}

const BATCH = /^records\/([^/]+)\/(current|published)\/\w+\.(?:ndjson|json)(?:\.gz|\.zst)?$/;

/**
 * Shows what a snapshot holds, sealed or not: by its manifest, or else by a listing, as of a Project Export of
 * DatoCMS. Batches aren't read.
 *
 * @param storage Where the snapshots are.
 * @param snapshot Which of them. @default {"latest"}
 * @param options In which project and environment, and the signal.
 * @throws {SluiceError} If it isn't there.
 * @throws {StorageError} If the storage can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { showSnapshot } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const { name, state, models } = await showSnapshot(storage, "latest");
 * console.log(name, state, models[0]?.model);
 * ```
 */
export async function showSnapshot(
  storage: Storage,
  snapshot: string = "latest",
  { signal = new AbortController().signal, ...where }: ShowSnapshotOptions = {},
): Promise<ShownSnapshot> {
  const found = await findSnapshot(storage, snapshot, { ...where, unsealed: true, signal });
  const { info, manifest } = await describeSnapshot(storage, found, signal);
  const address = `${storage.url}/${found.prefix}`;
  if (manifest === undefined) {
    return { ...info, address, ...await listed(storage, found.prefix, signal) };
  }
  const { locales, objects, records, resources, options, assets, leftovers = [] } = manifest;
  const { findings, warnings, failures } = manifest;
  const models = Object.entries(records).map(([model, { current = null, published = null }]) => {
    return { model, current, published };
  });
  return {
    ...info,
    address,
    locales,
    objects: objects.length,
    models: largestFirst(models),
    resources,
    files: assets === undefined ? null : withoutFailures(assets),
    options,
    leftovers,
    findings,
    warnings,
    failures,
  };
}

/** The failures tell of those again. */
function withoutFailures({ failures: _, ...assets }: NonNullable<Manifest["assets"]>) {
  return assets;
}

/** What a listing tells of a snapshot. */
async function listed(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<Omit<ShownSnapshot, Exclude<keyof SnapshotInfo, "bytes"> | "address">> {
  const models = new Map<string, Record<Version, ShownTally | null>>();
  let [objects, bytes] = [0, 0];
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const { key, size } of page) {
      objects++;
      bytes += size;
      const [, model, version] = BATCH.exec(key.slice(prefix.length + 1)) ?? [];
      if (model === undefined) continue;
      const tallies = models.get(model) ?? { current: null, published: null };
      const before = tallies[version as Version]?.bytes ?? 0;
      tallies[version as Version] = { count: null, bytes: before + size };
      models.set(model, tallies);
    }
  }
  return {
    locales: await localesOf(storage, prefix, signal),
    objects,
    bytes,
    models: largestFirst([...models].map(([model, tallies]) => ({ model, ...tallies }))),
    resources: null,
    files: null,
    options: null,
    leftovers: [],
    findings: [],
    warnings: [],
    failures: [],
  };
}

async function localesOf(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<string[] | null> {
  try {
    const site = await readJson(storage, `${prefix}/site.json`, signal);
    const data = isObject(site) && isObject(site.data) ? site.data : {};
    const locales = isObject(data.attributes) ? data.attributes.locales : undefined;
    return Array.isArray(locales) ? locales.map(String) : null;
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof SyntaxError) return null;
    throw error;
  }
}

function largestFirst(models: readonly ShownModel[]): ShownModel[] {
  const bytes = ({ current, published }: ShownModel) => {
    return (current?.bytes ?? 0) + (published?.bytes ?? 0);
  };
  return models.toSorted((a, b) => bytes(b) - bytes(a) || (a.model < b.model ? -1 : 1));
}

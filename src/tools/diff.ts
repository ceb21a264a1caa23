import { generatorStream } from "../async/generator_stream.ts";
import type { Item, Resource, Version } from "../content/resource.ts";
import { EXIT, SluiceError } from "../error.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import type { AssetChange, Change, DiffProgress, RecordChange } from "./diff/changes.ts";
import { compareListings } from "./diff/compare_listings.ts";
import { compareRecords, recordText } from "./diff/compare_records.ts";
import { compareModels, compareSettings } from "./diff/compare_schema.ts";
import { compareUploads, uploadText } from "./diff/compare_uploads.ts";
import { DiffSide, type SnapshotSource } from "./diff/diff_side.ts";
import { SchemaPair } from "./diff/schema_pair.ts";
import { isOfContent, unreadable } from "./open/reading.ts";

export type {
  AssetChange,
  Change,
  ChangeKind,
  DiffProgress,
  FieldChange,
  RecordChange,
  RecordFieldChange,
  SchemaChange,
} from "./diff/changes.ts";
export type { SnapshotSource } from "./diff/diff_side.ts";

/** Options of {@linkcode diffSnapshots}. */
export interface DiffOptions {
  /** Only these models, by `api_key`, and their records. @default {undefined} for all that there is */
  readonly models?: readonly string[] | undefined;
  /**
   * Whether what changes by itself counts, too: times, version numbers, whether a record is valid. @default {false}
   */
  readonly meta?: boolean | undefined;
  /** Called with a sentence about what can't be compared, because a snapshot doesn't have it. */
  readonly onNote?: ((message: string) => void) | undefined;
  /** Called with how far it is, for each piece that was read. */
  readonly onProgress?: ((progress: DiffProgress) => void) | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

const VERSIONS = ["current", "published"] as const satisfies readonly Version[];

/**
 * Compares two snapshots: models, fields and settings first, then the records of each model, then uploads. The order
 * of rows tells nothing, nor do times and version numbers. Models and fields are the same if their ids are, or else
 * their names; blocks are compared with those of the same id, structured texts as trees.
 *
 * Everything is read, and compared with the manifest's SHA-256 meanwhile; batches that hold something that may differ
 * are read again. At most 80 bytes are held for each record of the largest model, and some megabytes of what differs.
 *
 * @param before The earlier snapshot.
 * @param after The later one, which may be in another place.
 * @param options Options.
 * @return Pages of changes, not always of the same size; none if nothing differs. The stream fails with a
 * {@linkcode SluiceError} if there is no such snapshot or model, if one isn't what was exported, or can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { diffSnapshots } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const latest = { storage, snapshot: "latest" };
 * for await (const page of diffSnapshots(latest, latest)) {
 *   for (const { kind, id, change } of page) console.log(kind, id, change);
 * }
 * ```
 */
export function diffSnapshots(
  before: SnapshotSource,
  after: SnapshotSource,
  options: DiffOptions = {},
): ReadableStream<readonly Change[]> {
  return generatorStream(async function* (stop) {
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const work = new Work(options.onProgress);
    const a = await opened(before, work, signal);
    const b = await opened(after, work, signal);
    try {
      yield* changesBetween(a, b, options, work, signal);
    } catch (error) {
      throw isOfContent(error, signal)
        ? unreadable(`${a.address} or ${b.address}`, error, { advice: OTHERS })
        : error;
    }
  });
}

/** What to do if two snapshots can't be compared. */
const OTHERS = "Verify them, or name others";

async function opened(source: SnapshotSource, work: Work, signal: AbortSignal): Promise<DiffSide> {
  try {
    return await DiffSide.open(source, work.onBytes, signal);
  } catch (error) {
    if (!isOfContent(error, signal)) throw error;
    const { storage, snapshot } = source;
    const name = typeof snapshot === "string" ? snapshot : snapshot.name;
    const what = `The snapshot ${printable(name, 100)} in ${printable(storage.url)}`;
    throw unreadable(what, error, { advice: OTHERS });
  }
}

async function* changesBetween(
  before: DiffSide,
  after: DiffSide,
  { models, meta = false, onNote = () => {} }: DiffOptions,
  work: Work,
  signal: AbortSignal,
): AsyncGenerator<Change[], void> {
  const schemas = new SchemaPair(before.schema, after.schema);
  assertModels(models, schemas);
  const isCompared = (key: string) => models === undefined || models.includes(key);
  const listings = recordListings(before, after, schemas, isCompared, onNote);
  const uploads = models === undefined ? uploadListing(before, after, onNote) : undefined;
  for (const { listings: each } of [...listings, ...uploads ? [uploads] : []]) {
    for (const listing of each) {
      before.expect(listing.before);
      after.expect(listing.after);
    }
  }
  work.now = "models";
  const schema = compareModels(schemas, isCompared, meta);
  if (models === undefined) {
    schema.unshift(...await compareSettings(before, after, { meta, onNote, signal }));
  }
  if (schema.length > 0) yield schema;
  for (const { model, versions, listings: own } of listings) {
    work.now = model;
    const pairs = compareListings<Item>({
      before,
      after,
      listings: own,
      textOf: (record, i) => recordText(record, versions[i]!, meta),
      signal,
    });
    const options = { schemas, model, versions, meta };
    yield* inPages<RecordChange>(async function* () {
      for await (const pair of pairs) {
        const change = compareRecords(pair, options);
        if (change !== undefined) yield change;
      }
    });
  }
  if (uploads === undefined) return;
  work.now = "uploads";
  const { listings: own } = uploads;
  const textOf = (upload: Resource) => uploadText(upload, meta);
  const pairs = compareListings<Resource>({ before, after, listings: own, textOf, signal });
  yield* inPages<AssetChange>(async function* () {
    for await (const pair of pairs) {
      const change = compareUploads(pair, meta);
      if (change !== undefined) yield change;
    }
  });
}

/** The batches of each model that are compared. */
function recordListings(
  before: DiffSide,
  after: DiffSide,
  schemas: SchemaPair,
  isCompared: (apiKey: string) => boolean,
  onNote: (message: string) => void,
) {
  return schemas.itemTypes.flatMap((pair) => {
    const { api_key: model, modular_block: isBlock } = (pair.after ?? pair.before)!.attributes;
    if (isBlock || !isCompared(model)) return [];
    const [from, to] = [pair.before?.attributes.api_key, pair.after?.attributes.api_key];
    const versions = VERSIONS.filter((version) => {
      const lacking = [
        ...before.hasRecords(from, version) ? [] : [before.name],
        ...after.hasRecords(to, version) ? [] : [after.name],
      ];
      // What neither has may have been left out on purpose.
      if (lacking.length === 1) {
        const what = `The ${version} versions of ${printable(model, 60)}`;
        onNote(`${what} aren't in ${lacking[0]}: they weren't compared.`);
      }
      return lacking.length === 0;
    });
    const listings = versions.map((version) => ({
      before: before.records(from, version),
      after: after.records(to, version),
    }));
    return [{ model, versions, listings }];
  });
}

function uploadListing(before: DiffSide, after: DiffSide, onNote: (message: string) => void) {
  const lacking = [before, after].filter((side) => !side.hasResource("uploads"));
  if (lacking.length === 0) {
    return { listings: [{ before: before.uploads, after: after.uploads }] };
  }
  if (lacking.length === 1) onNote(`Uploads aren't in ${lacking[0]!.name}: they weren't compared.`);
  return undefined;
}

function assertModels(models: readonly string[] | undefined, { itemTypes }: SchemaPair): void {
  const keys = itemTypes.flatMap(({ before, after }) => {
    return [before, after].flatMap((type) => type ? [type.attributes.api_key] : []);
  });
  const unknown = models?.find((model) => !keys.includes(model));
  if (unknown === undefined) return;
  const close = nearest(unknown, keys);
  throw new SluiceError(
    `Neither snapshot has a model ${JSON.stringify(printable(unknown, 60))}${
      close === undefined ? "." : `: the nearest is ${printable(close, 60)}.`
    }`,
    EXIT.usage,
  );
}

/** Changes in a page. */
const PAGE = 20;

/** Puts changes into pages. */
async function* inPages<T>(each: () => AsyncGenerator<T, void>): AsyncGenerator<T[], void> {
  let page: T[] = [];
  for await (const change of each()) {
    page.push(change);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** How far it is. */
class Work {
  now = "";
  readonly #onProgress: DiffOptions["onProgress"];
  #bytes = 0;
  #totalBytes = 0;

  constructor(onProgress: DiffOptions["onProgress"]) {
    this.#onProgress = onProgress;
  }

  readonly onBytes = (read: number, expected: number): void => {
    this.#bytes += read;
    this.#totalBytes += expected;
    const [bytes, totalBytes] = [this.#bytes, Math.max(this.#bytes, this.#totalBytes)];
    if (read > 0) this.#onProgress?.({ now: this.now, bytes, totalBytes });
  };
}

import { concurrently } from "../async/concurrently.ts";
import { generatorStream } from "../async/generator_stream.ts";
import { EXIT, SluiceError } from "../error.ts";
import { foldersOf, type FoundSnapshot, snapshotIn, undoIn } from "../snapshot/find_snapshot.ts";
import { hasLabel } from "../snapshot/labels.ts";
import { secondsOf, SKEW_MS } from "../snapshot/find_snapshots.ts";
import { type SnapshotFolder, snapshotFolders } from "../snapshot/snapshot_folders.ts";
import { describeSnapshot, type SnapshotInfo } from "../snapshot/snapshot_info.ts";
import type { Storage } from "../storage/storage.ts";
import { parseTime } from "../text/iso_time.ts";
import { nearest } from "../text/nearest.ts";
import { printable, shownAddress } from "../text/printable.ts";

export type { SnapshotInfo };

/** Which snapshots are listed. */
export interface ListSnapshotsOptions {
  /** Only those of this project. @default {All} */
  readonly project?: string | undefined;
  /** Only those of this environment. @default {All} */
  readonly environment?: string | undefined;
  /**
   * Only those before this one: a date or time in ISO 8601, seconds since 1970, or the name of a snapshot, after
   * which the list continues. @default {All}
   */
  readonly before?: string | undefined;
  /** Only those of this time or later, in ISO 8601 or in seconds since 1970. @default {All} */
  readonly after?: string | undefined;
  /** Only those that have all of these labels: `name`, whatever its value is, or `name=value`. @default {All} */
  readonly labels?: readonly string[] | undefined;
  /** Whether those that undo a restore are listed, too. @default {false} */
  readonly undo?: boolean | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@linkcode listPage}. */
export interface ListPageOptions extends ListSnapshotsOptions {
  /** At most this many. @default {30} */
  readonly limit?: number | undefined;
}

/** Some snapshots, the newest first. */
export interface SnapshotList {
  /** The snapshots. */
  readonly snapshots: readonly SnapshotInfo[];
  /** At most this many were asked for. */
  readonly limit: number;
  /** What `before` has to be for those that follow; left out if there are none. */
  readonly next?: string;
}

/** How many snapshots are shown, unless it is said. */
const DEFAULT_LIMIT = 30;
/** Snapshots in a page of a stream, which are read at the same time. */
const PAGE = 10;

/**
 * Lists snapshots, the newest first; those that a clock that ran ahead gave their names come last. Takes a listing
 * for each environment with snapshots and each project, and up to three requests for each snapshot that is read from
 * the stream, whether it has the labels or not.
 *
 * @param storage Where they are.
 * @param options Which ones.
 * @return Pages of them. The stream fails with a {@linkcode SluiceError} if the project or environment isn't there,
 * or a time can't be understood, and with a {@linkcode StorageError} if the storage can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { listSnapshots } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * for await (const page of listSnapshots(storage, { after: "2026-01-01" })) {
 *   for (const { name, state, records } of page) console.log(name, state, records);
 * }
 * ```
 */
export function listSnapshots(
  storage: Storage,
  options: ListSnapshotsOptions = {},
): ReadableStream<readonly SnapshotInfo[]> {
  return generatorStream(async function* (stop) {
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const found = await selectSnapshots(storage, options, signal);
    yield* pagesOf(storage, found, options, signal);
  });
}

/** What is known of some snapshots that have the labels, page by page. */
async function* pagesOf(
  storage: Storage,
  found: readonly FoundSnapshot[],
  { labels = [] }: ListSnapshotsOptions,
  signal: AbortSignal,
  size = PAGE,
): AsyncGenerator<readonly SnapshotInfo[], void> {
  for (let at = 0; at < found.length; at += size) {
    const infos = await infosOf(storage, found.slice(at, at + size), signal);
    yield infos.filter((info) => labels.every((label) => hasLabel(info.labels, label)));
  }
}

/**
 * Lists a number of snapshots, the newest first.
 *
 * @param storage Where they are.
 * @param options Which ones, and how many.
 * @throws {SluiceError} If the project or environment isn't there, or a time can't be understood.
 * @throws {StorageError} If the storage can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { listPage } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const { snapshots } = await listPage(storage, { limit: 5 });
 * console.assert(snapshots[0]?.state === "complete");
 * ```
 */
export async function listPage(
  storage: Storage,
  options: ListPageOptions = {},
): Promise<SnapshotList> {
  const { limit = DEFAULT_LIMIT, signal = new AbortController().signal } = options;
  const found = await selectSnapshots(storage, options, signal);
  const snapshots: SnapshotInfo[] = [];
  for await (const page of pagesOf(storage, found, options, signal, limit)) {
    snapshots.push(...page.slice(0, limit - snapshots.length));
    if (snapshots.length === limit) break;
  }
  const last = snapshots.at(-1);
  const isMore = snapshots.length === limit && last !== undefined &&
    last.prefix !== found.at(-1)?.prefix;
  return { snapshots, limit, ...(isMore && { next: last.name }) };
}

/**
 * Finds the snapshots that are to be listed, by their names alone.
 *
 * @param storage Where they are.
 * @param options Which ones.
 * @param signal Aborts it.
 * @return All of them, the newest first.
 * @throws {SluiceError} If the project or environment isn't there, or a time can't be understood.
 * @throws {StorageError} If the storage can't be read.
 */
export async function selectSnapshots(
  storage: Storage,
  { project, environment, before, after, undo = false }: ListSnapshotsOptions,
  signal: AbortSignal,
): Promise<FoundSnapshot[]> {
  const isBefore = before === undefined ? () => true : beforeOf(before);
  const from = after === undefined ? -Infinity : startOf("after", after);
  const all = await snapshotFolders(storage, { signal });
  let folders = project === undefined ? all : all.filter((folder) => folder.project === project);
  assertThere(storage, "project", project, folders, all.map((folder) => folder.project));
  if (environment !== undefined) {
    const names = folders.flatMap((folder) => folder.environment ?? []);
    folders = await foldersOf(storage, folders, environment, signal);
    assertThere(storage, "environment", environment, folders, names);
  }
  return folders
    .flatMap((folder) => [
      ...folder.seconds.map((seconds) => ({ folder, seconds, id: undefined })),
      ...(undo ? folder.undo : []).map((id) => ({ folder, seconds: secondsOf(id), id })),
    ])
    .filter((place) => place.seconds * 1000 >= from && isBefore(place))
    .sort(inOrder)
    .map(({ folder, seconds, id }) => id ? undoIn(folder, id) : snapshotIn(folder, seconds));
}

/** A snapshot, as its place in a list follows from it. */
interface Place {
  readonly folder: Pick<SnapshotFolder, "project" | "environment">;
  readonly seconds: number;
}

function inOrder(a: Place, b: Place): number {
  return Number(isAhead(a)) - Number(isAhead(b)) || b.seconds - a.seconds ||
    compare(a.folder.project, b.folder.project) ||
    compare(a.folder.environment ?? "", b.folder.environment ?? "");
}

/** Whether the clock of who named it must have run ahead. */
function isAhead({ seconds }: Place): boolean {
  return seconds * 1000 > Date.now() + SKEW_MS;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function beforeOf(text: string): (place: Place) => boolean {
  const [, project, environment, seconds] =
    /^([^/]+)\/(?:([^/]+)\/)?(?:undo_)?(\d{1,15})$/.exec(text) ?? [];
  if (project !== undefined) {
    const last: Place = { folder: { project, environment }, seconds: Number(seconds) };
    return (place) => inOrder(last, place) < 0;
  }
  const until = startOf("before", text);
  return ({ seconds }) => seconds * 1000 < until;
}

function startOf(which: "before" | "after", text: string): number {
  const start = /^\d{1,15}$/.test(text) ? Number(text) * 1000 : parseTime(text)?.start;
  if (start !== undefined) return start;
  const name = which === "before" ? ", or the name of a snapshot" : "";
  throw new SluiceError(
    `Snapshots are listed ${which} a date or time such as 2026-01-31 or 2026-01-31T14:30, or seconds since ` +
      `1970${name}, but ${JSON.stringify(printable(text, 60))} is none of these.`,
    EXIT.usage,
  );
}

function assertThere(
  storage: Storage,
  what: "project" | "environment",
  name: string | undefined,
  folders: readonly SnapshotFolder[],
  names: readonly string[],
): void {
  if (name === undefined || folders.length > 0) return;
  const close = nearest(name, [...new Set(names)]);
  const advice = close === undefined ? "" : `: the nearest is ${printable(close, 60)}`;
  throw new SluiceError(
    `There are no snapshots of ${what} ${JSON.stringify(printable(name, 60))} in ${
      shownAddress(storage.url)
    }${advice}.`,
  );
}

async function infosOf(
  storage: Storage,
  found: readonly FoundSnapshot[],
  signal: AbortSignal,
): Promise<SnapshotInfo[]> {
  const infos: SnapshotInfo[] = [];
  await concurrently(
    found.map((one, at) => async (signal) => {
      infos[at] = (await describeSnapshot(storage, one, signal)).info;
    }),
    PAGE,
    signal,
  );
  return infos;
}

import { EXIT, SluiceError } from "../error.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { parseTime } from "../text/iso_time.ts";
import { nearest } from "../text/nearest.ts";
import { fewNames, printable, shownAddress } from "../text/printable.ts";
import { findLatest } from "./find_latest.ts";
import { LOOK_BACK } from "./find_snapshots.ts";
import { CANARY } from "./layout.ts";
import { readManifest } from "./read_manifest.ts";
import { type SnapshotFolder, snapshotFolders } from "./snapshot_folders.ts";

/** A snapshot that was found by its name. */
export interface FoundSnapshot {
  /** Where it lies in its storage, without a trailing slash. */
  readonly prefix: string;
  /** What names it, and no other one: `[<project>/][<environment>/]<id>`, such as `123/staging/1767323045`. */
  readonly name: string;
  /** The project's id. */
  readonly project: string;
  /** The sandbox; `undefined` for the primary environment. */
  readonly environment: string | undefined;
  /** The seconds since 1970 in its folder's name; or that name, if it holds what an undone restore replaced. */
  readonly id: string;
}

/** Options of {@linkcode findSnapshot}. */
export interface FindSnapshotOptions {
  /** Only snapshots of this project. @default {undefined} for those of all projects */
  readonly project?: string | undefined;
  /** Only snapshots of this environment. @default {undefined} for those of all, and the newest of the primary one */
  readonly environment?: string | undefined;
  /** Whether one that isn't sealed may be found by its id. @default {false} */
  readonly unsealed?: boolean | undefined;
  /** Aborts the search. */
  readonly signal: AbortSignal;
}

/** Candidates that are named in an error, at most. */
const NAMED = 5;
const UNDO = /^undo_\d+$/;

/**
 * Finds a snapshot, of this program or a Project Export of DatoCMS.
 *
 * @param storage Where snapshots are.
 * @param text What names it: `[<project>/][<environment>/]<id>`. The id is the seconds in its folder's name, or
 * their first four digits or more; a date or time in ISO 8601 (UTC unless it says otherwise), for the newest
 * sealed one at or before it; `latest`, for the newest sealed one; or `latest:<environment>`. Where no
 * environment is named, these are of the primary one.
 * @param options In which project and environment, and the signal.
 * @throws {SluiceError} If none has this name (exit code 1), or several have, or it can't be one (exit code 2).
 * @throws {StorageError} If the storage can't be read.
 */
export async function findSnapshot(
  storage: Storage,
  text: string,
  { project, environment, unsealed = false, signal }: FindSnapshotOptions,
): Promise<FoundSnapshot> {
  const { id, words, latestOf } = parseName(text);
  const wanted = [environment, latestOf].filter((name) => name !== undefined);
  if (id === "latest") {
    const latest = await findLatest(storage, { project, words, environments: wanted }, signal);
    if (latest !== undefined) return snapshotIn(latest, latest.seconds);
  }
  const all = await snapshotFolders(storage, { project, signal });
  const shown = JSON.stringify(printable(text, 60));
  const where = shownAddress(storage.url);
  if (all.every(({ seconds, undo }) => seconds.length + undo.length === 0)) {
    throw noSnapshots(storage, project);
  }
  const folders = await foldersNamed(storage, all, { words, environments: wanted, signal });
  const newest = id === "latest" ? Infinity : parseTime(id)?.end;
  if (newest === undefined && !UNDO.test(id) && !/^\d+$/.test(id)) throw noName(shown);
  const candidates = folders.flatMap(({ folder }) => named(folder, id));
  let found: readonly FoundSnapshot[] = candidates;
  if (newest !== undefined) {
    found = await newestOfEach(storage, folders, newest, signal);
  } else if (candidates.length > 1) {
    const exact = candidates.filter((candidate) => candidate.id === id);
    // What `list` shows names that snapshot, also if another environment has one of the same second.
    const whole = exact.filter(({ name }) => name === text);
    found = [whole, exact, candidates].find(({ length }) => length > 0)!;
  }
  if (found.length > 1) {
    const names = fewNames(found.map(({ name }) => name), NAMED);
    throw new SluiceError(
      `${shown} names several snapshots in ${where}: say which of ${names}.`,
      EXIT.usage,
    );
  }
  const [only] = found;
  if (only === undefined) {
    const advice = nearestText(folders.map(({ folder }) => folder), all, { id, words, wanted });
    throw new SluiceError(`There is no snapshot ${shown} in ${where}: ${advice}.`);
  }
  const isKnownSealed = newest !== undefined || unsealed;
  if (!isKnownSealed && !await isSealed(storage, only.prefix, signal)) {
    throw new SluiceError(
      `The snapshot ${only.name} in ${where} isn't complete: resume its export, or name another one.`,
    );
  }
  return only;
}

/**
 * The folders of an environment: a sandbox's, and the primary one's if its newest sealed snapshot says that it
 * has this name.
 *
 * @param storage Where they are.
 * @param folders All of them.
 * @param environment The environment.
 * @param signal Aborts the reading.
 * @throws {StorageError} If the storage can't be read.
 */
export async function foldersOf(
  storage: Storage,
  folders: readonly SnapshotFolder[],
  environment: string,
  signal: AbortSignal,
): Promise<SnapshotFolder[]> {
  const own: SnapshotFolder[] = [];
  for (const folder of folders) {
    const name = folder.environment ?? await primaryName(storage, folder, signal);
    if (name === environment) own.push(folder);
  }
  return own;
}

/**
 * A snapshot in a folder.
 *
 * @param folder The folder.
 * @param seconds The snapshot's time, as its name tells it.
 */
export function snapshotIn(
  folder: Pick<SnapshotFolder, "project" | "environment" | "prefix">,
  seconds: number,
): FoundSnapshot {
  return inFolder(folder, String(seconds), `snapshot_${seconds}`);
}

/**
 * A snapshot in a folder that undoes a restore.
 *
 * @param folder The folder.
 * @param id What it is called.
 */
export function undoIn(
  folder: Pick<SnapshotFolder, "project" | "environment" | "prefix">,
  id: string,
): FoundSnapshot {
  return inFolder(folder, id, id);
}

/**
 * The error of a place where no snapshot is.
 *
 * @param storage The place.
 * @param project The project whose snapshots were looked for, if it was one's.
 */
export function noSnapshots(storage: Pick<Storage, "url">, project?: string): SluiceError {
  const of = project === undefined ? "" : ` of project ${printable(project, 60)}`;
  return new SluiceError(
    `There are no snapshots${of} in ${shownAddress(storage.url)}: export to it first, or look in ` +
      "another place.",
  );
}

/** A name, taken apart. */
interface ParsedName {
  readonly id: string;
  /** What stands before it: a project, an environment, or both. */
  readonly words: readonly string[];
  /** The environment in `latest:<environment>`. */
  readonly latestOf: string | undefined;
}

function parseName(text: string): ParsedName {
  const words = text.split("/");
  const last = words.pop()!;
  if (words.length > 2 || words.includes("")) throw noName(JSON.stringify(printable(text, 60)));
  const latestOf = /^latest:(.+)$/s.exec(last)?.[1];
  return { id: latestOf === undefined ? last : "latest", words, latestOf };
}

/** A folder that a name may mean. */
interface NamedFolder {
  readonly folder: SnapshotFolder;
  /** Whether the name says which environment. */
  readonly isNamed: boolean;
}

async function foldersNamed(
  storage: Storage,
  all: readonly SnapshotFolder[],
  { words, environments, signal }: {
    readonly words: readonly string[];
    readonly environments: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<NamedFolder[]> {
  let folders = [...all];
  for (const name of environments) folders = await foldersOf(storage, folders, name, signal);
  const isNamed = environments.length > 0;
  const [first, second] = words;
  if (first === undefined) return folders.map((folder) => ({ folder, isNamed }));
  const ofProject = folders.filter(({ project }) => project === first);
  if (second !== undefined) {
    const own = await foldersOf(storage, ofProject, second, signal);
    return own.map((folder) => ({ folder, isNamed: true }));
  }
  const others = folders.filter(({ project }) => project !== first);
  const ofEnvironment = await foldersOf(storage, others, first, signal);
  return [
    ...ofProject.map((folder) => ({ folder, isNamed })),
    ...ofEnvironment.map((folder) => ({ folder, isNamed: true })),
  ];
}

/** The snapshots of a folder whose id is, or begins with, some digits. */
function named(folder: SnapshotFolder, id: string): FoundSnapshot[] {
  if (folder.undo.includes(id)) return [inFolder(folder, id, id)];
  if (!/^\d+$/.test(id)) return [];
  return folder.seconds.filter((seconds) => {
    const own = String(seconds);
    return own === id || (id.length >= 4 && own.startsWith(id));
  }).map((seconds) => snapshotIn(folder, seconds));
}

/** Of each project, the newest sealed snapshot that isn't newer than a time. */
async function newestOfEach(
  storage: Storage,
  folders: readonly NamedFolder[],
  until: number,
  signal: AbortSignal,
): Promise<FoundSnapshot[]> {
  const newest = new Map<string, { readonly folder: SnapshotFolder; readonly seconds: number }>();
  for (const { folder, isNamed } of folders) {
    if (!isNamed && folder.environment !== undefined) continue;
    const seconds = await newestSealed(storage, folder, until, signal);
    const other = newest.get(folder.project);
    // An environment that was promoted has snapshots in two folders.
    if (seconds === undefined || (other !== undefined && other.seconds >= seconds)) continue;
    newest.set(folder.project, { folder, seconds });
  }
  return [...newest.values()].map(({ folder, seconds }) => snapshotIn(folder, seconds));
}

async function newestSealed(
  storage: Storage,
  folder: SnapshotFolder,
  until: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const old = folder.seconds.filter((seconds) => seconds * 1000 <= until);
  for (const seconds of old.slice(0, LOOK_BACK)) {
    if (await isSealed(storage, snapshotIn(folder, seconds).prefix, signal)) return seconds;
  }
  return undefined;
}

async function isSealed(storage: Storage, prefix: string, signal: AbortSignal): Promise<boolean> {
  return await storage.stat(`${prefix}/${CANARY}`, { signal }) !== undefined;
}

/** What the newest sealed snapshot says that the primary environment is called. */
async function primaryName(
  storage: Storage,
  folder: SnapshotFolder,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  const seconds = await newestSealed(storage, folder, Infinity, signal);
  if (seconds === undefined) return undefined;
  try {
    const { environment } = await readManifest(storage, snapshotIn(folder, seconds).prefix, signal);
    return environment.id;
  } catch (error) {
    // DatoCMS's own exports have none.
    if (error instanceof ObjectNotFoundError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function inFolder(
  folder: Pick<SnapshotFolder, "project" | "environment" | "prefix">,
  id: string,
  name: string,
): FoundSnapshot {
  const { project, environment, prefix } = folder;
  const words = [project, environment, id].filter((word) => word !== undefined);
  return { prefix: `${prefix}/${name}`, name: words.join("/"), project, environment, id };
}

/** What there is instead: the project, the environment or the snapshot that comes nearest. */
function nearestText(
  folders: readonly SnapshotFolder[],
  all: readonly SnapshotFolder[],
  { id, words, wanted }: {
    readonly id: string;
    readonly words: readonly string[];
    readonly wanted: readonly string[];
  },
): string {
  const filled = folders.filter(({ seconds }) => seconds.length > 0);
  if (filled.length === 0) {
    const names = [...new Set(all.flatMap(({ project, environment }) => environment ?? project))];
    const near = [...words, ...wanted].flatMap((word) => nearest(word, names) ?? []);
    if (near.length > 0) return `the nearest is of ${printable(near[0]!, 60)}`;
  }
  const time = parseTime(id)?.end ?? Number(id.padEnd(10, "0")) * 1000;
  const from = filled.length > 0 ? filled : all;
  const each = from.flatMap((folder) => folder.seconds.map((seconds) => ({ folder, seconds })));
  const near = Number.isNaN(time) ? each[0]! : each.reduce((a, b) => {
    const isNearer = Math.abs(b.seconds * 1000 - time) < Math.abs(a.seconds * 1000 - time);
    return isNearer ? b : a;
  });
  return `the nearest is ${snapshotIn(near.folder, near.seconds).name}`;
}

function noName(shown: string): SluiceError {
  return new SluiceError(
    "A snapshot is named by the seconds in its folder's name or their first four digits or more, a date or " +
      "time such as 2026-01-31, latest or latest:<environment>, with <project>/, <environment>/ or both " +
      `before it if need be, but ${shown} is none of these.`,
    EXIT.usage,
  );
}

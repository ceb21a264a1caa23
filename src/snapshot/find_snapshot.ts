import { EXIT, SluiceError } from "../error.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { printable } from "../text/printable.ts";
import { findSnapshots } from "./find_snapshots.ts";
import { CANARY } from "./layout.ts";

/** A sealed snapshot that was found by its name. */
export interface FoundSnapshot {
  /** Where it lies in its storage, without a trailing slash. */
  readonly prefix: string;
  /** What names it, and no other one: `[<project>/][<environment>/]<id>`, such as `123/staging/1767323045`. */
  readonly name: string;
}

/** Options of {@linkcode findSnapshot}. */
export interface FindSnapshotOptions {
  /** Only snapshots of this project. @default {undefined} for those of all projects */
  readonly project?: string | undefined;
  /** Aborts the search. */
  readonly signal: AbortSignal;
}

/** A folder of snapshots: those of an environment of a project. */
interface Folder {
  readonly project: string;
  /** The sandbox; `undefined` for the primary environment. */
  readonly environment: string | undefined;
  /** Where the snapshots lie, the newest first, sealed or not. */
  readonly snapshots: readonly string[];
}

const ROOT = "content/";
/** So many candidates are named in an error. */
const NAMED = 5;
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d(?::?\d\d(?::?\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Finds a sealed snapshot, of this program or a Project Export of DatoCMS.
 *
 * @param storage Where snapshots are.
 * @param text What names it: `[<project>/][<environment>/]<id>`. The id is the seconds in its folder's name, or
 * their first four digits or more; a date or time in ISO 8601 (UTC unless it says otherwise), for the newest
 * one at or before it; `latest`, for the newest one of the primary environment, or of the environment that is
 * named; or `latest:<environment>`.
 * @param options In which project, and the signal.
 * @throws {SluiceError} If none has this name (exit code 1), or several have (exit code 2).
 * @throws {StorageError} If the storage can't be read.
 */
export async function findSnapshot(
  storage: Storage,
  text: string,
  { project, signal }: FindSnapshotOptions,
): Promise<FoundSnapshot> {
  const words = text.split("/");
  let id = words.pop()!;
  let environment: string | undefined;
  const ofLatest = /^latest:(.+)$/s.exec(id)?.[1];
  if (ofLatest !== undefined) [id, environment] = ["latest", ofLatest];
  const all = await foldersOf(storage, project, signal);
  if (all.every(({ snapshots }) => snapshots.length === 0)) {
    const where = project === undefined ? storage.url : `${storage.url} of project ${project}`;
    throw notThere(
      `There are no snapshots in ${printable(where)}`,
      "look in another place, or for another project",
    );
  }
  const folders = all.filter((folder) => {
    const names = [folder.project, folder.environment].filter((name) => name !== undefined);
    if (environment !== undefined && folder.environment !== environment) return false;
    if (words.length === 2) return names.join("/") === words.join("/");
    return words.length === 0 || words.length === 1 && names.includes(words[0]!);
  });
  // Unless an environment is named, the newest one is the primary environment's.
  const isPlain = environment === undefined &&
    !folders.some((folder) =>
      folder.environment !== undefined && words.includes(folder.environment)
    );
  const matches: FoundSnapshot[] = [];
  const isSealed = async (prefix: string) => {
    return await storage.stat(`${prefix}/${CANARY}`, { signal }) !== undefined;
  };
  const untilMs = timeOf(id);
  const isNewest = id === "latest" || untilMs !== undefined;
  let unsealed: string | undefined;
  for (const folder of folders) {
    if (isNewest && isPlain && folder.environment !== undefined) continue;
    for (const prefix of folder.snapshots) {
      const seconds = secondsOf(prefix);
      if (untilMs !== undefined && Number(seconds) * 1000 > untilMs) continue;
      if (!isNewest && !(seconds === id || id.length >= 4 && seconds.startsWith(id))) continue;
      if (!await isSealed(prefix)) {
        unsealed ??= prefix;
        continue;
      }
      matches.push({ prefix, name: nameOf(folder, prefix) });
      // The others are older.
      if (isNewest || matches.length > NAMED) break;
    }
  }
  const exact = matches.filter(({ prefix }) => secondsOf(prefix) === id);
  const found = exact.length > 0 ? exact : matches;
  if (found.length === 1) return found[0]!;
  const shown = JSON.stringify(printable(text, 60));
  if (found.length > 1) {
    const names = found.slice(0, NAMED).map(({ name }) => name);
    throw new SluiceError(
      `${shown} names several snapshots in ${storage.url}: say which of ${names.join(", ")}${
        found.length > NAMED ? ", …" : ""
      }.`,
      EXIT.usage,
    );
  }
  if (unsealed !== undefined) {
    const what = `The snapshot ${printable(`${storage.url}/${unsealed}`)} isn't complete`;
    throw notThere(what, "resume its export, or name another one");
  }
  const nearest = nearestOf(folders.length > 0 ? folders : all, untilMs ?? Number(id) * 1000);
  throw notThere(
    `There is no snapshot ${shown} in ${storage.url}`,
    `the nearest is ${nearest}`,
  );
}

/** The folders of snapshots of all projects, or of one. */
async function foldersOf(
  storage: Storage,
  only: string | undefined,
  signal: AbortSignal,
): Promise<Folder[]> {
  const prefixes = new Set<string>();
  try {
    const listing = storage.folders?.(ROOT, { signal });
    if (listing) { for await (const page of listing) page.forEach((name) => prefixes.add(name)); }
    else {
      for await (const page of storage.list(ROOT, { signal })) {
        for (const { key } of page) prefixes.add(key.split("/")[1]!);
      }
    }
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
  }
  const folders: Folder[] = [];
  for (const name of [...prefixes].sort()) {
    const project = /^project_(.+)$/s.exec(name)?.[1];
    if (project === undefined || (only ?? project) !== project) continue;
    const prefix = `${ROOT}${name}`;
    const { snapshots, sandboxes } = await findSnapshots(storage, prefix, signal);
    folders.push({ project, environment: undefined, snapshots });
    for (const sandbox of sandboxes) {
      const environment = sandbox.slice(prefix.length + 1);
      const { snapshots } = await findSnapshots(storage, sandbox, signal);
      folders.push({ project, environment, snapshots });
    }
  }
  return folders;
}

/** The last millisecond that a date or time names, in milliseconds since 1970. */
function timeOf(text: string): number | undefined {
  if (!DATE.test(text)) return undefined;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) {
    const day = Date.parse(`${text}T00:00:00Z`);
    return Number.isNaN(day) ? undefined : day + 86_400_000 - 1;
  }
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text.slice(10));
  const withMinutes = text.replace(/T(\d\d)(?=Z|[+-]|$)/i, "T$1:00");
  const time = Date.parse(hasZone ? withMinutes : `${withMinutes}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** The snapshot whose time is nearest to one, or else the newest. */
function nearestOf(folders: readonly Folder[], timeMs: number): string {
  const all = folders.flatMap((folder) => folder.snapshots.map((prefix) => ({ folder, prefix })));
  const distance = (prefix: string) => Math.abs(Number(secondsOf(prefix)) * 1000 - timeMs);
  const { folder, prefix } = Number.isNaN(timeMs)
    ? all[0]!
    : all.reduce((a, b) => distance(b.prefix) < distance(a.prefix) ? b : a);
  return nameOf(folder, prefix);
}

function nameOf({ project, environment }: Folder, prefix: string): string {
  return [project, environment, secondsOf(prefix)].filter((word) => word !== undefined).join("/");
}

function secondsOf(prefix: string): string {
  return prefix.slice(prefix.lastIndexOf("_") + 1);
}

function notThere(what: string, advice: string): SluiceError {
  return new SluiceError(`${what}: ${advice}.`);
}

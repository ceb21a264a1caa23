import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { folders } from "./find_snapshots.ts";
import { latestSealed } from "./latest.ts";
import { readManifest } from "./read_manifest.ts";

/** Which snapshot `latest` means. */
export interface LatestQuestion {
  /** The project, if it is told. */
  readonly project: string | undefined;
  /** What stands before `latest`: a project, an environment, or both. */
  readonly words: readonly string[];
  /** What the environment is called otherwise. */
  readonly environments: readonly string[];
}

/** Where the newest sealed snapshot is. */
export interface LatestPlace {
  /** The project's id. */
  readonly project: string;
  /** The sandbox; `undefined` for the primary environment. */
  readonly environment: string | undefined;
  /** Where its snapshots lie, without a trailing slash. */
  readonly prefix: string;
  /** Its time, in seconds since 1970. */
  readonly seconds: number;
}

const CONTENT = "content/";

/**
 * The newest sealed snapshot of one environment, as far as `latest.json` tells it: that takes four requests, and four
 * more if the environment is named, however many environments and snapshots there are.
 *
 * @param storage Where the snapshots are.
 * @param question Of which project and environment.
 * @param signal Aborts the search.
 * @return `undefined` if all has to be listed: also if there is none, or several projects are meant.
 * @throws {StorageError} If the storage can't be read.
 */
export async function findLatest(
  storage: Storage,
  question: LatestQuestion,
  signal: AbortSignal,
): Promise<LatestPlace | undefined> {
  const scope = await scopeOf(storage, question, signal);
  if (scope === undefined) return undefined;
  const { project, environment } = scope;
  const prefix = `${CONTENT}project_${project}`;
  const newest = await latestSealed(storage, prefix, signal);
  if (newest === undefined) return undefined;
  const primary = { project, environment: undefined, prefix, seconds: newest };
  if (environment === undefined) return primary;
  const isPrimary = await nameIn(storage, `${prefix}/snapshot_${newest}`, signal) === environment;
  // Those of a sandbox that has become the primary environment are in its own folder, too.
  const own = `${prefix}/${environment}`;
  const inOwn = await latestSealed(storage, own, signal);
  if (inOwn === undefined) {
    const isEmpty = isPrimary && [...await folders(storage, `${own}/`, signal)].length === 0;
    return isEmpty ? primary : undefined;
  }
  if (isPrimary && newest > inOwn) return primary;
  return { project, environment, prefix: own, seconds: inOwn };
}

/** One project and environment; `undefined` if that isn't what is meant, or can't be told. */
async function scopeOf(
  storage: Storage,
  { project, words, environments }: LatestQuestion,
  signal: AbortSignal,
): Promise<{ readonly project: string; readonly environment: string | undefined } | undefined> {
  const all = [...await folders(storage, CONTENT, signal)].flatMap((name) => {
    return /^project_(.+)$/s.exec(name)?.[1] ?? [];
  });
  // Of several projects it isn't known which of them have snapshots.
  const named = project ?? (words.length === 2 ? words[0] : undefined) ??
    (all.length === 1 ? all[0] : undefined);
  const [first, second] = words;
  if (named === undefined || !all.includes(named)) return undefined;
  if (second !== undefined && first !== named) return undefined;
  const rest = second ?? (first === named ? undefined : first);
  const names = new Set([...environments, ...(rest === undefined ? [] : [rest])]);
  const [environment] = names;
  const isOne = names.size <= 1 &&
    (environment === undefined || /^[a-z0-9-]+$/i.test(environment));
  return isOne ? { project: named, environment } : undefined;
}

/** What a snapshot says that its environment is called. */
async function nameIn(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  try {
    return (await readManifest(storage, prefix, signal)).environment.id;
  } catch (error) {
    // DatoCMS's own exports have none.
    if (error instanceof ObjectNotFoundError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

import { concurrently } from "../async/concurrently.ts";
import type { Storage } from "../storage/storage.ts";
import { findSnapshots, folders, secondsOf } from "./find_snapshots.ts";

/** The snapshots of an environment of a project. */
export interface SnapshotFolder {
  /** The project's id. */
  readonly project: string;
  /** The sandbox; `undefined` for the primary environment. */
  readonly environment: string | undefined;
  /** Where they lie, without a trailing slash. */
  readonly prefix: string;
  /** Each one's time, in seconds since 1970, as its name tells it: in the order of {@linkcode findSnapshots}. */
  readonly seconds: readonly number[];
  /** The names of the folders beside them that hold what an undone restore replaced. */
  readonly undo: readonly string[];
}

/** Options of {@linkcode snapshotFolders}. */
export interface SnapshotFoldersOptions {
  /** Only those of this project. @default {All} */
  readonly project?: string | undefined;
  /** Aborts the listings. */
  readonly signal: AbortSignal;
}

const CONTENT = "content/";
/** Listings at a time. */
const AT_A_TIME = 8;
/** What lies beside snapshots and is no sandbox. */
const OWN = /^(?:drill|restore|undo)_\d+$|^(?:snapshot|undo)_\d+\.idx$/;
const UNDO = /^undo_\d+$/;

/**
 * All folders of snapshots, those without any included. Takes one listing, and one for each project and for
 * each of its sandboxes: in S3 that is a request for each thousand snapshots.
 *
 * @param storage Where they are.
 * @param options Of which project, and the signal.
 * @return The folders by project, the primary environment's first.
 * @throws {StorageError} If they can't be listed.
 */
export async function snapshotFolders(
  storage: Storage,
  { project: only, signal }: SnapshotFoldersOptions,
): Promise<SnapshotFolder[]> {
  const projects = [...await folders(storage, CONTENT, signal)].flatMap((name) => {
    const project = /^project_(.+)$/s.exec(name)?.[1];
    return project === undefined || (only ?? project) !== project ? [] : [project];
  }).sort();
  const found: SnapshotFolder[][] = projects.map(() => []);
  const sandboxes: (() => Promise<void>)[] = [];
  await concurrently(
    projects.map((project, at) => async (signal) => {
      const prefix = `${CONTENT}project_${project}`;
      const { snapshots, sandboxes: others } = await findSnapshots(storage, prefix, signal);
      const names = others.map((other) => other.slice(prefix.length + 1)).sort();
      const undo = names.filter((name) => UNDO.test(name));
      found[at]!.push({ project, environment: undefined, prefix, ...secondsIn(snapshots), undo });
      for (const environment of names.filter((name) => !OWN.test(name))) {
        sandboxes.push(() => addSandbox(at, environment));
      }
    }),
    AT_A_TIME,
    signal,
  );
  await concurrently(sandboxes, AT_A_TIME, signal);
  return found.flatMap(([primary, ...rest]) => {
    return [primary!, ...rest.sort((a, b) => a.environment! < b.environment! ? -1 : 1)];
  });

  async function addSandbox(at: number, environment: string): Promise<void> {
    const { project, prefix: above } = found[at]![0]!;
    const prefix = `${above}/${environment}`;
    const { snapshots, sandboxes: others } = await findSnapshots(storage, prefix, signal);
    const names = others.map((other) => other.slice(prefix.length + 1));
    const undo = names.filter((name) => UNDO.test(name)).sort();
    found[at]!.push({ project, environment, prefix, ...secondsIn(snapshots), undo });
  }
}

function secondsIn(snapshots: readonly string[]): Pick<SnapshotFolder, "seconds"> {
  return { seconds: snapshots.map(secondsOf) };
}

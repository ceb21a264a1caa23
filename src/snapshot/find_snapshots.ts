import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { CANARY } from "./layout.ts";
import type { Manifest, ManifestAssets } from "./manifest.ts";
import { readManifest } from "./read_manifest.ts";

/** What lies where the snapshots of a project and environment are. */
export interface SnapshotFolders {
  /**
   * Where each snapshot lies, without a trailing slash; the newest first, complete or not. Those that a clock
   * that ran ahead gave their names come last.
   */
  readonly snapshots: readonly string[];
  /** Where the snapshots of each sandbox lie, if these are the primary environment's. */
  readonly sandboxes: readonly string[];
}

/** A complete snapshot that tells of asset files. */
export interface SnapshotWithAssets {
  /** Where it lies, without a trailing slash. */
  readonly prefix: string;
  /** Its manifest. */
  readonly manifest: Manifest & { readonly assets: ManifestAssets };
  /** The key of its list of what became of each asset. */
  readonly index: string;
}

/** Clocks of machines differ by less than this, in milliseconds: what is later was named by a wrong one. */
export const SKEW_MS = 3_600_000;
/** How many snapshots are looked at to find one: with none in so many, it is as if there were none. */
export const LOOK_BACK = 100;

/**
 * A snapshot's time as its name tells it, in seconds since 1970.
 *
 * @param name The name of its folder, or where it lies.
 */
export function secondsOf(name: string): number {
  return Number(name.slice(name.lastIndexOf("_") + 1));
}

/**
 * The snapshots of a project and environment.
 *
 * @param storage Where they are.
 * @param prefix Where they lie in there, without a trailing slash.
 * @param signal Aborts the listing.
 * @throws {StorageError} If they can't be listed.
 */
export async function findSnapshots(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<SnapshotFolders> {
  const seconds: number[] = [];
  const sandboxes: string[] = [];
  for (const name of await folders(storage, `${prefix}/`, signal)) {
    const second = /^snapshot_(\d{1,15})$/.exec(name)?.[1];
    if (second === undefined) sandboxes.push(`${prefix}/${name}`);
    else seconds.push(Number(second));
  }
  const now = (Date.now() + SKEW_MS) / 1000;
  seconds.sort((a, b) => Number(a > now) - Number(b > now) || b - a);
  return { snapshots: seconds.map((second) => `${prefix}/snapshot_${second}`), sandboxes };
}

/**
 * The newest complete snapshot that tells of asset files.
 *
 * @param storage Where the snapshots are.
 * @param snapshots Where they lie in there, the newest first.
 * @param signal Aborts the search.
 * @param lookBack How many of them are looked at.
 * @return The snapshot, or `undefined` if there is none among those.
 * @throws {SyntaxError} If a manifest can't be understood.
 * @throws {StorageError} If they can't be looked at.
 */
export async function newestWithAssets(
  storage: Storage,
  snapshots: readonly string[],
  signal: AbortSignal,
  lookBack: number = LOOK_BACK,
): Promise<SnapshotWithAssets | undefined> {
  for (const snapshot of snapshots.slice(0, lookBack)) {
    const isComplete = await storage.stat(`${snapshot}/${CANARY}`, { signal }) !== undefined;
    if (!isComplete) continue;
    const manifest = await readManifest(storage, snapshot, signal).catch(nothingIfNotFound);
    // Without a manifest it isn't complete, either: somebody is deleting it.
    if (manifest?.assets === undefined) continue;
    const { assets } = manifest;
    const index = `${snapshot}/${assets.index}`;
    return { prefix: snapshot, manifest: { ...manifest, assets }, index };
  }
  return undefined;
}

function nothingIfNotFound(error: unknown): undefined {
  if (!(error instanceof ObjectNotFoundError)) throw error;
}

/**
 * The names of the folders directly below a prefix, those of objects of any depth included.
 *
 * @param storage Where they are.
 * @param prefix The prefix, which ends with `/`.
 * @param signal Aborts the listing.
 * @throws {StorageError} If they can't be listed.
 */
export async function folders(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<Iterable<string>> {
  const names = new Set<string>();
  if (storage.folders !== undefined) {
    for await (const page of storage.folders(prefix, { signal })) {
      for (const name of page) names.add(name);
    }
    return names;
  }
  for await (const page of storage.list(prefix, { signal })) {
    for (const { key } of page) {
      const slash = key.indexOf("/", prefix.length);
      if (slash > 0) names.add(key.slice(prefix.length, slash));
    }
  }
  return names;
}

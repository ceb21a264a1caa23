import { concurrently } from "../async/concurrently.ts";
import { snapshotIn } from "../snapshot/find_snapshot.ts";
import { findSnapshots, folders, secondsOf } from "../snapshot/find_snapshots.ts";
import { renewLatest } from "../snapshot/latest.ts";
import { CANARY, CHECKPOINT, MANIFEST } from "../snapshot/layout.ts";
import { ExportLock } from "../snapshot/lock/export_lock.ts";
import { LockedError } from "../snapshot/lock/lock_errors.ts";
import type { ManifestNote } from "../snapshot/manifest.ts";
import { describeSnapshot, type SnapshotInfo } from "../snapshot/snapshot_info.ts";
import { deleteIfAllowed } from "../storage/delete_if_allowed.ts";
import { DeletionRefusedError, type Storage, StorageError } from "../storage/storage.ts";
import { printable } from "../text/printable.ts";
import { folderOf, type PrunePlan } from "./prune_policy.ts";

/** Options of {@linkcode applyPrune}. */
export interface PruneOptions {
  /** Whether it only finds out what would be removed, and how much that is. @default {false} */
  readonly dryRun?: boolean | undefined;
  /** Called with the number of snapshots that were removed or looked at since the last time. */
  readonly onSnapshot?: ((snapshots: number) => void) | undefined;
  /** How long the lock of a prune that was killed holds others off, in milliseconds. @default {120_000} */
  readonly lockTtlMs?: number | undefined;
  /** Aborts it; what was removed by then is gone. */
  readonly signal?: AbortSignal | undefined;
}

/** A snapshot, as it is named. */
export interface NamedSnapshot {
  /** The seconds since 1970 in its folder's name. */
  readonly id: string;
  /** What names it among all snapshots of a place: `<project>/[<environment>/]<id>`. */
  readonly name: string;
}

/** A snapshot that was removed. */
export interface RemovedSnapshot extends NamedSnapshot {
  /** The size of its objects in bytes, asset files apart. */
  readonly bytes: number;
  /** Until when the bucket's Object Lock keeps its bytes all the same, in ISO 8601; left out if it doesn't. */
  readonly lockedUntil?: string;
}

/** A snapshot that couldn't be removed. */
export interface UnremovedSnapshot extends NamedSnapshot {
  /** Why not: a clause or a sentence. */
  readonly reason: string;
  /** Until when the bucket's Object Lock keeps it, in ISO 8601; left out if it doesn't. */
  readonly lockedUntil?: string;
}

/** What {@linkcode applyPrune} did, or would do. */
export interface PruneResult {
  /** The snapshots that the plan keeps, and why. */
  readonly keep: readonly (NamedSnapshot & { readonly reasons: readonly string[] })[];
  /** Those that were removed. */
  readonly remove: readonly RemovedSnapshot[];
  /** Those that should have been removed, but are still there. */
  readonly failed: readonly UnremovedSnapshot[];
  /** How many bytes were freed. */
  readonly freed: number;
  /** What the user should know. */
  readonly warnings: readonly ManifestNote[];
}

/** Snapshots that are looked at or removed at a time. */
const AT_A_TIME = 4;
/** Objects that are deleted in one call. */
const AT_ONCE = 1000;
/** What goes first, in this order: what is left of a snapshot doesn't look like one, and nobody resumes it. */
const FIRST = [CANARY, MANIFEST, CHECKPOINT];

/**
 * Removes the snapshots that a plan doesn't keep, each environment's while nobody exports it: those of an
 * environment that is being exported stay. A snapshot's seal goes first, so that wherever it is interrupted, nothing
 * that isn't complete claims to be. Asset files stay: other snapshots share them.
 *
 * @param storage Where the snapshots are.
 * @param plan Which of them stay, and which go.
 * @param options Whether anything is removed, and the signal.
 * @return What was removed, and what couldn't be.
 * @throws {StorageError} If the storage can't be read or written.
 * @throws The signal's reason.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "@sluice/datocms";
 * import { applyPrune, listSnapshots, planPrune } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./snapshots");
 * const snapshots = (await Array.fromAsync(listSnapshots(storage))).flat();
 * const plan = planPrune(snapshots, { keepDaily: 7, keepMonthly: 12 });
 * const { remove, freed } = await applyPrune(storage, plan);
 * console.log(remove.length, freed);
 * ```
 */
export async function applyPrune(
  storage: Storage,
  plan: PrunePlan,
  options: PruneOptions = {},
): Promise<PruneResult> {
  const { dryRun = false, onSnapshot, lockTtlMs: ttlMs } = options;
  const { signal = new AbortController().signal } = options;
  const remove: RemovedSnapshot[] = [];
  const failed: UnremovedSnapshot[] = [];
  const onEnd = (end: RemovedSnapshot | UnremovedSnapshot) => {
    if ("reason" in end) failed.push(end);
    else remove.push(end);
    onSnapshot?.(1);
  };
  for (const [folder, snapshots] of Map.groupBy(plan.remove, folderOf)) {
    if (dryRun) {
      if (await ExportLock.isHeld(storage, folder, signal)) snapshots.map(inUse).forEach(onEnd);
      else await each(snapshots, lookAt);
      continue;
    }
    try {
      await using lock = await ExportLock.acquire(storage, folder, { ttlMs, signal });
      const removeOne = async (one: SnapshotInfo, signal: AbortSignal) => {
        onEnd(await removeSnapshot(lock.storage, one, signal));
      };
      try {
        await each(snapshots, removeOne, lock.signal);
        await clearIndexes(lock.storage, folder, lock.signal);
        await renewLatest(lock.storage, folder, lock.signal);
      } catch (error) {
        throw await lock.reasonOf(error);
      }
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      snapshots.map(inUse).forEach(onEnd);
    }
  }
  const order = new Map(plan.remove.map(({ name }, index) => [name, index]));
  const inOrder = (a: NamedSnapshot, b: NamedSnapshot) => order.get(a.name)! - order.get(b.name)!;
  const now = new Date().toISOString();
  const freed = remove.filter(({ lockedUntil = now }) => lockedUntil <= now);
  return {
    keep: plan.keep.map(({ snapshot, reasons }) => ({ ...nameOf(snapshot), reasons })),
    remove: remove.sort(inOrder),
    failed: failed.sort(inOrder),
    freed: freed.reduce((sum, { bytes }) => sum + bytes, 0),
    warnings: remove.length === 0 ? [] : await versionsKept(storage, signal),
  };

  async function lookAt(snapshot: SnapshotInfo, signal: AbortSignal): Promise<void> {
    const { bytes, locked } = await contentOf(storage, snapshot.prefix, signal);
    onEnd({ ...nameOf(snapshot), bytes, ...locked });
  }

  async function each(
    snapshots: readonly SnapshotInfo[],
    run: (snapshot: SnapshotInfo, signal: AbortSignal) => Promise<void>,
    until = signal,
  ): Promise<void> {
    const tasks = snapshots.map((one) => (signal: AbortSignal) => run(one, signal));
    await concurrently(tasks, AT_A_TIME, until);
  }
}

/**
 * What is known of all snapshots of an environment, the newest first.
 *
 * @param storage Where they are.
 * @param folder Where they lie in there, without a trailing slash.
 * @param signal Aborts the reading.
 * @throws {StorageError} If they can't be read.
 */
export async function snapshotsIn(
  storage: Storage,
  folder: string,
  signal: AbortSignal,
): Promise<SnapshotInfo[]> {
  const [, project = "", environment] = /^content\/project_([^/]+)(?:\/(.+))?$/.exec(folder) ?? [];
  const { snapshots } = await findSnapshots(storage, folder, signal);
  const infos: SnapshotInfo[] = [];
  const tasks = snapshots.map((prefix, at) => async (signal: AbortSignal) => {
    const found = snapshotIn({ project, environment, prefix: folder }, secondsOf(prefix));
    infos[at] = (await describeSnapshot(storage, found, signal)).info;
  });
  await concurrently(tasks, AT_A_TIME, signal);
  return infos;
}

/** Removes a snapshot; the lock of its environment is held. */
async function removeSnapshot(
  storage: Storage,
  snapshot: SnapshotInfo,
  signal: AbortSignal,
): Promise<RemovedSnapshot | UnremovedSnapshot> {
  const { prefix } = snapshot;
  const { keys, bytes, locked } = await contentOf(storage, prefix, signal);
  if (snapshot.state === "incomplete" && keys.has(`${prefix}/${CANARY}`)) {
    return { ...nameOf(snapshot), reason: "it has been completed meanwhile" };
  }
  try {
    for (const key of FIRST.map((path) => `${prefix}/${path}`)) {
      if (keys.delete(key)) await storage.delete([key], { signal });
    }
    const rest = [...keys];
    for (let at = 0; at < rest.length; at += AT_ONCE) {
      await storage.delete(rest.slice(at, at + AT_ONCE), { signal });
    }
  } catch (error) {
    if (!(error instanceof DeletionRefusedError)) throw error;
    return { ...nameOf(snapshot), reason: printable(error.message, 300), ...locked };
  }
  await clear(storage, prefix, signal);
  return { ...nameOf(snapshot), bytes, ...locked };
}

/** Removes what was made of snapshots that are gone, and lies beside them. */
async function clearIndexes(storage: Storage, folder: string, signal: AbortSignal): Promise<void> {
  const names = new Set(await folders(storage, `${folder}/`, signal));
  for (const name of names) {
    const [, snapshot] = /^(snapshot_\d+)\.idx$/.exec(name) ?? [];
    if (snapshot === undefined || names.has(snapshot)) continue;
    for await (const page of storage.list(`${folder}/${name}/`, { signal })) {
      await deleteIfAllowed(storage, page.map(({ key }) => key), { signal });
    }
  }
}

/** What a snapshot and an index beside it hold: keys and sizes of objects, and until when they are locked. */
async function contentOf(storage: Storage, prefix: string, signal: AbortSignal): Promise<{
  readonly keys: Set<string>;
  readonly bytes: number;
  readonly locked: { readonly lockedUntil?: string };
}> {
  const keys = new Set<string>();
  let bytes = 0;
  const own = [`${prefix}/`, `${prefix}.idx/`];
  for await (const page of storage.list(prefix, { signal })) {
    for (const { key, size } of page) {
      if (!own.some((start) => key.startsWith(start))) continue;
      keys.add(key);
      bytes += size;
    }
  }
  const seal = `${prefix}/${CANARY}`;
  // Only buckets have locks. It was written last: nothing else is locked for longer.
  const isBucket = storage.settings !== undefined;
  const info = isBucket && keys.has(seal) ? await storage.stat(seal, { signal }) : undefined;
  const until = info?.lockedUntil;
  return { keys, bytes, locked: until === undefined ? {} : { lockedUntil: until.toISOString() } };
}

/** Removes what a killed export began to write: an empty folder would look like a snapshot. */
async function clear(storage: Storage, prefix: string, signal: AbortSignal): Promise<void> {
  try {
    await storage.clear?.(`${prefix}/`, { signal });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    // Whoever may not look for it may still delete: the objects are gone.
  }
}

/** That a bucket keeps what is deleted, if it does. */
async function versionsKept(storage: Storage, signal: AbortSignal): Promise<ManifestNote[]> {
  const versioning = await storage.settings?.versioning({ signal }).catch((error) => {
    if (!(error instanceof StorageError)) throw error;
    return undefined;
  });
  if (!versioning?.known || versioning.value === "off") return [];
  return [{
    code: "versions_kept",
    message:
      "The bucket keeps what is deleted as earlier versions, which take as much space until a lifecycle rule " +
      "(NoncurrentVersionExpiration) removes them.",
  }];
}

function inUse(snapshot: SnapshotInfo): UnremovedSnapshot {
  return { ...nameOf(snapshot), reason: "its environment is being exported" };
}

function nameOf({ id, name }: SnapshotInfo): NamedSnapshot {
  return { id, name };
}

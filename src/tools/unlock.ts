import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { foldersOf } from "../snapshot/find_snapshot.ts";
import { ASSETS_LOCK, LOCK } from "../snapshot/layout.ts";
import { hostName, type LockContent } from "../snapshot/lock/lock_content.ts";
import { LockFile } from "../snapshot/lock/lock_file.ts";
import { type SnapshotFolder, snapshotFolders } from "../snapshot/snapshot_folders.ts";
import type { Storage } from "../storage/storage.ts";

/** Options of {@linkcode unlock}. */
export interface UnlockOptions {
  /** Only locks of this project. @default {All} */
  readonly project?: string | undefined;
  /** Only locks of this environment. @default {Of all, and of the asset files that they share} */
  readonly environment?: string | undefined;
  /** Whether locks go that somebody may hold. @default {false} */
  readonly force?: boolean | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
  /** Tells the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/** What became of a lock. */
export interface Unlocked {
  /** The lock's key. */
  readonly key: string;
  /** The project. */
  readonly project: string;
  /** The sandbox; `null` for the primary environment, and for asset files, which all share. */
  readonly environment: string | null;
  /** What it is for: exporting the environment; removing asset files; or taking over another lock. */
  readonly kind: "export" | "assets" | "takeover";
  /** Who holds it, or did; `null` if it doesn't say so in a way that can be understood. */
  readonly holder: Pick<LockContent, "host" | "pid" | "startedAt" | "renewedAt"> | null;
  /** Whether somebody may still hold it; a `stale` one has expired, or is of a process that has ended. */
  readonly state: "held" | "stale";
  /** Whether it is gone now. */
  readonly removed: boolean;
}

/** How long a lock counts that is taken for a removal, should this process be killed meanwhile. */
const TAKEOVER_MS = 30_000;
/** The locks in a folder. */
const LOCKS = /\/(assets_)?lock\.json(\.[0-9a-z]+)?$/;

/**
 * Looks who holds the locks at a destination, and removes those that nobody holds any more: an export takes over such
 * a lock by itself, but waits until it has expired.
 *
 * An export that still runs although its lock was removed by force makes it anew, or stops if another one has its
 * lock by then.
 *
 * @param storage Where the snapshots are.
 * @param options Of which project and environment, and whether by force.
 * @return All locks that were there.
 * @throws {StorageError} If they can't be read or removed.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "@sluice/datocms";
 * import { unlock } from "@sluice/datocms/tools";
 *
 * for (const { key, holder, state, removed } of await unlock(new LocalStorage("./snapshots"))) {
 *   console.log(key, holder?.host, holder?.pid, state, removed);
 * }
 * ```
 */
export async function unlock(
  storage: Storage,
  { project, environment, force = false, signal: given, clock = SYSTEM_CLOCK }: UnlockOptions = {},
): Promise<readonly Unlocked[]> {
  const signal = given ?? new AbortController().signal;
  const all = await snapshotFolders(storage, { project, signal });
  const folders = environment === undefined
    ? all
    : await foldersOf(storage, all, environment, signal);
  const unlocked: Unlocked[] = [];
  for (const folder of folders) {
    const ofAssets = environment === undefined && folder.environment === undefined;
    for (const key of await keysIn(storage, folder, ofAssets, signal)) {
      const one = await unlockOne(storage, folder, key, { force, signal, clock });
      if (one !== undefined) unlocked.push(one);
    }
  }
  return unlocked;
}

/** The keys of the locks in a folder. */
async function keysIn(
  storage: Storage,
  { prefix }: SnapshotFolder,
  ofAssets: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const keys: string[] = [];
  for (const name of ofAssets ? [LOCK, ASSETS_LOCK] : [LOCK]) {
    for await (const page of storage.list(`${prefix}/${name}`, { signal })) {
      keys.push(...page.map(({ key }) => key).filter((key) => LOCKS.test(key)));
    }
  }
  return keys;
}

async function unlockOne(
  storage: Storage,
  { project, environment }: SnapshotFolder,
  key: string,
  { force, signal, clock }: {
    readonly force: boolean;
    readonly signal: AbortSignal;
    readonly clock: Clock;
  },
): Promise<Unlocked | undefined> {
  const [, assets, guard] = LOCKS.exec(key)!;
  const holdsOf = guard === undefined ? key : key.slice(0, -guard.length);
  const file = new LockFile(storage, key, { holdsOf, clock });
  const found = await file.read(signal);
  // Where nothing may be deleted, a lock that was given back stays.
  if (found === undefined || found.content?.released) return undefined;
  const isOver = await file.isOver(found, signal);
  const now = new Date(clock.now()).toISOString();
  const mine: LockContent = {
    owner: crypto.randomUUID(),
    host: await hostName(),
    pid: Deno.pid,
    startedAt: now,
    renewedAt: now,
    expiresAt: new Date(clock.now() + TAKEOVER_MS).toISOString(),
  };
  // One that was renewed just now isn't removed.
  const isRemoved = isOver && await file.remove(found, mine, { signal });
  if (!isRemoved && force) {
    await file.end(found.content ?? mine, { signal });
    // What its owner was just writing must not come after the next one's lock.
    await storage.abandon?.(key, { signal });
  }
  return {
    key,
    project,
    environment: environment ?? null,
    kind: guard !== undefined ? "takeover" : assets !== undefined ? "assets" : "export",
    holder: holderOf(found.content),
    state: isOver ? "stale" : "held",
    removed: isRemoved || force,
  };
}

function holderOf(content: LockContent | undefined): Unlocked["holder"] {
  if (content === undefined) return null;
  const { host, pid, startedAt, renewedAt } = content;
  return { host, pid, startedAt, renewedAt };
}

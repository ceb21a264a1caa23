import { fileNameOf, readAssetIndex } from "../assets/asset_index.ts";
import { AssetNames } from "../assets/asset_names.ts";
import { concurrently } from "../async/concurrently.ts";
import { SluiceError } from "../error.ts";
import type { SnapshotWithAssets } from "../snapshot/find_snapshots.ts";
import { snapshotIn } from "../snapshot/find_snapshot.ts";
import { isListWhole } from "../snapshot/is_list_whole.ts";
import { ASSETS_LOCK, CANARY, isAssetIndex } from "../snapshot/layout.ts";
import { ExportLock } from "../snapshot/lock/export_lock.ts";
import { LockedError } from "../snapshot/lock/lock_errors.ts";
import type { Tally } from "../snapshot/manifest.ts";
import { readManifest } from "../snapshot/read_manifest.ts";
import { type SnapshotFolder, snapshotFolders } from "../snapshot/snapshot_folders.ts";
import {
  DeletionRefusedError,
  type ObjectInfo,
  ObjectNotFoundError,
  type Storage,
} from "../storage/storage.ts";
import { printable } from "../text/printable.ts";

/** Options of {@linkcode removeUnusedAssets}. */
export interface UnusedAssetsOptions {
  /** Only files of this project. @default {undefined} for those of all */
  readonly project?: string | undefined;
  /** Whether it only finds out what would be removed. @default {false} */
  readonly dryRun?: boolean | undefined;
  /** Where snapshots lie that don't count, as they would be removed. @default {none} */
  readonly without?: readonly string[] | undefined;
  /** Called with how many lists of assets were read, and how many files were looked at, since the last time. */
  readonly onProgress?: ((lists: number, files: number) => void) | undefined;
  /** How long the lock of one that was killed holds exports off, in milliseconds. @default {120_000} */
  readonly lockTtlMs?: number | undefined;
  /** Aborts it; what was removed by then is gone. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of the asset files of a project. */
export interface UnusedAssets {
  /** The project's id. */
  readonly project: string;
  /** Files that a snapshot refers to. */
  readonly kept: Tally;
  /** Files that were removed, or would be. */
  readonly removed: Tally;
  /** How many bytes of these were freed. */
  readonly freed: number;
  /** Until when the bucket's Object Lock keeps some of their bytes, in ISO 8601; left out if it doesn't. */
  readonly lockedUntil?: string;
  /** Why not all could be removed, in a clause; left out if they were. */
  readonly problem?: string;
}

/** Files that are deleted in one call. */
const AT_ONCE = 500;
/** Requests at a time. */
const AT_A_TIME = 8;

/**
 * Removes the asset files that no snapshot of any environment of their project refers to. Nothing is removed while
 * an environment is being exported, nor unless each snapshot says which files it refers to; exports that begin
 * meanwhile wait before they look at files. What an export that isn't complete has fetched stays, too.
 *
 * Holds 60 bytes for each file that a snapshot refers to. Reads the list of assets of each snapshot.
 *
 * @param storage Where the snapshots are.
 * @param options Of which project, and whether anything is removed.
 * @return What became of each project's files.
 * @throws {StorageError} If the storage can't be read or written.
 * @throws The signal's reason.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "@sluice/datocms";
 * import { removeUnusedAssets } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./snapshots");
 * for (const { project, removed, problem } of await removeUnusedAssets(storage, { dryRun: true })) {
 *   console.log(project, removed.count, removed.bytes, problem);
 * }
 * ```
 */
export async function removeUnusedAssets(
  storage: Storage,
  options: UnusedAssetsOptions = {},
): Promise<readonly UnusedAssets[]> {
  const { project, signal = new AbortController().signal } = options;
  const all = await snapshotFolders(storage, { project, signal });
  const results: UnusedAssets[] = [];
  for (const folder of all.filter(({ environment }) => environment === undefined)) {
    results.push(await inProject(storage, folder, { ...options, signal }));
  }
  return results;
}

async function inProject(
  storage: Storage,
  { project, prefix }: SnapshotFolder,
  options: UnusedAssetsOptions & { readonly signal: AbortSignal },
): Promise<UnusedAssets> {
  const { dryRun = false, lockTtlMs: ttlMs, signal } = options;
  const sweep = new Sweep(storage, project, options);
  try {
    if (dryRun) {
      await sweep.run(undefined, signal);
    } else {
      await using lock = await ExportLock.acquire(storage, prefix, {
        name: ASSETS_LOCK,
        ttlMs,
        signal,
      });
      try {
        await sweep.run(lock, lock.signal);
      } catch (error) {
        throw await lock.reasonOf(error);
      }
    }
    return sweep.result;
  } catch (error) {
    signal.throwIfAborted();
    const isOwn = error instanceof RefusedError || error instanceof DeletionRefusedError;
    if (!isOwn && !(error instanceof LockedError)) throw error;
    const reason = error instanceof LockedError
      ? "another prune removes asset files of the project"
      : error.message.replace(/\.$/, "");
    return { ...sweep.result, problem: printable(reason, 500) };
  }
}

/** Nothing is removed, for a reason that is told. */
class RefusedError extends SluiceError {
  override readonly name = "RefusedError";
}

/** Looks for the files of a project that nothing refers to, and removes them. */
class Sweep {
  readonly #storage: Storage;
  readonly #options: UnusedAssetsOptions;
  readonly #project: string;
  readonly #assets: string;
  readonly #names = new AssetNames();
  readonly #kept = { count: 0, bytes: 0 };
  readonly #removed = { count: 0, bytes: 0 };
  #freed = 0;
  #lockedUntil: Date | undefined;

  constructor(
    storage: Storage,
    project: string,
    options: UnusedAssetsOptions,
  ) {
    this.#storage = storage;
    this.#project = project;
    this.#options = options;
    this.#assets = `assets/project_${project}`;
  }

  get result(): UnusedAssets {
    const lockedUntil = this.#lockedUntil?.toISOString();
    return {
      project: this.#project,
      kept: { ...this.#kept },
      removed: { ...this.#removed },
      freed: this.#freed,
      ...(lockedUntil !== undefined && { lockedUntil }),
    };
  }

  /** Does it, under a lock if anything is to be removed. */
  async run(lock: ExportLock | undefined, signal: AbortSignal): Promise<void> {
    let isListed = false;
    for (const folder of await this.#quietFolders(signal)) {
      for (const seconds of folder.seconds) {
        const { prefix, name } = snapshotIn(folder, seconds);
        if (this.#options.without?.includes(prefix)) continue;
        if (await this.#storage.stat(`${prefix}/${CANARY}`, { signal }) === undefined) {
          await this.#addUnsealed(prefix, signal);
        } else if (await this.#addSealed(prefix, name, signal)) isListed = true;
      }
      for (const name of folder.undo) await this.#addUnsealed(`${folder.prefix}/${name}`, signal);
    }
    const unused: ObjectInfo[] = [];
    for await (const page of this.#storage.list(`${this.#assets}/`, { signal })) {
      this.#options.onProgress?.(0, page.length);
      for (const info of page) {
        const name = fileNameOf(info.key, this.#assets);
        if (name === undefined || this.#names.has(name)) add(this.#kept, info);
        else unused.push(info);
      }
      while (unused.length >= AT_ONCE) {
        await this.#remove(unused.splice(0, AT_ONCE), isListed, lock);
      }
    }
    if (unused.length > 0) await this.#remove(unused, isListed, lock);
  }

  async #remove(
    files: readonly ObjectInfo[],
    isListed: boolean,
    lock: ExportLock | undefined,
  ): Promise<void> {
    if (!isListed) {
      throw new RefusedError("no complete snapshot of the project lists asset files");
    }
    const signal = lock?.signal ?? this.#options.signal ?? new AbortController().signal;
    const locks = await this.#locksOf(files, signal);
    if (lock !== undefined) {
      await lock.confirm();
      // An older version doesn't know this lock.
      await this.#quietFolders(signal);
      await lock.storage.delete(files.map(({ key }) => key), { signal });
    }
    const now = new Date();
    for (const info of files) {
      add(this.#removed, info);
      const until = locks.get(info.key);
      if (until === undefined || until <= now) this.#freed += info.size;
      else if (this.#lockedUntil === undefined || until > this.#lockedUntil) {
        this.#lockedUntil = until;
      }
    }
  }

  /** Until when Object Lock keeps files, if the first one has a lock. */
  async #locksOf(
    files: readonly ObjectInfo[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Date>> {
    const locks = new Map<string, Date>();
    if (this.#storage.settings === undefined) return locks;
    const look = async ({ key }: ObjectInfo, signal: AbortSignal) => {
      const until = (await this.#storage.stat(key, { signal }))?.lockedUntil;
      if (until !== undefined) locks.set(key, until);
    };
    const [first, ...rest] = files;
    await look(first!, signal);
    if (locks.size === 0) return locks;
    const tasks = rest.map((info) => (signal: AbortSignal) => look(info, signal));
    await concurrently(tasks, AT_A_TIME, signal);
    return locks;
  }

  /** Where the project's snapshots are by now, none of whose environments is being exported. */
  async #quietFolders(signal: AbortSignal): Promise<readonly SnapshotFolder[]> {
    const folders = await snapshotFolders(this.#storage, { project: this.#project, signal });
    for (const { prefix } of folders) {
      if (await ExportLock.isHeld(this.#storage, prefix, signal)) {
        throw new RefusedError("an environment of the project is being exported");
      }
    }
    return folders;
  }

  /** Adds what a sealed snapshot refers to; gives whether it lists asset files. */
  async #addSealed(prefix: string, name: string, signal: AbortSignal): Promise<boolean> {
    const unsure = (why: string) => {
      return new RefusedError(`${name} doesn't say for certain which files it refers to (${why})`);
    };
    try {
      const manifest = await readManifest(this.#storage, prefix, signal);
      const { assets } = manifest;
      if (assets === undefined) return false;
      const index = `${prefix}/${assets.index}`;
      const listed: SnapshotWithAssets = { prefix, manifest: { ...manifest, assets }, index };
      if (!await isListWhole(this.#storage, listed, signal)) {
        throw unsure(`${assets.index} isn't as its manifest says`);
      }
      await this.#addList(index, signal);
      return true;
    } catch (error) {
      if (error instanceof SyntaxError) throw unsure(error.message);
      if (error instanceof ObjectNotFoundError) throw unsure("it has no manifest");
      throw error;
    }
  }

  /** Adds what something that isn't sealed lists so far. */
  async #addUnsealed(prefix: string, signal: AbortSignal): Promise<void> {
    for (const start of [`${prefix}/assets`, `${prefix}/resume/assets`]) {
      for await (const page of this.#storage.list(start, { signal })) {
        for (const { key } of page) {
          if (!isAssetIndex(key.slice(key.lastIndexOf("/") + 1))) continue;
          try {
            await this.#addList(key, signal);
          } catch (error) {
            if (!(error instanceof SyntaxError)) throw error;
            throw new RefusedError(`${key} can't be read (${error.message})`);
          }
        }
      }
    }
  }

  async #addList(key: string, signal: AbortSignal): Promise<void> {
    for await (const page of readAssetIndex(this.#storage, key, this.#assets, signal)) {
      // Where a file couldn't be had, an older one may be there.
      for (const entry of page) this.#names.add(fileNameOf(entry.key, this.#assets)!);
    }
    this.#options.onProgress?.(1, 0);
  }
}

function add(tally: { count: number; bytes: number }, { size }: ObjectInfo): void {
  tally.count++;
  tally.bytes += size;
}

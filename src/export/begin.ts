import type { ExportSettings } from "./export_settings.ts";
import type { Guarded } from "./guarded.ts";
import { type OpenProject, openProject } from "./open_project.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { ExportLock } from "../snapshot/lock/export_lock.ts";
import { assertNotPublic } from "../storage/public_access.ts";

/** Settings of what is done under a lock: the storage and the signal are the lock's. */
export type LockedSettings = Guarded<ExportSettings> & { readonly signal: AbortSignal };

/**
 * Begins to write to a destination: makes sure that not everybody can use it, and reads the project.
 *
 * @param settings Which project, and where to.
 * @throws {SluiceError} If the destination is public, the project can't be read, or a model was chosen that
 * isn't there.
 */
export async function begin(settings: Guarded<ExportSettings>): Promise<OpenProject> {
  const { storage, allowPublic, signal } = settings;
  if (!allowPublic) await assertNotPublic(storage, { signal });
  return await openProject(settings);
}

/**
 * Does something while nobody else writes snapshots of the same project and environment.
 *
 * @param place Which project and environment.
 * @param settings Where to.
 * @param work What is done, with the lock's storage and signal.
 * @return What it gives.
 * @throws {LockedError} If somebody else writes them.
 * @throws What it throws, or why the lock was lost.
 */
export async function underLock<T>(
  place: SnapshotPlace,
  settings: Guarded<ExportSettings>,
  work: (locked: LockedSettings, lock: ExportLock) => Promise<T>,
): Promise<T> {
  const { storage, clock, lockTtlMs: ttlMs, signal } = settings;
  await using lock = await ExportLock.acquire(storage, place, { ttlMs, signal, clock });
  try {
    return await work({ ...settings, storage: lock.storage, signal: lock.signal }, lock);
  } catch (error) {
    throw await lock.reasonOf(error);
  }
}

import type { Storage } from "../../storage/storage.ts";
import { LOCK, type SnapshotPlace, snapshotsPrefix } from "../../snapshot/layout.ts";
import type { Journal } from "../journal.ts";

/**
 * Warns if nothing may be deleted at the destination: exports are complete all the same, but something of
 * each stays.
 *
 * @param journal Where it is noted.
 * @param storage Where it is written.
 * @param place Which project and environment.
 * @param signal Ends it.
 * @throws {StorageError} If it can't be found out.
 */
export async function noteDeletion(
  journal: Pick<Journal, "addWarning">,
  storage: Storage,
  place: SnapshotPlace,
  signal: AbortSignal,
): Promise<void> {
  const key = `${snapshotsPrefix(place)}/${LOCK}.trial`;
  if (await storage.mayDelete?.(key, { signal }) !== false) return;
  journal.addWarning(
    "deletion_forbidden",
    `Objects can be written to ${storage.url}, but not deleted. Snapshots are complete all the same, but ` +
      "each keeps its resume/ folder, lock.json stays (it then says that it is over), and nobody " +
      "removes what killed exports leave; `sluice doctor` says which permission is missing.",
  );
}

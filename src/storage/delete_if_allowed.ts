import { type DeleteOptions, DeletionRefusedError, type Storage } from "./storage.ts";

/**
 * Deletes objects that are in nobody's way, unless nothing may be deleted there.
 *
 * @param storage The storage.
 * @param keys The objects' keys; those that aren't there are fine.
 * @param options The signal, and what is asked before.
 * @return Whether they are gone.
 * @throws {StorageError} If they can't be deleted for another reason.
 */
export async function deleteIfAllowed(
  storage: Storage,
  keys: readonly string[],
  options: DeleteOptions = {},
): Promise<boolean> {
  if (keys.length === 0) return true;
  try {
    await storage.delete(keys, options);
    return true;
  } catch (error) {
    if (error instanceof DeletionRefusedError) return false;
    throw error;
  }
}

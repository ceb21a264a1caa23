import { isAbsent } from "./local_error.ts";
import { isAt } from "./files.ts";

/**
 * Locks a file for as long as this process lives: the system gives the lock back when the process ends,
 * however it ends.
 *
 * @param open Opens the file, and makes it if need be.
 * @param path The file's path.
 * @return The open file, which is locked until it is closed; `undefined` if another one has locked it, or
 * if the file system has no locks.
 * @throws The system's error, if the file can't be opened.
 */
export async function lockFile(
  open: () => Promise<Deno.FsFile>,
  path: string,
): Promise<Deno.FsFile | undefined> {
  const file = await open();
  try {
    if (await tryLock(file, true) && await isAt(await file.stat(), path)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/**
 * Whether a process that lives has locked a file.
 *
 * @param path The file's path.
 * @return `undefined` if that can't be told, as when there is no such file.
 * @throws The system's error, if the file can't be opened.
 */
export async function isLocked(path: string): Promise<boolean | undefined> {
  try {
    using file = await Deno.open(path);
    // Shared, so that others who look at the same time don't take each other for the holder.
    const isFree = await tryLock(file, false);
    if (isFree === undefined || !await isAt(await file.stat(), path)) return undefined;
    return !isFree;
  } catch (error) {
    if (isAbsent(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/** Whether a lock was had; `undefined` where there are none. */
async function tryLock(file: Deno.FsFile, exclusive: boolean): Promise<boolean | undefined> {
  try {
    return await file.tryLock(exclusive);
  } catch {
    // Some network file systems have no locks.
    return undefined;
  }
}

import { join } from "node:path";
import { compareKeys } from "../compare_keys.ts";
import { errorCode, isAbsent, localError } from "./local_error.ts";
import { ObjectExistsError, StorageError } from "../storage.ts";
import { isTemporary } from "../object_key.ts";

/** Names that no key can have. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const NOT_A_KEY = /[\0-\x1f\x7f\\]/;

/** What {@linkcode listFiles} takes. */
export interface ListFilesOptions {
  /** Whether files that are being written are listed instead of the finished ones. @default {false} */
  readonly temporary?: boolean;
  /** Ends the listing. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The keys of the files below a directory, in the order of the keys. It holds the names of the
 * directories that it is in, not the tree. Symbolic links are left out: they could lead in a circle.
 *
 * @param root The directory.
 * @param prefix What the keys begin with.
 * @param options The kind of files, and the signal.
 * @throws {StorageError} If a directory can't be read.
 */
export async function* listFiles(
  root: string,
  prefix: string,
  options: ListFilesOptions = {},
): AsyncGenerator<string, void, void> {
  const start = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  // In these names a directory ends with "/", as it does in keys, which decides its place among them.
  const levels = [{ base: start, names: await readNames(root, start, prefix, options) }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    options.signal?.throwIfAborted();
    const name = level.names.pop();
    if (name === undefined) levels.pop();
    else if (name.endsWith("/")) {
      const base = level.base + name;
      levels.push({ base, names: await readNames(root, base, prefix, options) });
    } else yield level.base + name;
  }
}

/**
 * The names of the directories in a directory; none if it isn't there.
 *
 * @param path The directory's path.
 * @throws The system's error, if it can't be read.
 */
export async function listFolders(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory && !NOT_A_KEY.test(name)) names.push(name);
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return names;
}

/** The names in a directory that can lead to keys with the prefix, the last one first. */
async function readNames(
  root: string,
  base: string,
  prefix: string,
  options: ListFilesOptions,
): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(join(root, base))) {
      options.signal?.throwIfAborted();
      if (NOT_A_KEY.test(entry.name)) continue;
      const name = entry.isDirectory ? `${entry.name}/` : entry.name;
      const key = base + name;
      if (!key.startsWith(prefix)) continue;
      if (entry.isDirectory) names.push(name);
      else if (entry.isFile && isTemporary(name) === (options.temporary ?? false)) names.push(name);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    // What isn't there has no files.
    if (!isAbsent(error)) throw localError(error, `list ${JSON.stringify(base)}`, join(root, base));
  }
  return names.sort((a, b) => compareKeys(b, a));
}

/**
 * Gives a finished file its name, unless that name is taken: a hard link does so in one step.
 *
 * Where there are no hard links (FAT, some network file systems, Android), the name is first taken by an
 * empty file, which is there for a moment.
 *
 * @param temporary The file's temporary path, which may still be there afterwards.
 * @param path Its final path.
 * @return Whether the name was free.
 */
export async function placeIfAbsent(temporary: string, path: string): Promise<boolean> {
  try {
    await Deno.link(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // Android says EACCES. Whoever truly lacks the permission is told so below.
    const unsupported = ["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"];
    if (!unsupported.includes(errorCode(error) ?? "")) throw error;
  }
  const placeholder = await createEmpty(path);
  if (placeholder === undefined) return false;
  try {
    await Deno.rename(temporary, path);
    return true;
  } catch (error) {
    // Whoever took this process for dead may have put another file there since.
    if (await isUntouched(placeholder, path)) await Deno.remove(path);
    throw error;
  }
}

/** Whether a path is still that of an empty file; numbers of files are given again. */
async function isUntouched(empty: Deno.FileInfo, path: string): Promise<boolean> {
  if (!await isAt(empty, path)) return false;
  const { size, mtime } = await Deno.lstat(path);
  return size === 0 && mtime?.getTime() === empty.mtime?.getTime();
}

/** Makes an empty file; `undefined` if there is one of this name. */
async function createEmpty(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    using file = await Deno.open(path, { write: true, createNew: true });
    return await file.stat();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

/**
 * Whether a file still has its name: it may have been removed, and made again, meanwhile.
 *
 * @param info What is known of the file, which has to be open: its number isn't given again then.
 * @param path Its path.
 * @return `false` also where files have no numbers, so that nothing can be told.
 * @throws The system's error, if the path can't be looked at.
 */
export async function isAt({ ino, dev }: Deno.FileInfo, path: string): Promise<boolean> {
  try {
    const named = await Deno.lstat(path);
    return ino !== null && ino === named.ino && dev === named.dev;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/**
 * Flushes a directory, so that the names in it outlive a power cut.
 *
 * @param directory Its path.
 * @throws The system's error, if the disk fails or is full.
 */
export async function syncDirectory(directory: string): Promise<void> {
  if (Deno.build.os === "windows") return; // There, a directory can't be opened.
  try {
    using file = await Deno.open(directory);
    await file.sync();
  } catch (error) {
    // Some file systems can't flush a directory, and some directories may be written but not read.
    if (["EIO", "ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "")) throw error;
  }
}

/**
 * Writes all of a piece: the system may take less of it at once.
 *
 * @param file The file.
 * @param piece The bytes.
 */
export async function writeAll(file: Deno.FsFile, piece: Uint8Array): Promise<void> {
  for (let written = 0; written < piece.length;) {
    const count = await file.write(piece.subarray(written));
    if (count === 0) throw new StorageError("The file system takes no more bytes: check the disk.");
    written += count;
  }
}

/** The error of a put that finds its name taken. */
export function taken(key: string, path: string): ObjectExistsError {
  return new ObjectExistsError(
    `${JSON.stringify(key)} can't be created, because ${JSON.stringify(path)} is there already.`,
  );
}

/**
 * Checks that a file can be written at a path, as far as that can be told beforehand.
 *
 * @param key The object's key.
 * @param path The file's path.
 * @param ifAbsent Whether the name must be free.
 * @throws {StorageError} If it can't.
 */
export async function assertFree(key: string, path: string, ifAbsent: boolean): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (ifAbsent) throw taken(key, path);
  if (!found.isDirectory) return;
  throw new StorageError(
    `Can't write ${JSON.stringify(key)}, because ${
      JSON.stringify(path)
    } is a directory: remove it or ` +
      "choose another destination.",
  );
}

/**
 * Removes a file, if it is there.
 *
 * @param path The file's path.
 * @throws {StorageError} If it can't be removed.
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    // ENOTEMPTY: a directory, so there is no object of this name.
    if (isAbsent(error) || errorCode(error) === "ENOTEMPTY") return;
    throw localError(error, `delete ${JSON.stringify(path)}`, path);
  }
}

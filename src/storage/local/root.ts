import { rmdir, statfs } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { syncDirectory } from "./files.ts";
import { errorCode, isAbsent, localError, nothingIfAbsent } from "./local_error.ts";
import { assertFinalKey } from "../object_key.ts";
import { StorageError } from "../storage.ts";

/** What the system says of a path although another one, on the way to it, is at fault. */
const ON_THE_WAY: ReadonlySet<string> = new Set(["EACCES", "EEXIST", "ENOTDIR", "EPERM", "EROFS"]);

/** The way to a file. */
export interface Way {
  /** The directories on it that aren't there yet, the deepest first. */
  readonly missing: readonly string[];
  /** Where the one that it is in really is, if that is there. */
  readonly real: string | undefined;
}

/**
 * The directory that a local storage must not leave. Where it really is is found out once: what is put in
 * its place later, or in the place of a directory in it that was written to, gets nothing.
 */
export class LocalRoot {
  /** The directory's absolute path. */
  readonly path: string;
  /** Where it really is, once it was there. */
  #real: string | undefined;
  /** Where the directories really are that were written to. */
  readonly #directories = new Map<string, string>();
  /** Who is looking where they are: files that are written to one at a time look together. */
  readonly #looking = new Map<string, Promise<string | undefined>>();
  /** Which directories are being flushed, and which will be once more. */
  readonly #flushes = new Map<string, { readonly running: Promise<void>; next?: Promise<void> }>();

  /**
   * Takes a directory as a root.
   *
   * @param path The directory's path.
   */
  constructor(path: string) {
    this.path = resolve(path);
  }

  /**
   * Runs an action of the file system, and says what its error means.
   *
   * @param what What is tried, as in `write "a/b"`.
   * @param path The file or directory.
   * @param action The action.
   * @throws {StorageError} If it fails.
   */
  async attempt<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const isOnTheWay = ON_THE_WAY.has(errorCode(error) ?? "");
      throw localError(error, what, isOnTheWay ? await firstThere(path) : path, this.path);
    }
  }

  /**
   * The path of a key's file.
   *
   * @param key The key.
   * @throws {StorageError} If the key isn't one, or is the name of a file that is being written.
   */
  toPath(key: string): string {
    return join(this.path, assertFinalKey(key));
  }

  /**
   * The real path of a file or directory.
   *
   * @param path Its path below the root, with whatever symbolic links there are.
   * @return The real path, or `undefined` if nothing is there.
   * @throws {StorageError} If a symbolic link leads out of the root, or was put in its place.
   * @throws The system's error, if the path can't be followed.
   */
  async realPath(path: string): Promise<string | undefined> {
    const real = await Deno.realPath(path).catch(nothingIfAbsent);
    // What is in there is right by whatever way it was reached.
    if (real === undefined || (this.#real !== undefined && isIn(this.#real, real))) return real;
    const root = await Deno.realPath(this.path).catch(nothingIfAbsent);
    if (root === undefined) return undefined;
    this.#real ??= root;
    if (root !== this.#real) throw moved(this.path, this.#real);
    if (!isIn(root, real)) {
      throw new StorageError(
        `${JSON.stringify(path)} is reached by a symbolic link that leads out of ${
          JSON.stringify(this.path)
        }: remove that link or use another destination.`,
      );
    }
    return real;
  }

  /**
   * The real path of a directory that is written to, which has to stay the same.
   *
   * @param directory Its path below the root.
   * @return The real path, or `undefined` if nothing is there.
   * @throws {StorageError} If it isn't where it was when it was first written to.
   * @throws The system's error, if the path can't be followed.
   */
  async writablePath(directory: string): Promise<string | undefined> {
    const before = this.#directories.get(directory);
    // Where it was there before, nobody waits for it to be made.
    const real = await (before === undefined ? this.realPath(directory) : this.#look(directory));
    if (real === undefined) return undefined;
    return this.#sure(directory, real);
  }

  /** Looks where a directory really is, together with whoever is looking. */
  #look(directory: string): Promise<string | undefined> {
    return this.#looking.getOrInsertComputed(directory, () => {
      return this.realPath(directory).finally(() => this.#looking.delete(directory));
    });
  }

  /** The real path of a directory that is written to, if it is the one that it was at first. */
  #sure(directory: string, real: string): string {
    const before = this.#directories.getOrInsert(directory, real);
    if (before !== real) throw moved(directory, before);
    return real;
  }

  /**
   * What is there of the directories on the way to a file.
   *
   * @param path The file's path.
   * @throws {StorageError} If a symbolic link leads out of the root, or was put in a directory's place.
   */
  async wayTo(path: string): Promise<Way> {
    const missing = [];
    for (let directory = dirname(path);; directory = dirname(directory)) {
      const isLast = directory === dirname(path);
      const real = await (isLast ? this.writablePath(directory) : this.realPath(directory));
      if (real !== undefined) return { missing, real: isLast ? real : undefined };
      missing.push(directory);
      if (directory === this.path) return { missing, real: undefined };
    }
  }

  /**
   * Opens a new file, and makes the directories on its way.
   *
   * @param path The file's path.
   * @param way What was just found of the way to it; it is looked for if it isn't known.
   * @return The open file, and its real path.
   * @throws {StorageError} If a symbolic link leads out of the root, or to nothing.
   * @throws The system's error, if the file can't be opened.
   */
  async createFile(
    path: string,
    way?: Way,
  ): Promise<{ readonly file: Deno.FsFile; readonly real: string }> {
    const directory = dirname(path);
    for (let attempt = 1;; attempt++) {
      try {
        const first = attempt === 1 ? way : undefined;
        const { missing, real: there } = first ?? await this.wayTo(path);
        const found = there ?? await this.#makeDirectories(directory, missing);
        // What isn't there after all, or isn't shown, has an error of its own.
        const real = join(found ?? directory, basename(path));
        return { file: await Deno.open(real, { write: true, createNew: true }), real };
      } catch (error) {
        // Someone may have removed the directory while it was empty.
        if (!(error instanceof Deno.errors.NotFound) || attempt === 20) throw error;
      }
    }
  }

  /**
   * Makes the directories that are missing on the way to one that is written to, one by one: none where
   * there is another root by now. Its real path is that of {@linkcode writablePath}.
   */
  async #makeDirectories(
    directory: string,
    missing: readonly string[],
  ): Promise<string | undefined> {
    const made: string[] = [];
    try {
      for (const each of missing.toReversed()) {
        if (await makeDirectory(each, each === this.path)) made.unshift(each);
        if (each !== directory) await this.realPath(each);
      }
      // Others may have begun to look before it was there.
      const real = await this.realPath(directory);
      return real && this.#sure(directory, real);
    } catch (error) {
      await this.removeEmptyDirectories(made);
      throw error;
    }
  }

  /**
   * Flushes a directory, so that the names in it outlive a power cut. Those who ask while it is being flushed
   * have it flushed once more, together: the first may lack what they have named since.
   *
   * @param directory Its path.
   * @throws The system's error, if the disk fails or is full.
   */
  async flush(directory: string): Promise<void> {
    const flush = this.#flushes.get(directory);
    if (flush === undefined) return await this.#flushNow(directory);
    await (flush.next ??= flush.running.catch(() => {}).then(() => this.#flushNow(directory)));
  }

  #flushNow(directory: string): Promise<void> {
    const flush: { running: Promise<void>; next?: Promise<void> } = {
      running: syncDirectory(directory).finally(() => {
        if (flush.next === undefined) this.#flushes.delete(directory);
      }),
    };
    this.#flushes.set(directory, flush);
    return flush.running;
  }

  /**
   * Removes those of the directories that are empty. The root stays.
   *
   * @param directories The directories' paths, each one before the ones that it is in.
   */
  async removeEmptyDirectories(directories: Iterable<string>): Promise<void> {
    for (const directory of directories) {
      // A directory that is in use, gone or not ours to remove leaves nothing to do. Deno.remove() would
      // also remove a file that has this name by now.
      if (directory !== this.path) await rmdir(directory).catch(() => {});
    }
  }

  /**
   * How many bytes are free on the disk; `undefined` if Deno may not look.
   *
   * @throws {StorageError} If it can't be found out.
   */
  async freeBytes(): Promise<number | undefined> {
    // Asked first, because Deno would stop and ask at a terminal.
    const { state } = await Deno.permissions.query({ name: "sys", kind: "statfs" });
    if (state !== "granted") return undefined;
    try {
      const { bavail, bsize } = await statfs(this.path);
      return bavail * bsize;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError(`The free space can't be determined: ${why}.`, undefined, { cause });
    }
  }
}

/** Whether a path is a directory's, or of something in it. */
function isIn(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The error of a directory in whose place there is a link, or that was moved. */
function moved(path: string, before: string): StorageError {
  return new StorageError(
    `${
      JSON.stringify(path)
    } was replaced by a symbolic link, or by one that leads elsewhere: what led to ${
      JSON.stringify(before)
    } when it was first used must do so all the while, so put that back and export again.`,
  );
}

/** A path, or what is there on the way to it. */
async function firstThere(path: string): Promise<string> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if (await Deno.lstat(at).then(() => true, () => false)) return at;
  }
  return path;
}

/** Makes a directory, if need be with those on its way, and says whether there was none. */
async function makeDirectory(path: string, recursive: boolean): Promise<boolean> {
  try {
    await Deno.mkdir(path, { recursive });
    return true;
  } catch (error) {
    // Others make directories, too.
    const exists = error instanceof Deno.errors.AlreadyExists;
    if (exists && await isDirectory(path).catch(() => false)) return false;
    const link = await danglingLink(path);
    if (link === undefined) {
      // They also remove those that stay empty: then it isn't found, and made again.
      if (exists && await isDirectory(path)) return false;
      throw error;
    }
    throw new StorageError(
      `${
        JSON.stringify(link)
      } is a symbolic link that leads to nothing: mount what it should lead to, ` +
        "or remove the link.",
      undefined,
      { cause: error },
    );
  }
}

/** Whether a path, or what it leads to, is a directory. */
async function isDirectory(path: string): Promise<boolean> {
  return (await Deno.stat(path)).isDirectory;
}

/** The symbolic link on the way to a path that leads to nothing, if there is one. */
async function danglingLink(path: string): Promise<string | undefined> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const isLink = await Deno.lstat(at).then((info) => info.isSymlink, () => false);
    if (isLink && await Deno.realPath(at).then(() => false, isAbsent)) return at;
  }
  return undefined;
}

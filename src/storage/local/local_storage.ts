import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isAbsent, nothingIfAbsent } from "./local_error.ts";
import { removeFiles } from "./delete.ts";
import { listFiles, listFolders } from "./files.ts";
import { isLocked, lockFile } from "./hold.ts";
import { putFile } from "./put.ts";
import { readFile } from "./read.ts";
import { LocalRoot } from "./root.ts";
import {
  type DeleteOptions,
  type GetOptions,
  type ObjectInfo,
  ObjectNotFoundError,
  type PutOptions,
  type ReadOptions,
  type Storage,
  StorageError,
  type SweepOptions,
} from "../storage.ts";
import { assertRange } from "../byte_range.ts";
import { assertFinalKey, holdName, temporaryPrefix } from "../object_key.ts";

/** Objects in a page of a listing, as in S3. */
const PAGE = 1000;

/**
 * A directory as a storage: an object's key is its path below that directory.
 *
 * A file is written under a temporary name in its own directory, flushed to the disk and only then
 * renamed, so that a file at its final name is complete whatever happens, a power cut included.
 * Symbolic links below the root are followed while they stay below it, but not listed. Content types and
 * metadata aren't kept.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "@sluice/datocms";
 *
 * const storage = new LocalStorage(await Deno.makeTempDir());
 * await storage.put("greetings/hello.txt", new TextEncoder().encode("Hello"));
 * console.assert(await new Response(await storage.get("greetings/hello.txt")).text() === "Hello");
 * ```
 */
export class LocalStorage implements Storage, Disposable {
  /** The root as a `file:` URL. */
  readonly url: string;
  readonly #root: LocalRoot;

  /**
   * A storage in a directory.
   *
   * @param root The directory, as a path or a `file:` URL. It is made when something is put.
   * @throws {TypeError} If the URL isn't a `file:` URL of this machine.
   */
  constructor(root: string | URL) {
    this.#root = new LocalRoot(root instanceof URL ? fileURLToPath(root) : root);
    this.url = pathToFileURL(this.#root.path).href;
  }

  /** The directory's absolute path. */
  get root(): string {
    return this.#root.path;
  }

  /**
   * Writes a file. It appears at its path only when complete and flushed to the disk.
   *
   * @param key The object's key.
   * @param body Its bytes; a stream is cancelled if they can't be written.
   * @param options How it is put; what a file can't keep is ignored.
   * @return What is known of the file.
   * @throws {ObjectExistsError} If the put may only create the file, and it is there.
   * @throws {StorageError} If the file can't be written.
   */
  async put(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    return await putFile(this.#root, key, body, options);
  }

  /**
   * Reads a file, or a range of it. It is open until the stream is read to its end, cancelled or aborted.
   *
   * @param key The object's key.
   * @param options The range, and the signal.
   * @throws {ObjectNotFoundError} If there is no such file.
   * @throws {StorageError} If it can't be read.
   */
  async get(
    key: string,
    options: GetOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const path = this.#root.toPath(key);
    const range = assertRange(options.range ?? { start: 0 });
    options.signal?.throwIfAborted();
    const stream = await this.#root.attempt(`read ${JSON.stringify(key)}`, path, async () => {
      const found = await this.#find(path);
      if (found === undefined) return undefined;
      const file = await Deno.open(found.real).catch(nothingIfAbsent);
      return file && readFile(file, { path, size: found.size, range, signal: options.signal });
    });
    if (stream !== undefined) return stream;
    throw new ObjectNotFoundError(`There is no file ${JSON.stringify(path)}.`);
  }

  /**
   * What is known of a file.
   *
   * @param key The object's key.
   * @param options The signal.
   * @return Its size and time, or `undefined` if there is none.
   * @throws {StorageError} If it can't be looked at.
   */
  async stat(key: string, options: ReadOptions = {}): Promise<ObjectInfo | undefined> {
    const path = this.#root.toPath(key);
    options.signal?.throwIfAborted();
    const found = await this.#root.attempt(
      `inspect ${JSON.stringify(key)}`,
      path,
      () => this.#find(path),
    );
    return found && toInfo(key, found);
  }

  /**
   * Lists the files whose keys begin with a prefix, ordered by key as in S3.
   *
   * @param prefix What the keys begin with.
   * @param options The signal.
   * @return Pages of up to 1,000 files. The stream fails with a {@linkcode StorageError} if a directory
   * can't be read.
   */
  list(prefix: string, options: ReadOptions = {}): ReadableStream<readonly ObjectInfo[]> {
    return ReadableStream.from(this.#pages(prefix, options));
  }

  /**
   * Lists the names of the directories directly below a prefix, in one page.
   *
   * @param prefix The prefix, which ends with `/`, or `""`.
   * @param options The signal.
   * @return The names. The stream fails with a {@linkcode StorageError} if they can't be read.
   */
  folders(prefix: string, options: ReadOptions = {}): ReadableStream<readonly string[]> {
    return ReadableStream.from(this.#folders(prefix, options));
  }

  /**
   * Deletes files, and the directories that this leaves empty.
   *
   * @param keys The objects' keys; those that aren't there are fine.
   * @param options The signal, and what is asked before each file.
   * @throws {StorageError} If a file can't be deleted.
   */
  async delete(keys: readonly string[], options: DeleteOptions = {}): Promise<void> {
    const paths = keys.map((key) => this.#root.toPath(key));
    await removeFiles(this.#root, paths, options);
  }

  /**
   * Holds a key by locking a hidden file beside its own.
   *
   * @param key The key.
   * @param options The signal.
   * @return The hold; `undefined` if another one has it, or if the file system has no locks.
   * @throws {StorageError} If the file can't be made.
   */
  async hold(key: string, options: ReadOptions = {}): Promise<AsyncDisposable | undefined> {
    const path = this.#holdPath(key);
    options.signal?.throwIfAborted();
    const open = async () => {
      try {
        return (await this.#root.createFile(path)).file;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        return await Deno.open(path, { write: true });
      }
    };
    const file = await this.#root.attempt(
      `write to ${JSON.stringify(this.#root.path)}`,
      path,
      () => lockFile(open, path),
    );
    if (file === undefined) return undefined;
    return {
      [Symbol.asyncDispose]: async () => {
        using _file = file;
        // Before it is given back: others would lock a file that is about to lose its name.
        await removeFiles(this.#root, [path]);
      },
    };
  }

  /**
   * Whether a process that lives holds a key.
   *
   * @param key The key.
   * @param options The signal.
   * @return `undefined` if there is no trace of a hold, or the file system has no locks.
   * @throws {StorageError} If the hidden file can't be looked at.
   */
  async isHeld(key: string, options: ReadOptions = {}): Promise<boolean | undefined> {
    const path = this.#holdPath(key);
    options.signal?.throwIfAborted();
    return await this.#root.attempt(`inspect ${JSON.stringify(key)}`, path, () => isLocked(path));
  }

  /**
   * Removes what killed processes left behind: files that were being written, and holds.
   *
   * @param prefix What their keys begin with; `""` for all.
   * @param options How old they must be, and the signal.
   * @return How many were removed.
   * @throws {StorageError} If one can't be removed.
   */
  async sweep(prefix: string, options: SweepOptions): Promise<number> {
    const keys = await this.#unfinished(prefix, options, options.olderThan);
    await this.#remove(keys, options);
    return keys.length;
  }

  /**
   * Removes the files below a prefix that were being written by processes that write no more.
   *
   * @param prefix What their keys begin with; `""` for all.
   * @param options The signal, and what is asked before each file.
   * @return The keys of those that couldn't be removed.
   * @throws {StorageError} If they can't be looked for.
   */
  async clear(prefix: string, options: DeleteOptions = {}): Promise<readonly string[]> {
    const keys = await this.#unfinished(prefix, options);
    try {
      await this.#remove(keys, options);
      return [];
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return await this.#unfinished(prefix, options);
    }
  }

  /**
   * Removes the files that other processes have begun to write in place of a key's: they can't give them
   * its name any more. Those that are only to create it stay.
   *
   * @param key The key.
   * @param options The signal.
   * @throws {StorageError} If one can't be removed.
   */
  async abandon(key: string, options: ReadOptions = {}): Promise<void> {
    const keys = await this.#unfinished(temporaryPrefix(assertFinalKey(key)), options);
    await this.#remove(keys, options);
  }

  /**
   * How many bytes are free on the disk.
   *
   * @return `undefined` if Deno may not look.
   * @throws {StorageError} If it can't be found out.
   */
  async freeBytes(): Promise<number | undefined> {
    return await this.#root.freeBytes();
  }

  /** Removes files that no key names. */
  async #remove(names: readonly string[], options: DeleteOptions): Promise<void> {
    await removeFiles(this.#root, names.map((name) => join(this.#root.path, name)), options);
  }

  /** The keys of files that are being written, or were by a process that was killed, and of holds of dead ones. */
  async #unfinished(prefix: string, options: ReadOptions, olderThan?: Date): Promise<string[]> {
    const found: string[] = [];
    for await (const page of this.#pages(prefix, options, true)) {
      for (const { key, modifiedAt } of page) {
        if (olderThan !== undefined && !(modifiedAt && modifiedAt < olderThan)) continue;
        const path = join(this.#root.path, key);
        const action = `inspect ${JSON.stringify(key)}`;
        const isHeld = await this.#root.attempt(action, path, () => isLocked(path));
        if (isHeld !== true) found.push(key);
      }
    }
    return found;
  }

  /** Does nothing, as nothing is held open: for those who don't know which storage they have. */
  [Symbol.dispose](): void {}

  async *#pages(
    prefix: string,
    options: ReadOptions,
    temporary = false,
  ): AsyncGenerator<ObjectInfo[], void, void> {
    const { signal } = options;
    const directory = prefix.slice(0, Math.max(prefix.lastIndexOf("/"), 0));
    const start = prefix.includes("/") ? this.#root.toPath(directory) : this.#root.path;
    const action = `list ${JSON.stringify(prefix)}`;
    await this.#root.attempt(action, start, () => this.#root.realPath(start));
    let keys: string[] = [];
    const toPage = () =>
      this.#root.attempt(action, start, async () => {
        const infos = await Promise.all(keys.map((key) => this.#look(key)));
        return infos.filter((info) => info !== undefined);
      });
    for await (const key of listFiles(this.#root.path, prefix, { temporary, signal })) {
      keys.push(key);
      if (keys.length < PAGE) continue;
      yield await toPage();
      keys = [];
    }
    if (keys.length > 0) yield await toPage();
  }

  async *#folders(prefix: string, { signal }: ReadOptions): AsyncGenerator<string[], void, void> {
    signal?.throwIfAborted();
    const path = prefix === "" ? this.#root.path : this.#root.toPath(prefix.replace(/\/$/, ""));
    const names = await this.#root.attempt(`list ${JSON.stringify(prefix)}`, path, async () => {
      if (await this.#root.realPath(path) === undefined) return [];
      return await listFolders(path);
    });
    if (names.length > 0) yield names;
  }

  /** A listed file; it may be gone by now. */
  async #look(key: string): Promise<ObjectInfo | undefined> {
    try {
      return toInfo(key, await Deno.lstat(join(this.#root.path, key)));
    } catch (error) {
      if (!isAbsent(error)) throw error;
      return undefined;
    }
  }

  #holdPath(key: string): string {
    return join(dirname(this.#root.toPath(key)), holdName(key));
  }

  async #find(path: string): Promise<Deno.FileInfo & { readonly real: string } | undefined> {
    const real = await this.#root.realPath(path);
    if (real === undefined) return undefined;
    // It may have been removed since.
    const info = await Deno.stat(real).catch(nothingIfAbsent);
    return info?.isFile ? { ...info, real } : undefined;
  }
}

function toInfo(key: string, { size, mtime }: Deno.FileInfo): ObjectInfo {
  return { key, size, ...(mtime && { modifiedAt: mtime }) };
}

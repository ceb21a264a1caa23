import { SluiceError } from "../error.ts";
import type { BucketSettings, PresignOptions } from "./bucket_settings.ts";

/** What a storage knows of an object. */
export interface ObjectInfo {
  /** The object's key: `/`-separated, relative to the storage's root. */
  readonly key: string;
  /** Size in bytes. */
  readonly size: number;
  /** When it was written, if the storage tells. */
  readonly modifiedAt?: Date;
  /** The storage's tag of this content, if it has one (S3's `ETag`, without quotes). */
  readonly etag?: string;
  /** Metadata of our own, if the storage keeps some; only {@linkcode Storage.stat} tells it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Until when its bytes can't be deleted (S3's Object Lock); only {@linkcode Storage.stat} tells it. */
  readonly lockedUntil?: Date;
}

/** Keeps a process that may have lost the right to write from changing anything. */
export interface WriteFence {
  /**
   * Called right before each step that makes an object appear or deletes some, when nothing else is waited
   * for any more: if it fails, nothing is changed, and the put or deletion fails with that.
   */
  readonly check: () => Promise<void> | void;
  /** A key: if there is an object, nothing is put. It is looked at only where that takes no request. */
  readonly unless?: string | undefined;
  /**
   * Called if a put with `replaces: null` finds its key taken: makes room for it, or fails. Gives `false` if
   * nothing may be deleted there: the put then replaces what it found.
   */
  readonly makeRoom?: (() => Promise<boolean>) | undefined;
}

/** How an object is put. */
export interface PutOptions {
  /** Aborts the put: nothing appears at the key, and the body is cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the put fails with {@linkcode ObjectExistsError} when the key is taken. @default {false} */
  readonly ifAbsent?: boolean | undefined;
  /**
   * What the put may replace: `null` for nothing, or the tag of the object that must be there. It is a part
   * of the write itself, and takes no further request: a storage that has no such condition, as some S3
   * servers, writes without it. Otherwise the put fails with {@linkcode ObjectExistsError} or
   * {@linkcode ObjectChangedError}. @default {Whatever is there}
   */
  readonly replaces?: string | null | undefined;
  /** Asked right before the object appears. */
  readonly fence?: WriteFence | undefined;
  /** The body's size in bytes, if known: a body of another size is refused. */
  readonly size?: number | undefined;
  /** The MIME type, for storages that keep one. */
  readonly contentType?: string | undefined;
  /** The `Content-Disposition` header, for storages that keep one. */
  readonly contentDisposition?: string | undefined;
  /** Metadata of our own, for storages that keep some. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What whatever changes nothing takes. */
export interface ReadOptions {
  /** Aborts the operation. */
  readonly signal?: AbortSignal | undefined;
}

/** Some of an object's bytes: `{ start: 0, end: 10 }` are the first ten. */
export interface ByteRange {
  /** The offset of the first byte, from 0. */
  readonly start: number;
  /** The offset behind the last byte. @default {The object's end} */
  readonly end?: number | undefined;
}

/** What a read takes. */
export interface GetOptions extends ReadOptions {
  /**
   * Reads these bytes alone, as far as the object has them: beyond its end there are none, and that is no
   * error. @default {All}
   */
  readonly range?: ByteRange | undefined;
}

/** What a listing of folders takes. */
export interface FoldersOptions extends ReadOptions {
  /** Folders named before this may be left out, where that saves requests. @default {None} */
  readonly after?: string | undefined;
}

/** What a deletion takes. */
export interface DeleteOptions extends ReadOptions {
  /** Asked right before anything is deleted. */
  readonly fence?: Pick<WriteFence, "check"> | undefined;
}

/** What a storage's `sweep` takes. */
export interface SweepOptions extends DeleteOptions {
  /** Only what began before this moment is removed: what is younger may still be written. */
  readonly olderThan: Date;
}

/** An upload in parts that is neither completed nor dropped. S3 charges for it until it is dropped. */
export interface UnfinishedUpload {
  /** The object's key. */
  readonly key: string;
  /** S3's name of the upload. */
  readonly uploadId: string;
  /** When it began. */
  readonly startedAt: Date;
}

/**
 * Where objects go: local disk, S3, or one of your own. A small interface, so that sinks and the
 * snapshot format know nothing of where they write. What only some storages can do is an optional method
 * or property, and nobody asks which storage it is.
 *
 * Keys are `/`-separated and relative. A key that is empty, absolute, or has an empty, `.` or `..`
 * segment is refused with a {@linkcode StorageError}, so that nothing outside the root can be reached.
 */
export interface Storage {
  /** The root as a URL, without credentials: `file:///…` or `s3://bucket/prefix`. */
  readonly url: string;

  /**
   * Writes an object. It appears at its key only when complete; after an error, nothing is there (or
   * what was there before), nothing is left behind, and the body is cancelled.
   *
   * @throws {ObjectExistsError} If `ifAbsent` is set, or `replaces` is `null`, and the key is taken.
   * @throws {ObjectChangedError} If `replaces` isn't the tag of what is there.
   * @throws {StorageError} If the object can't be written.
   */
  put(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options?: PutOptions,
  ): Promise<ObjectInfo>;

  /**
   * Reads an object, or a range of it.
   *
   * @throws {ObjectNotFoundError} If there is no such object.
   * @throws {StorageError} If it can't be read, or the range isn't one.
   */
  get(key: string, options?: GetOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

  /** What is known of an object, or `undefined` if there is none. */
  stat(key: string, options?: ReadOptions): Promise<ObjectInfo | undefined>;

  /**
   * Lists the objects whose keys begin with `prefix` (a string prefix as in S3; `""` for all), in
   * pages, ordered by key within what the storage can order.
   */
  list(prefix: string, options?: ReadOptions): ReadableStream<readonly ObjectInfo[]>;

  /**
   * Deletes objects; keys that aren't there are fine.
   *
   * @throws {DeletionRefusedError} If nothing may be deleted there.
   * @throws {StorageError} If one can't be deleted.
   */
  delete(keys: readonly string[], options?: DeleteOptions): Promise<void>;

  /** What it is reached with and nobody is to be told, such as a password, as far as it is known by now. */
  readonly secrets?: readonly string[];

  /**
   * Whether objects may be deleted. A storage where whoever may write may also delete leaves this out.
   *
   * @param key The key of an object that isn't there.
   * @throws {StorageError} If it can't be found out.
   */
  mayDelete?(key: string, options?: ReadOptions): Promise<boolean>;

  /**
   * Writes a small object in the place of just the one that has a tag, if it is still there. A storage that
   * can't make sure of that leaves this out.
   *
   * @return Whether it was written; `undefined` if this can't be had here.
   * @throws {StorageError} If the object can't be written.
   */
  replace?(
    key: string,
    etag: string,
    bytes: Uint8Array<ArrayBuffer>,
    options?: Omit<PutOptions, "ifAbsent" | "size">,
  ): Promise<boolean | undefined>;

  /**
   * Lists the names of the folders directly below a prefix that ends with `/`, in pages. A storage that
   * finds them no faster than by listing all objects leaves this out.
   */
  folders?(prefix: string, options?: FoldersOptions): ReadableStream<readonly string[]>;

  /**
   * Holds a key until the hold is disposed of or the process ends, however it ends. Nothing that is
   * listed stands for it, and the object of that key, if there is one, can still be read and written. A
   * storage that doesn't learn of a process's end leaves this out.
   *
   * @return `undefined` if another one holds it, or if this can't be had here.
   * @throws {StorageError} If the storage can't be written to.
   */
  hold?(key: string, options?: ReadOptions): Promise<AsyncDisposable | undefined>;

  /**
   * Whether a process that lives holds a key.
   *
   * @return `false` if the process that held it has ended without giving it back; `undefined` if there is
   * no trace of a hold, or this can't be told.
   * @throws {StorageError} If the storage can't be read.
   */
  isHeld?(key: string, options?: ReadOptions): Promise<boolean | undefined>;

  /**
   * Removes what processes that write no more have left unfinished below a prefix: half-written files, and
   * uploads in parts. What isn't finished yet by a process that is only asleep can't be finished any more.
   *
   * @return The keys of what couldn't be removed.
   * @throws {StorageError} If it can't be looked for.
   */
  clear?(prefix: string, options?: DeleteOptions): Promise<readonly string[]>;

  /**
   * Removes what killed processes left unfinished below a prefix, if it is old.
   *
   * @return How many were removed.
   * @throws {StorageError} If one can't be removed.
   */
  sweep?(prefix: string, options: SweepOptions): Promise<number>;

  /**
   * Lists the uploads in parts that are neither completed nor dropped, in pages: those of running puts, and
   * those that killed processes left. A storage that keeps no parts leaves this out.
   */
  listUnfinishedUploads?(
    prefix: string,
    options?: ReadOptions,
  ): ReadableStream<readonly UnfinishedUpload[]>;

  /**
   * Drops an upload, with its parts; one that isn't there any more is fine.
   *
   * @throws {StorageError} If it can't be dropped.
   */
  abortUnfinishedUpload?(
    upload: Pick<UnfinishedUpload, "key" | "uploadId">,
    options?: DeleteOptions,
  ): Promise<void>;

  /** An address that needs no credentials, for a while. A storage that isn't reached over HTTP leaves this out. */
  presign?(key: string, options: PresignOptions): Promise<string>;

  /** How the bucket is set up. A storage that isn't a bucket of S3 leaves this out. */
  readonly settings?: BucketSettings;

  /**
   * How many bytes fit into it yet. A storage without a limit of its own leaves this out.
   *
   * @return `undefined` if the process may not look.
   * @throws {StorageError} If it can't be found out.
   */
  freeBytes?(): Promise<number | undefined>;

  /**
   * Sees to it that nothing that other processes have begun to put in the place of an object comes to its
   * end; what may only create it isn't touched. A storage whose puts know what they replace (`replaces`)
   * leaves this out.
   *
   * @throws {StorageError} If it can't.
   */
  abandon?(key: string, options?: ReadOptions): Promise<void>;

  /** Its own time, as its latest answer told, in ms since 1970: it also runs while this machine is frozen. */
  now?(): number | undefined;
}

/**
 * A storage that doesn't do what it is asked to: full, read-only, unreachable.
 *
 * @example
 * ```ts
 * import { LocalStorage, StorageError } from "@sluice/datocms";
 *
 * const storage = new LocalStorage("./snapshots");
 * const error = await storage.get("../outside").catch((error) => error);
 * console.assert(error instanceof StorageError);
 * ```
 */
export class StorageError extends SluiceError {
  /** The error's name. */
  override readonly name: string = "StorageError";
}

/** Objects may be written, but not deleted: the credentials don't allow it, or the storage doesn't. */
export class DeletionRefusedError extends StorageError {
  /** The error's name. */
  override readonly name = "DeletionRefusedError";
}

/** The key is taken, and the put was only to create it. */
export class ObjectExistsError extends StorageError {
  /** The error's name. */
  override readonly name = "ObjectExistsError";
}

/** What was to be replaced isn't what is there. */
export class ObjectChangedError extends StorageError {
  /** The error's name. */
  override readonly name = "ObjectChangedError";
}

/**
 * There is no object at this key.
 *
 * @example
 * ```ts
 * import { LocalStorage, ObjectNotFoundError } from "@sluice/datocms";
 *
 * const storage = new LocalStorage("./snapshots");
 * const error = await storage.get("nothing.txt").catch((error) => error);
 * console.assert(error instanceof ObjectNotFoundError);
 * ```
 */
export class ObjectNotFoundError extends StorageError {
  /** The error's name. */
  override readonly name = "ObjectNotFoundError";
}

/**
 * Checks a key, so that no storage can be made to leave its root.
 *
 * @param key The key to check.
 * @return The key.
 * @throws {StorageError} If the key is empty, absolute, or has an empty, `.` or `..` segment, a control
 * character, a backslash or a lone surrogate.
 */
export function assertKey(key: string): string {
  const segments = key.split("/");
  // Half a character would become another one, the same for all of them.
  const isText = key.isWellFormed();
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (!isText || segments.some((s) => /^\.{0,2}$|[\0-\x1f\x7f\\]/.test(s))) {
    throw new StorageError(
      `An object's key must be a relative path of plain text without "." or ".." segments, but is ${
        JSON.stringify(key)
      }.`,
    );
  }
  return key;
}

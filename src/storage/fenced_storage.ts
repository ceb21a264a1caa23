import type {
  DeleteOptions,
  GetOptions,
  ObjectInfo,
  PutOptions,
  ReadOptions,
  Storage,
  WriteFence,
} from "./storage.ts";
import { deleteIfAllowed } from "./delete_if_allowed.ts";
import { ObjectChangedError, ObjectExistsError } from "./storage.ts";

/** What a {@linkcode FencedStorage} asks before it changes anything. */
export interface StorageFence {
  /** Fails if nothing may be changed any more. It takes no time as long as that is certain. */
  check(): Promise<void> | void;
  /** The same, but it always looks anew. */
  confirm(): Promise<void>;
  /** The key whose object says that nothing may be put at a key any more, if there is one for it. */
  sealOf(key: string): string | undefined;
  /** Called with each object that was written: it may have been on its way for too long. */
  settle(info: ObjectInfo, options: Pick<PutOptions, "replaces">): Promise<void>;
}

/**
 * A storage that changes nothing any more once it isn't certain that it may: each write and deletion asks a
 * fence first, right before it is done.
 */
export class FencedStorage implements Storage {
  readonly url: string;
  readonly settings?: NonNullable<Storage["settings"]>;
  readonly mayDelete?: NonNullable<Storage["mayDelete"]>;
  readonly replace?: NonNullable<Storage["replace"]>;
  readonly folders?: NonNullable<Storage["folders"]>;
  readonly hold?: NonNullable<Storage["hold"]>;
  readonly isHeld?: NonNullable<Storage["isHeld"]>;
  readonly clear?: NonNullable<Storage["clear"]>;
  readonly sweep?: NonNullable<Storage["sweep"]>;
  readonly listUnfinishedUploads?: NonNullable<Storage["listUnfinishedUploads"]>;
  readonly abortUnfinishedUpload?: NonNullable<Storage["abortUnfinishedUpload"]>;
  readonly freeBytes?: NonNullable<Storage["freeBytes"]>;
  readonly abandon?: NonNullable<Storage["abandon"]>;
  readonly presign?: NonNullable<Storage["presign"]>;
  readonly now?: NonNullable<Storage["now"]>;
  readonly #storage: Storage;
  readonly #fence: StorageFence;

  /**
   * Puts a storage behind a fence.
   *
   * @param storage The storage.
   * @param fence Says whether something may be changed.
   */
  constructor(storage: Storage, fence: StorageFence) {
    this.url = storage.url;
    this.#storage = storage;
    this.#fence = fence;
    // What only reads is handed on as it is; what changes something asks first.
    if (storage.settings) this.settings = storage.settings;
    if (storage.mayDelete) this.mayDelete = (key, options) => storage.mayDelete!(key, options);
    if (storage.folders) this.folders = (prefix, options) => storage.folders!(prefix, options);
    if (storage.hold) this.hold = (key, options) => storage.hold!(key, options);
    if (storage.isHeld) this.isHeld = (key, options) => storage.isHeld!(key, options);
    if (storage.listUnfinishedUploads) {
      this.listUnfinishedUploads = (prefix, o) => storage.listUnfinishedUploads!(prefix, o);
    }
    if (storage.freeBytes) this.freeBytes = () => storage.freeBytes!();
    if (storage.presign) this.presign = (key, options) => storage.presign!(key, options);
    if (storage.now) this.now = () => storage.now!();
    if (storage.replace) {
      this.replace = async (key, etag, bytes, options = {}) => {
        await fence.check();
        const isDone = await storage.replace!(key, etag, bytes, {
          ...options,
          fence: { check: () => fence.check() },
        });
        if (isDone) await fence.settle({ key, size: bytes.length }, { replaces: etag });
        return isDone;
      };
    }
    if (storage.clear) {
      this.clear = (prefix, options) => storage.clear!(prefix, { ...options, fence });
    }
    if (storage.sweep) {
      this.sweep = (prefix, options) => storage.sweep!(prefix, { ...options, fence });
    }
    if (storage.abortUnfinishedUpload) {
      this.abortUnfinishedUpload = (upload, options) => {
        return storage.abortUnfinishedUpload!(upload, { ...options, fence });
      };
    }
    if (storage.abandon) {
      this.abandon = async (key, options) => {
        await fence.check();
        await storage.abandon!(key, options);
      };
    }
  }

  /** What the storage behind the fence is reached with. */
  get secrets(): readonly string[] {
    return this.#storage.secrets ?? [];
  }

  async put(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    try {
      // Before anything is made or read for it.
      await this.#fence.check();
    } catch (error) {
      if (body instanceof ReadableStream) await body.cancel(error).catch(() => {});
      throw error;
    }
    const info = await this.#putFenced(key, body, options);
    await this.#fence.settle(info, options);
    return info;
  }

  get(key: string, options?: GetOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#storage.get(key, options);
  }

  stat(key: string, options?: ReadOptions): Promise<ObjectInfo | undefined> {
    return this.#storage.stat(key, options);
  }

  list(prefix: string, options?: ReadOptions): ReadableStream<readonly ObjectInfo[]> {
    return this.#storage.list(prefix, options);
  }

  async delete(keys: readonly string[], options: DeleteOptions = {}): Promise<void> {
    await this.#fence.check();
    await this.#storage.delete(keys, { ...options, fence: this.#fence });
  }

  async #putFenced(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options: PutOptions,
  ): Promise<ObjectInfo> {
    const fence: WriteFence = {
      check: () => this.#fence.check(),
      unless: this.#fence.sealOf(key),
      makeRoom: async () => {
        // What is there came late from somebody who had the right before.
        await this.#fence.confirm();
        const how = { signal: options.signal, fence: this.#fence };
        return await deleteIfAllowed(this.#storage, [key], how);
      },
    };
    try {
      return await this.#storage.put(key, body, { ...options, fence });
    } catch (error) {
      // Who finds something else than was left there may have lost the right without having noticed.
      const isSurprise = options.ifAbsent !== true &&
        (error instanceof ObjectExistsError || error instanceof ObjectChangedError);
      if (isSurprise) await this.#fence.confirm();
      throw error;
    }
  }
}

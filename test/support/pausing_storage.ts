import type {
  DeleteOptions,
  GetOptions,
  ObjectInfo,
  PutOptions,
  ReadOptions,
  Storage,
  WriteFence,
} from "../../src/storage/storage.ts";

/** Where a process that uses a storage stops. */
export interface PauseAt {
  /** What it does there. */
  readonly method: "put" | "delete" | "get";
  /** A regular expression that its key matches. */
  readonly key: string;
  /**
   * Before it is begun; when nothing is waited for any more but the file's name or the request; or when it is
   * done, but nobody was told yet.
   */
  readonly when: "before" | "committing" | "after";
  /** Which of such calls it is, from 1. @default {1} */
  readonly number?: number | undefined;
}

/** A storage whose user stops dead at some call, and may be woken later. */
export class PausingStorage implements Storage {
  readonly url: string;
  readonly hold?: NonNullable<Storage["hold"]>;
  readonly isHeld?: NonNullable<Storage["isHeld"]>;
  readonly folders?: NonNullable<Storage["folders"]>;
  readonly clear?: NonNullable<Storage["clear"]>;
  readonly sweep?: NonNullable<Storage["sweep"]>;
  readonly mayDelete?: NonNullable<Storage["mayDelete"]>;
  readonly settings?: NonNullable<Storage["settings"]>;
  readonly abandon?: NonNullable<Storage["abandon"]>;
  readonly now?: NonNullable<Storage["now"]>;
  readonly #storage: Storage;
  readonly #at: PauseAt;
  readonly #pause: (key: string) => void;
  #count = 0;

  /**
   * @param storage What does the work.
   * @param at Where to stop.
   * @param pause Stops the whole process or worker; told of the key.
   * @param isElsewhere Whether nobody learns when this process ends, as on another machine's disk.
   */
  constructor(storage: Storage, at: PauseAt, pause: (key: string) => void, isElsewhere: boolean) {
    this.#storage = storage;
    this.url = storage.url;
    this.#at = at;
    this.#pause = pause;
    if (storage.hold && !isElsewhere) this.hold = (key, options) => storage.hold!(key, options);
    if (storage.isHeld && !isElsewhere) this.isHeld = (key, o) => storage.isHeld!(key, o);
    if (storage.folders) this.folders = (prefix, options) => storage.folders!(prefix, options);
    if (storage.clear) this.clear = (prefix, options) => storage.clear!(prefix, options);
    if (storage.sweep) this.sweep = (prefix, options) => storage.sweep!(prefix, options);
    if (storage.mayDelete) this.mayDelete = (key, options) => storage.mayDelete!(key, options);
    if (storage.settings) this.settings = storage.settings;
    if (storage.abandon) this.abandon = (key, options) => storage.abandon!(key, options);
    if (storage.now) this.now = () => storage.now!();
  }

  async put(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    return await this.#run("put", key, options.fence, (fence) => {
      return this.#storage.put(key, body, { ...options, ...(fence && { fence }) });
    });
  }

  async get(key: string, options?: GetOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return await this.#run("get", key, undefined, () => this.#storage.get(key, options));
  }

  stat(key: string, options?: ReadOptions): Promise<ObjectInfo | undefined> {
    return this.#storage.stat(key, options);
  }

  list(prefix: string, options?: ReadOptions): ReadableStream<readonly ObjectInfo[]> {
    return this.#storage.list(prefix, options);
  }

  async delete(keys: readonly string[], options: DeleteOptions = {}): Promise<void> {
    const key = keys.find((key) => this.#matches("delete", key)) ?? "";
    await this.#run("delete", key, options.fence, (fence) => {
      return this.#storage.delete(keys, { ...options, ...(fence && { fence }) });
    });
  }

  #matches(method: PauseAt["method"], key: string): boolean {
    return method === this.#at.method && new RegExp(this.#at.key).test(key);
  }

  async #run<T>(
    method: PauseAt["method"],
    key: string,
    fence: Partial<WriteFence> | undefined,
    run: (fence: WriteFence | undefined) => Promise<T>,
  ): Promise<T> {
    const { when, number = 1 } = this.#at;
    const isIt = this.#matches(method, key) && ++this.#count === number;
    if (!isIt) return await run(fence as WriteFence | undefined);
    if (when === "before") this.#pause(key);
    if (when !== "committing") {
      const result = await run(fence as WriteFence | undefined);
      if (when === "after") this.#pause(key);
      return result;
    }
    let paused = false;
    return await run({
      ...fence,
      check: async () => {
        await fence?.check?.();
        if (paused) return;
        paused = true;
        this.#pause(key);
      },
    });
  }
}

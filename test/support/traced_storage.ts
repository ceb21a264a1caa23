import type {
  GetOptions,
  ObjectInfo,
  PutOptions,
  ReadOptions,
  Storage,
} from "../../src/storage/storage.ts";

/** A call of a storage's method. */
export interface TracedCall {
  readonly method: "put" | "get" | "stat" | "list" | "folders" | "delete";
  /** The key, or the prefix. */
  readonly key: string;
}

/** The process that used the storage is dead. */
export class CrashError extends Error {
  override readonly name = "CrashError";
}

/**
 * A storage that can do no more than every storage does, and name folders: a hold, say, would end with the
 * process that is killed. It writes down what it is asked, and can stop dead: from a call on, nothing that is asked is
 * done or answered any more, as if the process had been killed.
 */
export class TracedStorage implements Storage {
  readonly url: string;
  readonly folders?: NonNullable<Storage["folders"]>;
  /** What it was asked, in turn. */
  readonly calls: TracedCall[] = [];
  readonly #storage: Storage;
  readonly #onCall: ((count: number) => void) | undefined;
  readonly #crashWhen: ((calls: readonly TracedCall[]) => boolean) | undefined;
  #crashAt: number;

  /**
   * @param storage What does the work.
   * @param options The call that kills it, from 1 or by what was called so far; and what is called with how many
   * calls there were.
   */
  constructor(
    storage: Storage,
    options: {
      readonly crashAt?: number | undefined;
      readonly crashWhen?: ((calls: readonly TracedCall[]) => boolean) | undefined;
      readonly onCall?: ((count: number) => void) | undefined;
    } = {},
  ) {
    this.#storage = storage;
    this.url = storage.url;
    if (storage.folders !== undefined) {
      this.folders = (prefix, options) => {
        this.#note("folders", prefix);
        return storage.folders!(prefix, options);
      };
    }
    this.#crashAt = options.crashAt ?? Infinity;
    this.#crashWhen = options.crashWhen;
    this.#onCall = options.onCall;
  }

  /** The keys that a method was called with. */
  keys(method: TracedCall["method"]): string[] {
    return this.calls.filter((call) => call.method === method).map(({ key }) => key);
  }

  put(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options?: PutOptions,
  ): Promise<ObjectInfo> {
    // Whoever writes the body would wait for ever, which the dead don't.
    const drop = async () => {
      if (!(body instanceof Uint8Array) && !body.locked) await body.cancel();
    };
    return this.#trace("put", key, () => this.#storage.put(key, body, options), drop);
  }

  get(key: string, options?: GetOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const cancel = (body?: ReadableStream<unknown>) => body?.cancel() ?? Promise.resolve();
    return this.#trace("get", key, () => this.#storage.get(key, options), cancel);
  }

  stat(key: string, options?: ReadOptions): Promise<ObjectInfo | undefined> {
    return this.#trace("stat", key, () => this.#storage.stat(key, options));
  }

  list(prefix: string, options?: ReadOptions): ReadableStream<readonly ObjectInfo[]> {
    this.#note("list", prefix);
    return this.#storage.list(prefix, options);
  }

  delete(keys: readonly string[], options?: ReadOptions): Promise<void> {
    return this.#trace("delete", keys.join(" "), () => this.#storage.delete(keys, options));
  }

  #note(method: TracedCall["method"], key: string): void {
    this.calls.push({ method, key });
    this.#onCall?.(this.calls.length);
    if (this.#crashWhen?.(this.calls)) this.#crashAt = Math.min(this.#crashAt, this.calls.length);
    this.#assertAlive();
  }

  async #trace<T>(
    method: TracedCall["method"],
    key: string,
    run: () => Promise<T>,
    drop?: (result?: T) => Promise<void>,
  ): Promise<T> {
    let result: T | undefined;
    try {
      this.#note(method, key);
      result = await run();
      this.#assertAlive();
      return result;
    } catch (error) {
      await drop?.(result);
      throw error;
    }
  }

  #assertAlive(): void {
    if (this.calls.length >= this.#crashAt) throw new CrashError("The process was killed.");
  }
}

import { assertRange } from "../../src/storage/byte_range.ts";
import {
  assertKey,
  type DeleteOptions,
  type GetOptions,
  ObjectExistsError,
  type ObjectInfo,
  ObjectNotFoundError,
  type PutOptions,
  type Storage,
} from "../../src/storage/storage.ts";

/** What is done to a put before and while it reads its body. */
export interface MemoryStorageHooks {
  /** Called before the body is read; what it throws is the put's error. */
  readonly beforePut?: ((key: string, signal?: AbortSignal) => Promise<void> | void) | undefined;
  /** Called with each chunk; what it throws is the put's error. */
  readonly onChunk?:
    | ((key: string, chunk: Uint8Array, signal?: AbortSignal) => Promise<void> | void)
    | undefined;
}

/** A storage in memory that fails and stalls as it is told. */
export class MemoryStorage implements Storage {
  readonly url: string = "memory://test";
  /** What is at each key. */
  readonly objects: Map<string, Uint8Array<ArrayBuffer>> = new Map();
  /** The keys in the order in which their objects appeared. */
  readonly appeared: string[] = [];
  /** Puts that haven't ended. */
  open = 0;
  readonly #hooks: MemoryStorageHooks;

  constructor(hooks: MemoryStorageHooks = {}) {
    this.#hooks = hooks;
  }

  /** What is at a key, as text. */
  text(key: string): string | undefined {
    const bytes = this.objects.get(key);
    return bytes && new TextDecoder().decode(bytes);
  }

  async put(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    { signal, ifAbsent, replaces, fence }: PutOptions = {},
  ): Promise<ObjectInfo> {
    const stream = body instanceof Uint8Array ? ReadableStream.from([body]) : body;
    const reader = stream.getReader();
    const onAbort = () => void reader.cancel(signal?.reason).catch(() => {});
    signal?.addEventListener("abort", onAbort, { once: true });
    this.open++;
    try {
      assertKey(key);
      await this.#hooks.beforePut?.(key, signal);
      signal?.throwIfAborted();
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      for (;;) {
        const { done, value } = await reader.read();
        signal?.throwIfAborted();
        if (done) break;
        await this.#hooks.onChunk?.(key, value, signal);
        chunks.push(value.slice());
      }
      const bytes = joined(chunks);
      await fence?.check();
      if ((ifAbsent || replaces === null) && this.objects.has(key)) {
        throw new ObjectExistsError(`${key} is taken.`);
      }
      this.objects.set(key, bytes);
      this.appeared.push(key);
      return { key, size: bytes.length };
    } catch (error) {
      await reader.cancel(error).catch(() => {});
      throw error;
    } finally {
      this.open--;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  // deno-lint-ignore require-await -- it rejects, and doesn't throw
  async get(
    key: string,
    { range, signal }: GetOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    signal?.throwIfAborted();
    const { start, end } = assertRange(range ?? { start: 0 });
    const bytes = this.objects.get(assertKey(key));
    if (bytes === undefined) throw new ObjectNotFoundError(`No ${key}.`);
    const stream = streamOf(bytes.slice(start, end));
    return signal === undefined ? stream : stream.pipeThrough(new TransformStream(), { signal });
  }

  stat(key: string): Promise<ObjectInfo | undefined> {
    const bytes = this.objects.get(assertKey(key));
    return Promise.resolve(bytes && { key, size: bytes.length });
  }

  list(prefix: string): ReadableStream<readonly ObjectInfo[]> {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    return ReadableStream.from([
      keys.map((key) => ({ key, size: this.objects.get(key)!.length })),
    ]);
  }

  async delete(keys: readonly string[], { fence }: DeleteOptions = {}): Promise<void> {
    await fence?.check();
    for (const key of keys) this.objects.delete(key);
  }
}

/** The chunks of a stream in one piece; what a put was given may be written to again. */
function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Bytes as a stream that can be read into memory of the reader; a blob of few takes long to make. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (bytes.length > 65_536) return new Blob([bytes]).stream();
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

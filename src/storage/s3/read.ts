import { StorageError } from "../storage.ts";

/** What {@linkcode readObject} takes. */
export interface ReadObjectOptions {
  /** Names the object in error messages. */
  readonly name: string;
  /** Bytes that it must have. */
  readonly size: number | undefined;
  /** Milliseconds that the next bytes may take, once they are asked for. */
  readonly timeout: number;
  /** Asks for the bytes from one on, if the connection breaks; `undefined` if they can't be had alone. */
  readonly reopen?:
    | ((from: number) => Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined>)
    | undefined;
  /** Fails the stream. */
  readonly signal?: AbortSignal | undefined;
}

/** How often the rest of an object is asked for in turn, if nothing of it comes. */
const REOPENINGS = 5;

/**
 * The bytes of an object that S3 sends. If the connection breaks, the rest is asked for. Nothing is read before it is asked for, and who reads slowly is
 * never timed out. The connection is given back at the end, on an error, on abort and on cancel.
 *
 * @param body What S3 sends.
 * @param options What to say in errors, how much to expect, and the signal.
 */
export function readObject(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: ReadObjectOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { name, size, timeout, reopen, signal } = options;
  let reader = body.getReader();
  let received = 0;

  async function next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (let tries = 0;; tries++) {
      try {
        return await read();
      } catch (error) {
        signal?.throwIfAborted();
        const mayHelp = size !== undefined && received < size && tries < REOPENINGS && !isCancelled;
        const rest = mayHelp ? await reopen?.(received) : undefined;
        if (rest === undefined) throw broken(error);
        await reader.cancel().catch(() => {});
        reader = rest.getReader();
        if (!signal?.aborted && !isCancelled) continue;
        // Whoever did that meanwhile did it to the one before.
        await reader.cancel().catch(() => {});
        throw broken(error);
      }
    }
  }

  function broken(cause: unknown): StorageError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new StorageError(
      `Can't read ${name} to its end, because the connection broke (${reason}): try again.`,
      undefined,
      { cause },
    );
  }

  async function read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      reader.cancel().catch(() => {});
    }, timeout);
    try {
      const { value } = await reader.read();
      if (timedOut) throw new Error(`no bytes came for ${timeout / 1000} s`);
      received += value?.length ?? 0;
      if (value === undefined && size !== undefined && received !== size) {
        throw new Error(`only ${received} of ${size} bytes came`);
      }
      return value;
    } finally {
      clearTimeout(timer);
    }
  }

  let isCancelled = false;
  let onAbort = (): void => {};
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller): void {
      onAbort = () => {
        controller.error(signal?.reason);
        reader.cancel(signal?.reason).catch(() => {});
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    },
    async pull(controller): Promise<void> {
      try {
        const bytes = await next();
        if (signal?.aborted) return;
        if (bytes !== undefined) return controller.enqueue(bytes);
        signal?.removeEventListener("abort", onAbort);
        controller.close();
      } catch (error) {
        signal?.removeEventListener("abort", onAbort);
        await reader.cancel(error).catch(() => {});
        if (!signal?.aborted) throw error;
      }
    },
    async cancel(reason): Promise<void> {
      isCancelled = true;
      signal?.removeEventListener("abort", onAbort);
      // One that broke can't be cancelled, and needn't be.
      await reader.cancel(reason).catch(() => {});
    },
  }, { highWaterMark: 0 });
}

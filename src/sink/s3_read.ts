import { StorageError } from "./storage.ts";

/** What {@linkcode readObject} takes. */
export interface ReadObjectOptions {
  /** Names the object in error messages. */
  readonly name: string;
  /** Bytes that it must have. */
  readonly size: number | undefined;
  /** Milliseconds that the next bytes may take, once they are asked for. */
  readonly timeout: number;
  /** Fails the stream. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of an object that S3 sends. Nothing is read before it is asked for, and who reads slowly is
 * never timed out. The connection is given back at the end, on an error, on abort and on cancel.
 *
 * @param body What S3 sends.
 * @param options What to say in errors, how much to expect, and the signal.
 */
export function readObject(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: ReadObjectOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { name, size, timeout, signal } = options;
  const reader = body.getReader();
  let received = 0;

  async function next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
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
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StorageError(
        `Can't read ${name} to its end, because the connection broke (${reason}): try again.`,
        undefined,
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
  }

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
      signal?.removeEventListener("abort", onAbort);
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

import { localError } from "./local_error.ts";

/** Bytes read at a time. */
const PIECE = 256 * 1024;

/** What {@linkcode readFile} takes. */
export interface ReadFileOptions {
  /** The file's path, for error messages. */
  readonly path: string;
  /** Bytes that the file is expected to have, so that small files take little memory. */
  readonly size: number;
  /** Which of its bytes are read, as far as it has them. */
  readonly range: { readonly start: number; readonly end: number };
  /** Fails the stream. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of an open file, or of a range of it. Nothing is read before it is asked for. The file is closed at its end, on
 * an error, on abort and on cancel.
 *
 * @param file The file.
 * @param options What to say in errors, how big it is, and the signal.
 */
export function readFile(
  file: Deno.FsFile,
  options: ReadFileOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { path, size, range, signal } = options;
  let position = 0;
  let reading: Promise<number | null> | undefined;
  let closed = false;

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    signal?.removeEventListener("abort", onAbort);
    // A file isn't closed under a read: the system could give its number to another file meanwhile.
    await reading?.catch(() => {});
    file.close();
  }

  let onAbort: () => void = () => {};
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller): void {
      onAbort = () => {
        controller.error(signal?.reason);
        close().catch(() => {});
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    },
    async pull(controller): Promise<void> {
      try {
        if (position < range.start) position = await file.seek(range.start, Deno.SeekMode.Start);
        const left = range.end - position;
        // At the expected end one byte more is asked for, as the file may have grown.
        const piece = new Uint8Array(Math.min(PIECE, Math.max(size - position, 1), left));
        reading = left > 0 ? file.read(piece) : Promise.resolve(null);
        const count = await reading;
        reading = undefined;
        if (closed) return;
        position += count ?? 0;
        if (count !== null) return controller.enqueue(piece.subarray(0, count));
        await close();
        controller.close();
      } catch (error) {
        reading = undefined;
        await close();
        if (!signal?.aborted) throw localError(error, `read ${JSON.stringify(path)}`, path);
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

/** Few enough bytes that a copy of them doesn't matter, and many enough that there are few chunks. */
const CHUNK = 1024 * 1024;

/**
 * A `Blob` of bytes that aren't copied: they must not be changed while it is read. As the body of a
 * `fetch()`, bytes are copied twice before the first of them is sent, and a stream is sent without its
 * length, on which S3 insists; a blob is asked for its size and its stream.
 *
 * @example
 * ```ts
 * import { BlobView } from "./blob_view.ts";
 *
 * const blob = new BlobView(new TextEncoder().encode("Hello"));
 * console.assert(blob.size === 5);
 * console.assert(await new Response(blob.stream()).text() === "Hello");
 * ```
 */
export class BlobView extends Blob {
  /** How many bytes there are. */
  override readonly size: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /**
   * Makes a blob.
   *
   * @param bytes Its bytes.
   */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super();
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  /** The bytes, in chunks that are views of them. */
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const bytes = this.#bytes;
    let at = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller): void {
        if (at < bytes.length) controller.enqueue(bytes.subarray(at, at += CHUNK));
        else controller.close();
      },
    }, { highWaterMark: 0 });
  }
}

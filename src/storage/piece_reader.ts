import { StorageError } from "./storage.ts";

/** What a {@linkcode PieceReader} takes. */
export interface PieceReaderOptions {
  /** Names the body in error messages. */
  readonly key: string;
  /** The body's size in bytes, if known: a body of another size is an error. */
  readonly size?: number | undefined;
  /** Ends a pending read at once and cancels the body. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a body in pieces of the size that the reader asks for, whatever the size of its chunks: small
 * chunks are put together, big ones are cut (without copying). Nothing is read ahead, so that a body
 * waits for whoever writes its pieces.
 *
 * @example
 * ```ts
 * import { PieceReader } from "./piece_reader.ts";
 *
 * using reader = new PieceReader(new Blob(["Hello, ", "world"]).stream(), { key: "hello.txt" });
 * const piece = await reader.read(5);
 * console.assert(new TextDecoder().decode(piece) === "Hello");
 * ```
 */
export class PieceReader implements Disposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #options: PieceReaderOptions;
  readonly #onAbort = (): void => this.cancel(this.#options.signal?.reason);
  /** The memory of pieces that were put together here; others are the body's own. */
  readonly #own = new WeakSet<ArrayBuffer>();
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  #bytesRead = 0;
  #done = false;

  /**
   * Takes over a body.
   *
   * @param body The body; a stream is locked.
   * @param options The body's name and size, and the signal.
   */
  constructor(
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options: PieceReaderOptions,
  ) {
    this.#options = options;
    this.#reader = (body instanceof Uint8Array ? ReadableStream.from([body]) : body).getReader();
    if (options.signal?.aborted) this.#onAbort();
    else options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** How many bytes of the body have been read. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * Reads the next piece.
   *
   * @param size The piece's size in bytes; only the last piece may be smaller.
   * @return The piece, which is never empty, or `undefined` at the end.
   * @throws {StorageError} If the body isn't of the size that it should be.
   * @throws The signal's reason, or the body's own error.
   */
  async read(size: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let piece: Uint8Array<ArrayBuffer> | undefined;
    let filled = 0;
    while (filled < size) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      const taken = chunk.subarray(0, size - filled);
      this.#rest = chunk.subarray(taken.length);
      if (filled === 0 && taken.length === size) return taken;
      piece = this.#withRoom(piece, filled, taken.length, size);
      piece.set(taken, filled);
      filled += taken.length;
    }
    return piece?.subarray(0, filled);
  }

  /**
   * Gives a piece back whose bytes nobody needs any more, so that its memory is used again: left to the
   * garbage collector, pieces pile up.
   *
   * @param piece The piece.
   */
  recycle(piece: Uint8Array<ArrayBuffer>): void {
    if (this.#own.delete(piece.buffer) && !this.#done) {
      this.#spare.push(new Uint8Array(piece.buffer));
    }
  }

  /**
   * Cancels the body, which also ends a pending read. It doesn't wait for the body to have ended: a
   * generator's cancel waits for its pending step, which may never come.
   *
   * @param reason Why.
   */
  cancel(reason?: unknown): void {
    this.#done = true;
    this.#rest = new Uint8Array();
    // A body that fails while it is cancelled has nothing to say that would change the outcome.
    this.#reader.cancel(reason).catch(() => {});
  }

  /** Stops listening to the signal and lets go of the body; cancels it if it wasn't read to its end. */
  [Symbol.dispose](): void {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (!this.#done) this.cancel();
    this.#reader.releaseLock();
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#options.signal?.throwIfAborted();
    if (this.#rest.length > 0) return this.#rest;
    while (!this.#done) {
      const { done, value } = await this.#reader.read();
      this.#options.signal?.throwIfAborted();
      if (done) {
        this.#done = true;
        this.#checkSize(true);
      } else if (!(value instanceof Uint8Array)) {
        throw new TypeError(`A body's chunks must be Uint8Arrays, but one is ${typeof value}.`);
      } else if (value.length > 0) {
        this.#bytesRead += value.length;
        this.#checkSize(false);
        return value;
      }
    }
    return undefined;
  }

  #checkSize(atEnd: boolean): void {
    const { key, size } = this.#options;
    if (size === undefined || this.#bytesRead === size) return;
    if (!atEnd && this.#bytesRead < size) return;
    throw new StorageError(
      `${JSON.stringify(key)} must have ${size} bytes, but its source gave ${
        atEnd ? `only ${this.#bytesRead}` : `at least ${this.#bytesRead}`
      }; it was not written, so fetch it again.`,
    );
  }

  /** Grows by doubling, so that small bodies don't take a big piece's memory; big ones soon do at once. */
  #withRoom(
    piece: Uint8Array<ArrayBuffer> | undefined,
    filled: number,
    added: number,
    size: number,
  ): Uint8Array<ArrayBuffer> {
    const needed = filled + added;
    if (piece !== undefined && piece.length >= needed) return piece;
    const remaining = (this.#options.size ?? Infinity) - this.#bytesRead + needed;
    const wanted = Math.max(needed, 2 * filled, this.#bytesRead - needed);
    const grown = this.#memory(Math.max(needed, Math.min(size, remaining, wanted)));
    if (piece !== undefined) grown.set(piece.subarray(0, filled));
    return grown;
  }

  #memory(size: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare.pop();
    // Pieces only ever get bigger, so one that is too small now is never big enough again.
    const memory = spare !== undefined && spare.length >= size ? spare : new Uint8Array(size);
    this.#own.add(memory.buffer);
    return memory;
  }
}

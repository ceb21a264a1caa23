/**
 * A sink whose chunks go to one sink after the other: when a segment is ended, its sink is closed, and what
 * comes next goes to a new one.
 *
 * @example
 * ```ts
 * import { SegmentedSink } from "./segmented_sink.ts";
 *
 * const segments: number[][] = [];
 * const segmented = new SegmentedSink<number>(() => {
 *   const segment: number[] = [];
 *   return new WritableStream({
 *     write: (n) => void segment.push(n),
 *     close: () => void segments.push(segment),
 *   });
 * });
 * const writer = segmented.sink.getWriter();
 * await writer.write(1);
 * await segmented.end();
 * await writer.write(2);
 * await writer.close();
 * console.assert(segments.join("|") === "1|2");
 * ```
 */
export class SegmentedSink<T> {
  /** The sink. */
  readonly sink: WritableStream<T>;
  #writer: WritableStreamDefaultWriter<T> | undefined;

  /**
   * @param open Opens the sink of a segment.
   */
  constructor(open: () => WritableStream<T>) {
    this.sink = new WritableStream<T>({
      start: ({ signal }) => {
        // A stream aborts its sink only after the write that is under way: that has to end, too.
        signal.addEventListener("abort", () => void this.#abort(signal.reason), { once: true });
      },
      write: async (chunk) => {
        if (this.#writer === undefined) {
          this.#writer = open().getWriter();
          // Every failure is seen by the write, close or abort that meets it.
          this.#writer.closed.catch(() => {});
        }
        await this.#writer.write(chunk);
      },
      close: () => this.end(),
      abort: (reason) => this.#abort(reason),
    }, { highWaterMark: 1 });
  }

  /** Whether a segment is open. */
  get isOpen(): boolean {
    return this.#writer !== undefined;
  }

  /**
   * Ends the segment, if there is one: waits until its sink has taken everything. Nothing may be written
   * meanwhile.
   *
   * @throws What the sink fails with.
   */
  async end(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    try {
      await writer.close();
    } catch (error) {
      // A stream that failed earlier only says so here; this says why.
      await writer.closed;
      throw error;
    }
    this.#writer = undefined;
  }

  async #abort(reason: unknown): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    // A segment that is being ended says itself that it failed.
    await writer?.abort(reason).catch(() => {});
  }
}

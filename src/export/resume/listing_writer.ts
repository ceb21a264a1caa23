import type { Page, Resource } from "../../content/resource.ts";
import { createdAt } from "../../content/attributes.ts";
import type { ListingState } from "./checkpoint.ts";
import { plusIds } from "../../snapshot/id_sum.ts";
import type { SnapshotSinkOptions } from "../../snapshot/snapshot_sink.ts";
import type { Cursor } from "../../source/datocms/page_stream.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { ResumeState } from "./resume_state.ts";

/** How many of the resources that were written last tell where to continue. */
const REMEMBERED = 50;

/** Where the batches of a listing begin, and whom to tell of them. */
export type ListingBatches = Pick<
  SnapshotSinkOptions,
  "firstBatch" | "begun" | "onAppended" | "onBatch"
>;

/** Where the pages of a listing go. */
export interface ListingSinks<T> {
  /** The listing's name in checkpoints. */
  readonly key: string;
  /** Opens the sink that writes batches. */
  readonly batches: (batches: ListingBatches) => WritableStream<Page<T>>;
  /** Whether a resource is published, as far as it is known. @default None is */
  readonly isPublic?: ((resource: T) => boolean) | undefined;
}

/** Options of {@linkcode ListingWriter}. */
export interface ListingWriterOptions<T> extends ListingSinks<T> {
  /** Where it is counted how far the listing is. */
  readonly state: Pick<ResumeState, "listing" | "bytes">;
  /** When that is written down. */
  readonly checkpoints: Pick<Checkpoints, "page" | "giveUp">;
  /** A listing that ends after it is aborted isn't at its end. */
  readonly stop?: AbortSignal | undefined;
  /** Called with each page that was written. */
  readonly onPage: (page: Page<T>) => void;
}

/** Writes a listing. Batches don't mind checkpoints: what the last one holds is in the journal, too. */
export class ListingWriter<T extends Resource> {
  /** How far the listing is. */
  readonly state: ListingState;
  readonly #options: ListingWriterOptions<T>;
  #writer: WritableStreamDefaultWriter<Page<T>> | undefined;
  #isWriting = false;

  /**
   * @param options Which listing, and where it goes.
   */
  constructor(options: ListingWriterOptions<T>) {
    this.#options = options;
    this.state = options.state.listing(options.key);
  }

  /** Where the reading continues, if an earlier run has begun it. */
  get after(): Cursor | undefined {
    const { read: offset, last } = this.state;
    return offset === 0 ? undefined : { offset, last: [...last] };
  }

  /** A sink for the listing's pages. */
  sink(): WritableStream<Page<T>> {
    return new WritableStream<Page<T>>({
      start: ({ signal }) => {
        // A stream aborts its sink only after the write that is under way: that has to end, too.
        signal.addEventListener("abort", () => void this.abort(signal.reason), { once: true });
      },
      write: (page) => this.#page(() => this.write(page)),
      close: () =>
        this.#page(async () => {
          await this.end();
        }),
      abort: (reason) => this.abort(reason),
    }, { highWaterMark: 1 });
  }

  /** A stream whose write fails is never aborted: what is being written has to end here. */
  async #page(write: () => Promise<void>): Promise<void> {
    try {
      await this.#options.checkpoints.page(write);
    } catch (error) {
      await this.abort(error);
      throw error;
    }
  }

  /**
   * Writes a page, as a part of what is a page for checkpoints. If it fails, the writer has to be aborted.
   *
   * @param page The page.
   */
  async write(page: Page<T>): Promise<void> {
    this.#isWriting = true;
    await this.#write(page);
    this.#isWriting = false;
  }

  /**
   * Ends the last batch, as a part of what is a page for checkpoints. If it fails, the writer has to be aborted.
   *
   * @return Whether it is ended; `false` if the listing was stopped before, so that another run has to.
   */
  async end(): Promise<boolean> {
    this.#isWriting = true;
    const isEnded = await this.#end();
    this.#isWriting = false;
    return isEnded;
  }

  async #write(page: Page<T>): Promise<void> {
    const { onPage, isPublic } = this.#options;
    const { state } = this;
    this.#writer ??= this.#open();
    await this.#writer.write(page);
    state.read += page.length;
    if (isPublic && state.publicIds !== undefined) {
      state.publicIds = plusIds(state.publicIds, page.filter(isPublic).map(({ id }) => id));
    }
    const last = page.slice(-REMEMBERED).map((each) => ({ id: each.id, time: timeOf(each) }));
    state.last = [...state.last, ...last].slice(-REMEMBERED);
    onPage(page);
  }

  #open(): WritableStreamDefaultWriter<Page<T>> {
    const { key, state: { bytes }, batches } = this.#options;
    const { state } = this;
    const writer = batches({
      firstBatch: state.batches,
      begun: state.unfinished && { ...state.unfinished, bytes: () => this.#saved() },
      onAppended: (pieces, unfinished) => {
        bytes.add(key, key, pieces);
        state.unfinished = unfinished;
      },
      onBatch: ({ batch, size }) => {
        bytes.forget(new Set([key]));
        state.unfinished = undefined;
        state.batches = batch + 1;
        state.bytes += size;
      },
    }).getWriter();
    // Every failure is seen by the write, close or abort that meets it.
    writer.closed.catch(() => {});
    return writer;
  }

  /** What an earlier run has written to the batch that comes next. */
  async *#saved(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    const { key, state: { bytes } } = this.#options;
    for await (const [, piece] of bytes.read((of) => of === key)) yield piece;
  }

  async #end(): Promise<boolean> {
    const { stop } = this.#options;
    if (stop?.aborted) {
      // Another run resumes the batch, which the journal has.
      const writer = this.#writer;
      this.#writer = undefined;
      await writer?.abort(stop.reason).catch(() => {});
      return false;
    }
    if (this.state.unfinished) this.#writer ??= this.#open();
    const writer = this.#writer;
    if (writer === undefined) return true;
    try {
      await writer.close();
    } catch (error) {
      // A stream that failed earlier only says so here; this says why.
      await writer.closed;
      throw error;
    }
    this.#writer = undefined;
    return true;
  }

  /**
   * Ends what is being written: what an unfinished batch holds is in the journal.
   *
   * @param reason Why.
   */
  async abort(reason: unknown): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    // Of a page that was written, the journal has what a batch holds that isn't finished.
    if (this.#isWriting) this.#options.checkpoints.giveUp(reason);
    // A batch that is being ended says itself that it failed.
    await writer.abort(reason).catch(() => {});
  }
}

/** JSON has no `NaN`. */
function timeOf(resource: Resource): number | null {
  const time = createdAt(resource);
  return Number.isNaN(time) ? null : time;
}

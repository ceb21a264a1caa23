import type { Page, Resource } from "../content/resource.ts";
import { createdAt } from "../content/created_at.ts";
import { fanOut } from "../sink/fan_out.ts";
import type { WrittenBatch } from "../sink/batch_sink.ts";
import type { ListingState } from "../snapshot/checkpoint.ts";
import { joined, type Span, spanOf } from "../snapshot/span.ts";
import type { Cursor } from "../source/page_stream.ts";
import type { Checkpoints, Segmented } from "./checkpoints.ts";

/** So many of the resources that were written last tell where to go on. */
const REMEMBERED = 50;

/** A part of a listing between two checkpoints. */
export interface Segment {
  /** The number of its first batch. */
  readonly firstBatch: number;
  /** When the resources that were written so far were created. */
  readonly span: () => Span | undefined;
  /** To be told of each batch. */
  readonly onBatch: (batch: WrittenBatch) => void;
}

/** Options of {@linkcode ListingWriter}. */
export interface ListingWriterOptions<T> {
  /** The listing's name. */
  readonly key: string;
  /** Whose the resources are, for spans: a model's id, or `UPLOADS`. */
  readonly of: string;
  /** Where it is counted how far the listing is. */
  readonly checkpoints: Checkpoints;
  /** Opens the sinks of a segment. */
  readonly open: (segment: Segment) => WritableStream<Page<T>>[];
  /** Told of each page that was written. */
  readonly onPage: (page: Page<T>) => void;
}

/**
 * Writes a listing in segments, which end at checkpoints: a segment's sinks are closed then, and what
 * comes next goes to new ones.
 */
export class ListingWriter<T extends Resource> implements Segmented {
  /** How far the listing is. */
  readonly state: ListingState;
  readonly #options: ListingWriterOptions<T>;
  #writer: WritableStreamDefaultWriter<Page<T>> | undefined;
  #span: Span | undefined;

  /**
   * @param options Which listing, and where it goes.
   */
  constructor(options: ListingWriterOptions<T>) {
    this.#options = options;
    this.state = options.checkpoints.listing(options.key);
  }

  /** Where the reading goes on, if an earlier run has begun it. */
  get after(): Cursor | undefined {
    const { read: offset, last } = this.state;
    return offset === 0 ? undefined : { offset, last: [...last] };
  }

  /** A sink for the listing's pages. */
  sink(): WritableStream<Page<T>> {
    const { checkpoints } = this.#options;
    const attached = checkpoints.attach(this);
    return new WritableStream<Page<T>>({
      start: ({ signal }) => {
        // A stream aborts its sink only after the write that is under way: that has to end, too.
        signal.addEventListener("abort", () => void this.#abort(signal.reason), { once: true });
      },
      write: (page) => this.#page(() => this.#write(page)),
      close: () =>
        this.#page(async () => {
          await this.endSegment();
          attached[Symbol.dispose]();
        }),
      abort: async (reason) => {
        attached[Symbol.dispose]();
        await this.#abort(reason);
      },
    }, { highWaterMark: 1 });
  }

  /** Ends the segment: what was written so far is in the storage, and counted. */
  async endSegment(): Promise<void> {
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
    // Until then rows on their way to tables ask for it.
    this.#span = undefined;
  }

  /** A stream whose write fails is never aborted: what is being written has to end here. */
  async #page(write: () => Promise<void>): Promise<void> {
    try {
      await this.#options.checkpoints.page(write);
    } catch (error) {
      await this.#abort(error);
      throw error;
    }
  }

  async #write(page: Page<T>): Promise<void> {
    const { of, onPage } = this.#options;
    const { state } = this;
    this.#span = joined(this.#span, spanOf(of, page));
    this.#writer ??= this.#open();
    await this.#writer.write(page);
    state.read += page.length;
    const last = page.slice(-REMEMBERED).map((each) => ({ id: each.id, time: timeOf(each) }));
    state.last = [...state.last, ...last].slice(-REMEMBERED);
    onPage(page);
  }

  #open(): WritableStreamDefaultWriter<Page<T>> {
    const { state } = this;
    const sinks = this.#options.open({
      firstBatch: state.batches,
      span: () => this.#span,
      onBatch: ({ batch, size }) => {
        state.batches = batch + 1;
        state.bytes += size;
      },
    });
    const writer = fanOut(sinks).getWriter();
    // Every failure is seen by the write, close or abort that meets it.
    writer.closed.catch(() => {});
    return writer;
  }

  async #abort(reason: unknown): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    // Its pages are counted, and never come to be in the storage.
    this.#options.checkpoints.giveUp(reason);
    // A segment that is being ended says itself that it failed.
    await writer.abort(reason).catch(() => {});
  }
}

/** JSON has no `NaN`. */
function timeOf(resource: Resource): number | null {
  const time = createdAt(resource);
  return Number.isNaN(time) ? null : time;
}

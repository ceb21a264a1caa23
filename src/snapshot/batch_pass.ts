/** How far batches were read. */
export interface PassState {
  /** How many were read to their end. */
  readonly batches: number;
  /** How many entries of the next one were. */
  readonly entries: number;
}

/** How far a pass is. */
export interface PassProgress {
  /** How many entries were read, in earlier runs, too. */
  readonly entries: number;
  /** How many there are; `null` if that isn't known. */
  readonly of: number | null;
}

/** A batch that is read. */
export interface PassBatch {
  /** Its key in the storage. */
  readonly key: string;
  /** How many entries it holds, if that is known. */
  readonly count?: number | undefined;
}

/** Options of {@linkcode BatchPass.make}. */
export interface BatchPassOptions<Batch extends PassBatch, Entry> {
  /** The batches, in the same order as in an earlier run. */
  readonly batches: readonly Batch[];
  /** Reads a batch. */
  readonly read: (batch: Batch, signal: AbortSignal) => AsyncIterable<readonly Entry[]>;
  /** Called with the entries, one page at a time. */
  readonly add: (page: readonly Entry[], batch: Batch) => Promise<void> | void;
  /** Runs what adds a page. @default {As it comes} */
  readonly page?: ((add: () => Promise<void>) => Promise<void>) | undefined;
  /** Called with how far it is, after each page and at the beginning. */
  readonly onProgress?: ((progress: PassProgress) => void) | undefined;
  /** Ends it after the page at hand. */
  readonly stop?: AbortSignal | undefined;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/** The most entries of a page. */
const PAGE = 100;
/** Batches whose reading has begun: the beginnings of the next ones come while one is read. */
const AT_A_TIME = 4;

/** A batch whose reading has begun. */
interface Begun<Entry> {
  readonly pages: AsyncIterator<readonly Entry[]>;
  readonly first: Promise<IteratorResult<readonly Entry[]>>;
}

/**
 * One pass over batches, for all that is made of their entries: each is read once, one after the other, from where
 * an earlier run has come to.
 *
 * @example
 * ```ts
 * import { BatchPass } from "./batch_pass.ts";
 *
 * const seen: string[] = [];
 * await new BatchPass().make({
 *   batches: [{ key: "a" }, { key: "b" }],
 *   read: async function* ({ key }) {
 *     yield await Promise.resolve([`${key}1`, `${key}2`]);
 *   },
 *   add: (page) => void seen.push(...page),
 *   signal: new AbortController().signal,
 * });
 * console.assert(seen.join() === "a1,a2,b1,b2");
 * ```
 */
export class BatchPass {
  #batches: number;
  #entries: number;

  /**
   * @param from How far an earlier run has come.
   */
  constructor(from?: PassState) {
    this.#batches = from?.batches ?? 0;
    this.#entries = from?.entries ?? 0;
  }

  /** How far it is, while no page is being added. */
  get state(): PassState {
    return { batches: this.#batches, entries: this.#entries };
  }

  /**
   * Reads batches.
   *
   * @param options Which ones, and what their entries are for.
   * @return Whether it came to the end; `false` if it was stopped before.
   * @throws What reading or adding throws.
   * @throws The signal's reason.
   */
  async make<Batch extends PassBatch, Entry>(
    options: BatchPassOptions<Batch, Entry>,
  ): Promise<boolean> {
    const { batches, read, add, page = (add) => add(), onProgress, stop, signal } = options;
    const counts = batches.map(({ count }) => count);
    const of = sum(counts);
    let entries = (sum(counts.slice(0, this.#batches)) ?? 0) + this.#entries;
    onProgress?.({ entries, of });
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    const begun: Begun<Entry>[] = [];
    try {
      for (let next = this.#batches; this.#batches < batches.length;) {
        while (next < batches.length && begun.length < AT_A_TIME && !stop?.aborted) {
          begun.push(begin(read(batches[next++]!, either)));
        }
        if (stop?.aborted) break;
        const batch = batches[this.#batches]!;
        const { pages, first } = begun[0]!;
        let skipped = this.#entries;
        for (let read = await first; !read.done; read = await pages.next()) {
          const { value } = read;
          for (let at = Math.min(skipped, value.length); at < value.length; at += PAGE) {
            if (stop?.aborted) return false;
            signal.throwIfAborted();
            const some = value.slice(at, at + PAGE);
            await page(async () => {
              await add(some, batch);
              this.#entries += some.length;
            });
            entries += some.length;
            onProgress?.({ entries, of });
          }
          skipped = Math.max(0, skipped - value.length);
        }
        begun.shift();
        this.#batches++;
        this.#entries = 0;
      }
      return !stop?.aborted;
    } finally {
      ended.abort();
      await Promise.allSettled(begun.map(({ pages }) => pages.return?.()));
    }
  }
}

function begin<Entry>(batch: AsyncIterable<readonly Entry[]>): Begun<Entry> {
  const pages = batch[Symbol.asyncIterator]();
  const first = pages.next();
  // It fails when its turn comes.
  first.catch(() => {});
  return { pages, first };
}

function sum(counts: readonly (number | undefined)[]): number | null {
  return counts.reduce<number | null>((sum, n) => {
    return sum === null || n === undefined ? null : sum + n;
  }, 0);
}

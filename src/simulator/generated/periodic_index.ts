/**
 * Counts entries of an endless list whose index `i` has `weights[i % weights.length]` entries, and
 * finds the n-th one, in a time that doesn't depend on how long the list is.
 *
 * @example Every third index has two entries
 * ```ts
 * import { PeriodicIndex } from "./periodic_index.ts";
 *
 * const index = new PeriodicIndex([2, 0, 0]);
 * console.assert(index.before(4) === 4);
 * console.assert(index.at(3).index === 3 && index.at(3).part === 1);
 * ```
 */
export class PeriodicIndex {
  /** Entries before each place of the period; the last one is that of the whole period. */
  readonly #sums: number[] = [0];

  /**
   * Prepares the sums of one period.
   *
   * @param weights How many entries each index of a period has.
   */
  constructor(weights: readonly number[]) {
    for (const weight of weights) this.#sums.push(this.#sums.at(-1)! + weight);
  }

  /**
   * How many entries the indexes before this one have.
   *
   * @param index An index.
   */
  before(index: number): number {
    const period = this.#sums.length - 1;
    return Math.floor(index / period) * this.#sums[period]! + this.#sums[index % period]!;
  }

  /**
   * Where the n-th entry is: its index, which of the index's entries it is, and how many those are.
   *
   * @param entry The entry's number, from 0. There must be entries at all.
   */
  at(entry: number): { readonly index: number; readonly part: number; readonly parts: number } {
    const period = this.#sums.length - 1;
    const all = this.#sums[period]!;
    const rest = entry % all;
    const place = this.#sums.findIndex((sum) => sum > rest) - 1;
    return {
      index: Math.floor(entry / all) * period + place,
      part: rest - this.#sums[place]!,
      parts: this.#sums[place + 1]! - this.#sums[place]!,
    };
  }
}

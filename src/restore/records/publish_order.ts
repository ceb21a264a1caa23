import type { RecordGraph } from "./record_graph.ts";
import { sortedBy } from "./spread.ts";

/**
 * The order in which records become public, each after what it links to, so that many can at the same time: first
 * those that need none of the others, then those that need only these, and so on. Where links lead in a circle, a
 * record takes along what comes after it: such records, and those that need them, come last, one after the other.
 *
 * Holds 8 bytes for each record of the graph, and 8 more while it is made.
 */
export class PublishOrder {
  /** The records. */
  readonly numbers: Uint32Array;
  readonly #graph: RecordGraph;
  /** The place of each record after those that come before it; 0 of one that isn't among them. */
  readonly #ends: Uint32Array;
  /** So many are before the circles. */
  readonly #free: number;

  /**
   * @param graph What links to what.
   * @param numbers The records, each after what it links to but in circles.
   * @param isCyclic Whether a record links to one that comes after it.
   */
  constructor(
    graph: RecordGraph,
    numbers: readonly number[],
    isCyclic: (n: number) => boolean,
  ) {
    this.#graph = graph;
    /** How many need each other to get to a record, it included. */
    const levels = new Uint32Array(graph.size);
    let last = 1;
    for (const n of numbers) {
      for (const needed of needs(graph, n)) levels[n] = Math.max(levels[n]!, levels[needed]!);
      last = Math.max(last, ++levels[n]!);
    }
    last++;
    this.#free = numbers.length;
    for (const n of numbers) {
      const isLast = isCyclic(n) || needs(graph, n).some((needed) => levels[needed] === last);
      if (!isLast) continue;
      levels[n] = last;
      this.#free--;
    }
    const sorted = sortedBy(Uint32Array.from(numbers, (n) => levels[n]!), last + 1, (i) => i);
    this.numbers = sorted.map((place) => numbers[place]!);
    this.#ends = levels.fill(0);
    for (const [place, n] of this.numbers.entries()) this.#ends[n] = place + 1;
  }

  /** How many of the first ones have to be public before a record is made so. */
  before(n: number): number {
    const end = this.#ends[n]!;
    if (end > this.#free) return end - 1;
    return needs(this.#graph, n).reduce((most, needed) => Math.max(most, this.#ends[needed]!), 0);
  }
}

function* needs(graph: RecordGraph, n: number): Generator<number, void> {
  yield* graph.targets(n);
  const parent = graph.parent(n);
  if (parent !== undefined) yield parent;
}

/** What needs each other needn't be further apart: no more requests than these are in flight. */
const FARTHEST = 40;

/**
 * Puts apart what needs each other, so that nobody waits for a need while there is something else to do: each comes
 * after what it needs, with as many others in between as there are for each link of the longest chain. What most
 * others need, one after the other, comes first.
 *
 * About 30 bytes are held for each meanwhile.
 *
 * @param size How many there are.
 * @param needs Tells the places of what the one at a place needs: all of them come before it.
 * @return The places in their new order.
 */
export function spreadOut(
  size: number,
  needs: (place: number) => Iterable<number>,
): Uint32Array {
  /** How many wait for each, one after the other. */
  const heights = new Uint32Array(size);
  let levels = 1;
  for (let place = size - 1; place >= 0; place--) {
    const height = heights[place]! + 1;
    levels = Math.max(levels, height);
    for (const needed of needs(place)) heights[needed] = Math.max(heights[needed]!, height);
  }
  const lowestFirst = sortedBy(heights, levels, (i) => size - 1 - i);
  const highestFirst = lowestFirst.reverse();
  const rounds = new Rounds(size, levels);
  // The heights aren't needed any more.
  const roundOf = heights;
  for (const place of highestFirst) {
    let first = 0;
    for (const needed of needs(place)) first = Math.max(first, roundOf[needed]! + 1);
    roundOf[place] = rounds.join(first);
  }
  return sortedBy(roundOf, rounds.count, (i) => highestFirst[i]!);
}

/**
 * The places of some keys by their key; those of equal ones stay in the order they come in.
 *
 * @param keys The keys.
 * @param count They are below this.
 * @param at The i-th place that comes in.
 */
export function sortedBy(keys: Uint32Array, count: number, at: (i: number) => number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (const key of keys) starts[key + 1]!++;
  for (let key = 0; key < count; key++) starts[key + 1]! += starts[key]!;
  const sorted = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) sorted[starts[keys[at(i)]!]!++] = at(i);
  return sorted;
}

/** Rounds, in each of which a few are written at once: as many as there are for each level. */
class Rounds {
  /** More than there are. */
  readonly count: number;
  /** How many each has room for. */
  readonly #room: Uint8Array;
  /** The round itself, or a later one if there is no room before that. */
  readonly #next: Uint32Array;

  constructor(size: number, levels: number) {
    const each = Math.min(FARTHEST, size / levels);
    // For each level, one may have room left that what comes next can't use, as it needs what is in that round.
    this.count = Math.ceil(size / Math.floor(each)) + levels + 1;
    const upTo = (round: number) => Math.floor(round * each);
    this.#room = new Uint8Array(this.count).map((_, round) => upTo(round + 1) - upTo(round));
    this.#next = new Uint32Array(this.count + 1).map((_, round) => round);
  }

  /** Takes room in the first round that has any, from one on. */
  join(first: number): number {
    const next = this.#next;
    let round = first;
    while (next[round] !== round) round = next[round] = next[next[round]!]!;
    if (--this.#room[round]! === 0) next[round] = round + 1;
    return round;
  }
}

/** How two lists go together, by the indexes of their elements. */
export interface Alignment {
  /** Elements that are in both in the same order, as pairs of indexes. */
  readonly kept: readonly (readonly [before: number, after: number])[];
  /** Elements that are in both, but stand elsewhere, as pairs of indexes. */
  readonly moved: readonly (readonly [before: number, after: number])[];
  /** What is only in the earlier list. */
  readonly removed: readonly number[];
  /** What is only in the later list. */
  readonly added: readonly number[];
}

/**
 * Finds what two lists have in common, in little more than linear time: as much as possible of what keeps its
 * order, and what moved.
 *
 * @param before The earlier list's keys; equal elements have equal ones.
 * @param after The later list's.
 * @param weightOf How much it counts that an element keeps its place. @default {1}
 *
 * @example
 * ```ts
 * import { align } from "./align.ts";
 *
 * const { moved } = align(["a", "b", "c"], ["c", "a", "b"]);
 * console.assert(moved.length === 1 && moved[0]![0] === 2);
 * ```
 */
export function align(
  before: readonly string[],
  after: readonly string[],
  weightOf: (key: string) => number = () => 1,
): Alignment {
  const places = new Map<string, number[]>();
  after.forEach((key, i) => {
    const own = places.get(key);
    if (own) own.push(i);
    else places.set(key, [i]);
  });
  // The first of equal elements goes with the first.
  const taken = new Map<string, number>();
  const pairs: (readonly [number, number])[] = [];
  const removed: number[] = [];
  before.forEach((key, i) => {
    const nth = taken.get(key) ?? 0;
    const place = places.get(key)?.[nth];
    if (place === undefined) removed.push(i);
    else {
      taken.set(key, nth + 1);
      pairs.push([i, place]);
    }
  });
  const paired = new Set(pairs.map(([, place]) => place));
  const inOrder = heaviestRise(pairs, (i) => weightOf(before[i]!), after.length);
  return {
    kept: pairs.filter((pair) => inOrder.has(pair)),
    moved: pairs.filter((pair) => !inOrder.has(pair)),
    removed,
    added: after.keys().filter((i) => !paired.has(i)).toArray(),
  };
}

/** Of pairs that rise in the first place, those that rise in the second, too: as heavy as can be. */
function heaviestRise(
  pairs: readonly (readonly [number, number])[],
  weightOf: (before: number) => number,
  size: number,
): Set<readonly [number, number]> {
  // A tree of the best sums up to a place (Fenwick's): each entry names the pair that ends it.
  const best: (number | undefined)[] = Array(size + 1);
  const sums: number[] = [];
  const previous: (number | undefined)[] = [];
  let last: number | undefined;
  pairs.forEach(([before, place], n) => {
    let prior: number | undefined;
    for (let i = place; i > 0; i -= i & -i) {
      const other = best[i];
      if (other !== undefined && (prior === undefined || sums[other]! > sums[prior]!)) {
        prior = other;
      }
    }
    sums[n] = weightOf(before) + (prior === undefined ? 0 : sums[prior]!);
    previous[n] = prior;
    for (let i = place + 1; i <= size; i += i & -i) {
      const other = best[i];
      if (other === undefined || sums[n]! > sums[other]!) best[i] = n;
    }
    if (last === undefined || sums[n]! > sums[last]!) last = n;
  });
  const found = new Set<readonly [number, number]>();
  for (let n = last; n !== undefined; n = previous[n]) found.add(pairs[n]!);
  return found;
}

/** The most characters of a list in an address: 200 ids are known to be taken. */
const LONGEST_LIST = 6000;
/** A comma, as addresses have it. */
const COMMA = 3;

/** How large a pack may get. */
export interface PackLimits {
  /** The most values in it. */
  readonly most: number;
  /** The most characters of its values in an address. @default {6000} */
  readonly longest?: number | undefined;
}

/**
 * Splits values into lists that go into one address each, in order. A value that is too long by itself gets
 * a list of its own.
 *
 * @param values The values, such as ids.
 * @param limits How large a list may get.
 * @throws {RangeError} If a list may hold nothing.
 *
 * @example
 * ```ts
 * import { packsOf } from "./packs.ts";
 *
 * console.assert(JSON.stringify(packsOf(["a", "b", "c"], { most: 2 })) === '[["a","b"],["c"]]');
 * ```
 */
export function packsOf(
  values: Iterable<string>,
  { most, longest = LONGEST_LIST }: PackLimits,
): string[][] {
  if (!(most >= 1)) throw new RangeError(`A pack must hold something: at most ${most}`);
  const packs: string[][] = [];
  let length = Infinity;
  for (const value of values) {
    const pack = packs.at(-1);
    const own = lengthInAddress(value);
    if (pack === undefined || pack.length >= most || length + COMMA + own > longest) {
      packs.push([value]);
      length = own;
    } else {
      pack.push(value);
      length += COMMA + own;
    }
  }
  return packs;
}

/**
 * How many characters a value takes in an address.
 *
 * @param value The value.
 */
export function lengthInAddress(value: string): number {
  return /^[\w-]*$/.test(value) ? value.length : encodeURIComponent(value.toWellFormed()).length;
}

/** How the listings of some models are to be read. */
export interface ModelLists {
  /** Models that are read together, list by list. */
  readonly together: readonly (readonly string[])[];
  /** Models that take more than a page, or nearly so: each is read alone. */
  readonly alone: readonly string[];
}

/**
 * Finds which models' listings may come in one page together, by their shares in a page that was too short
 * for all of them. Each list is shorter than all of them together, so that splitting lists again comes to
 * an end.
 *
 * @param models The models' ids.
 * @param shares How many resources of each were in the page.
 * @param total How many resources all of them have.
 * @param limits The most resources in a page, and how large a list may get.
 *
 * @example
 * ```ts
 * import { modelLists } from "./packs.ts";
 *
 * const shares = new Map([["small", 1], ["large", 9]]);
 * const lists = modelLists(["small", "large"], shares, 1000, { limit: 500, most: 100 });
 * console.assert(lists.alone.join() === "large,small");
 * ```
 */
export function modelLists(
  models: readonly string[],
  shares: ReadonlyMap<string, number>,
  total: number,
  { limit, ...limits }: PackLimits & { readonly limit: number },
): ModelLists {
  const sampled = shares.values().reduce((sum, share) => sum + share, 0);
  if (sampled === 0) return { together: [], alone: [...models] };
  const scale = total / sampled;
  const sized = models.map((id) => {
    const share = shares.get(id) ?? 0;
    // A page is a sample: what it shows is likely to be less than this.
    return { id, size: Math.ceil((share + Math.sqrt(share)) * scale), least: share * scale };
  }).sort((a, b) => b.size - a.size);
  const alone = sized.filter(({ least }) => least > limit * 0.8).map(({ id }) => id);
  const others = sized.filter(({ least }) => !(least > limit * 0.8));
  const lists: { ids: string[]; size: number }[] = [];
  for (const { id, size } of others) {
    const list = lists.find((one) => one.size + size <= limit);
    if (list === undefined) lists.push({ ids: [id], size });
    else {
      list.ids.push(id);
      list.size += size;
    }
  }
  let together = lists.flatMap(({ ids }) => packsOf(ids, limits));
  if (together.length === 1 && alone.length === 0) {
    const [all] = together as [string[]];
    // In turn, so that large and small ones are on both sides.
    together = [0, 1].map((side) => all.filter((_, i) => i % 2 === side));
  }
  return {
    together: together.filter(({ length }) => length > 1),
    alone: [...alone, ...together.filter(({ length }) => length === 1).flat()],
  };
}

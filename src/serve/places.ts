import type { SnapshotContent } from "../tools/open/content.ts";
import type { Rows } from "./rows.ts";

/** Batches that are read together, by their paths in the snapshot: of records, those of a model. */
export type Batches = readonly string[];

/** What is looked for. */
export interface Wanted<Source, Entry = Source> {
  /** What is read. */
  readonly groups: readonly Batches[];
  /** What a record or upload is taken as: itself, its blocks, or both. */
  readonly entriesOf: (source: Source) => readonly Entry[];
  /** Whether an entry of a group, by the group's number, is one. */
  readonly matches: (entry: Entry, group: number) => boolean;
  /** Their order. @default {As they are read} */
  readonly order?: Order<Entry> | undefined;
}

/** The order of entries. */
export interface Order<Entry> {
  /** What an entry of a group is ordered by. */
  keysOf(entry: Entry, group: number): readonly unknown[];
  /** Which of two comes first by that. */
  compare(a: readonly unknown[], b: readonly unknown[]): number;
  /** Whether of those that are alike the one that is read later comes first. @default {false} */
  readonly isLaterFirst?: boolean | undefined;
  /** How many are held, the first in this order. @default {All} */
  readonly most?: number | undefined;
  /** Only those that come after this one are held. @default {All} */
  readonly after?: Ranked | undefined;
}

/** What an entry's place in an order follows from. */
export interface Ranked {
  /** What it is ordered by. */
  readonly keys: readonly unknown[];
  /** Its number among all that were read. */
  readonly number: number;
}

interface Found extends Ranked {
  readonly place: readonly [group: number, row: number, part: number];
}

/** Numbers that are held of a place: its group, the row in that, and the entry's number in the row. */
const NUMBERS = 3;

/** Where entries are that were looked for, in order. */
export class Places {
  /** How many entries there are, held or not. */
  readonly total: number;
  /** The last one, if they are in an order. */
  readonly last: Ranked | undefined;
  readonly #groups: readonly Batches[];
  readonly #numbers: Uint32Array;

  private constructor(
    groups: readonly Batches[],
    numbers: Uint32Array,
    total: number,
    last: Ranked | undefined,
  ) {
    this.#groups = groups;
    this.#numbers = numbers;
    this.total = total;
    this.last = last;
  }

  /**
   * Those of whole rows that are known already.
   *
   * @param groups What they are in.
   * @param rows The group and row of each, one after the other, in order.
   */
  static ofRows(groups: readonly Batches[], rows: Uint32Array): Places {
    const total = rows.length / 2;
    const numbers = new Uint32Array(NUMBERS * total);
    for (let i = 0; i < total; i++) {
      numbers[NUMBERS * i] = rows[2 * i]!;
      numbers[NUMBERS * i + 1] = rows[2 * i + 1]!;
    }
    return new Places(groups, numbers, total, undefined);
  }

  /**
   * Reads everything once, and remembers where what is wanted is. While it does, it holds what they are ordered by,
   * too.
   *
   * @param content The snapshot.
   * @param wanted What is looked for.
   * @param signal Aborts it.
   * @throws {SluiceError} If a batch isn't as it was written.
   */
  static async find<Source, Entry>(
    content: SnapshotContent,
    { groups, entriesOf, matches, order }: Wanted<Source, Entry>,
    signal: AbortSignal,
  ): Promise<Places> {
    const { most = Infinity, after } = order ?? {};
    const compare = (a: Ranked, b: Ranked) => {
      return order!.compare(a.keys, b.keys) ||
        (order!.isLaterFirst ? b.number - a.number : a.number - b.number);
    };
    let found: Found[] = [];
    let [total, number] = [0, 0];
    for (const [group, paths] of groups.entries()) {
      let row = 0;
      for (const path of paths) {
        for await (const page of content.entries<Source>(path, signal)) {
          signal.throwIfAborted();
          for (const source of page) {
            for (const [part, entry] of entriesOf(source).entries()) {
              number++;
              if (!matches(entry, group)) continue;
              total++;
              const keys = order?.keysOf(entry, group) ?? [];
              const one: Found = { keys, number, place: [group, row, part] };
              if (after === undefined || compare(one, after) > 0) found.push(one);
            }
            row++;
          }
          if (found.length > 2 * most) found = found.sort(compare).slice(0, most);
        }
      }
    }
    if (order !== undefined) found = found.sort(compare).slice(0, most);
    const numbers = new Uint32Array(NUMBERS * found.length);
    for (const [i, { place }] of found.entries()) numbers.set(place, NUMBERS * i);
    const last = order && found.at(-1);
    return new Places(groups, numbers, total, last && { keys: last.keys, number: last.number });
  }

  /** How many are held. */
  get count(): number {
    return this.#numbers.length / NUMBERS;
  }

  /** How much memory they take (bytes). */
  get bytes(): number {
    return this.#numbers.byteLength;
  }

  /**
   * Reads entries that follow each other.
   *
   * @param rowsOf Finds the rows of a group.
   * @param wanted What they were looked for as.
   * @param from The first one's number among those that are held, from 0.
   * @param to The number behind the last one.
   * @param signal Aborts it.
   */
  async slice<Source, Entry>(
    rowsOf: (paths: Batches) => Promise<Rows>,
    { entriesOf }: Pick<Wanted<Source, Entry>, "entriesOf">,
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<Entry[]> {
    const end = Math.min(to, this.count);
    const entries = new Array<Entry>(Math.max(0, end - from));
    // The blocks of a record stand at several places, and it is read once.
    const places = new Map<number, Map<number, number[]>>();
    for (let at = from; at < end; at++) {
      const [group, row] = [this.#numbers[NUMBERS * at]!, this.#numbers[NUMBERS * at + 1]!];
      const rows = places.get(group) ?? new Map<number, number[]>();
      places.set(group, rows.set(row, [...rows.get(row) ?? [], at]));
    }
    for (const [group, own] of places) {
      const rows = await rowsOf(this.#groups[group]!);
      const sources = await rows.at<Source>([...own.keys()], signal);
      for (const [i, ats] of [...own.values()].entries()) {
        const parts = entriesOf(sources[i]!);
        for (const at of ats) entries[at - from] = parts[this.#numbers[NUMBERS * at + 2]!]!;
      }
    }
    return entries;
  }
}

/** A value that entries are ordered by; those without one come last. */
export type OrderKey = string | number | boolean | null;

/** One of several rules that entries are ordered by, the most important first. */
export interface OrderRule<Entry> {
  /** What it looks at. */
  readonly keyOf: (entry: Entry) => OrderKey;
  /** Whether the largest come first. */
  readonly isDescending: boolean;
}

/**
 * The order by some rules.
 *
 * @param rules The rules.
 * @return `undefined` if there are none.
 */
export function orderBy<Entry>(rules: readonly OrderRule<Entry>[]): Order<Entry> | undefined {
  if (rules.length === 0) return undefined;
  return {
    keysOf: (entry) => rules.map(({ keyOf }) => keyOf(entry)),
    compare(a: readonly OrderKey[], b: readonly OrderKey[]) {
      for (const [i, { isDescending }] of rules.entries()) {
        const compared = compareKeys(a[i]!, b[i]!, isDescending);
        if (compared !== 0) return compared;
      }
      return 0;
    },
  };
}

/** Those without a value come last either way. */
function compareKeys(a: OrderKey, b: OrderKey, isDescending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const sign = isDescending ? -1 : 1;
  if (typeof a !== typeof b) return typeof a < typeof b ? -sign : sign;
  return a === b ? 0 : a < b ? -sign : sign;
}

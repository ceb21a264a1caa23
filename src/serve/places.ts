import type { Item, Version } from "../content/resource.ts";
import type { SnapshotContent } from "../tools/open/content.ts";
import type { Rows } from "./rows.ts";

/** A value that entries are ordered by; those without one come last. */
export type OrderKey = string | number | boolean | null;

/** What is looked for. */
export interface Wanted<Entry> {
  /** The models whose records are read, by `api_key`. */
  readonly models: readonly string[];
  /** Which versions of records. */
  readonly version: Version;
  /** What a record is taken as: itself, or itself and its blocks. */
  readonly entriesOf: (item: Item) => readonly Entry[];
  /** Whether an entry is one. */
  readonly matches: (entry: Entry) => boolean;
  /** What they are ordered by, the most important first. @default {As they are} */
  readonly order?: readonly {
    readonly keyOf: (entry: Entry) => OrderKey;
    readonly isDescending: boolean;
  }[];
}

/** Numbers that are held of a place: its model, the record's row, and the entry's number in that. */
const NUMBERS = 3;

/** Where entries are that were looked for, in order. */
export class Places {
  readonly #models: readonly string[];
  readonly #numbers: Uint32Array;

  private constructor(models: readonly string[], numbers: Uint32Array) {
    this.#models = models;
    this.#numbers = numbers;
  }

  /**
   * Reads all records of some models once, and remembers where what is wanted is. While it does, it holds what they
   * are ordered by, too.
   *
   * @param content The snapshot.
   * @param wanted What is looked for.
   * @param signal Aborts it.
   * @throws {SluiceError} If a batch isn't as it was written.
   */
  static async find<Entry>(
    content: SnapshotContent,
    { models, version, entriesOf, matches, order = [] }: Wanted<Entry>,
    signal: AbortSignal,
  ): Promise<Places> {
    const found: { readonly keys: readonly OrderKey[]; readonly place: readonly number[] }[] = [];
    for (const [model, key] of models.entries()) {
      let row = 0;
      for (const path of content.recordBatches(key, version)) {
        for await (const page of content.entries<Item>(path, signal)) {
          signal.throwIfAborted();
          for (const item of page) {
            for (const [number, entry] of entriesOf(item).entries()) {
              if (!matches(entry)) continue;
              const keys = order.map(({ keyOf }) => keyOf(entry));
              found.push({ keys, place: [model, row, number] });
            }
            row++;
          }
        }
      }
    }
    if (order.length > 0) {
      found.sort((a, b) => {
        for (const [i, { isDescending }] of order.entries()) {
          const compared = compare(a.keys[i]!, b.keys[i]!, isDescending);
          if (compared !== 0) return compared;
        }
        return 0;
      });
    }
    const numbers = new Uint32Array(NUMBERS * found.length);
    for (const [i, { place }] of found.entries()) numbers.set(place, NUMBERS * i);
    return new Places(models, numbers);
  }

  /** How many there are. */
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
   * @param rowsOf Finds the records of a model.
   * @param wanted What they were looked for as.
   * @param from The first one's number, from 0.
   * @param to The number behind the last one.
   * @param signal Aborts it.
   */
  async slice<Entry>(
    rowsOf: (model: string) => Promise<Rows>,
    { entriesOf }: Pick<Wanted<Entry>, "entriesOf">,
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<Entry[]> {
    const end = Math.min(to, this.count);
    const entries = new Array<Entry>(Math.max(0, end - from));
    for (const [model, key] of this.#models.entries()) {
      const rows: number[] = [];
      const at: number[] = [];
      for (let i = from; i < end; i++) {
        if (this.#numbers[NUMBERS * i] !== model) continue;
        rows.push(this.#numbers[NUMBERS * i + 1]!);
        at.push(i);
      }
      if (rows.length === 0) continue;
      const items = await (await rowsOf(key)).at<Item>(rows, signal);
      for (const [i, item] of items.entries()) {
        entries[at[i]! - from] = entriesOf(item)[this.#numbers[NUMBERS * at[i]! + 2]!]!;
      }
    }
    return entries;
  }
}

/** Those without a value come last either way. */
function compare(a: OrderKey, b: OrderKey, isDescending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const sign = isDescending ? -1 : 1;
  if (typeof a !== typeof b) return typeof a < typeof b ? -sign : sign;
  return a === b ? 0 : a < b ? -sign : sign;
}

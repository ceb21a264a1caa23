import { createHash } from "node:crypto";
import type { Snapshot } from "../tools/open.ts";

/** A record that was chosen, by its id and its model's `api_key`. */
export interface ChosenRecord {
  readonly id: string;
  readonly model: string;
}

/** What is chosen by, and what was. */
interface Ranked<T> {
  readonly rank: string;
  readonly thing: T;
}

/** Keeps so many things that each has the same chance, and a repetition chooses the same. */
export class Lot<T> {
  readonly #most: number;
  readonly #seed: string;
  readonly #kept: Ranked<T>[] = [];

  /**
   * @param most At most so many are kept.
   * @param seed Another one chooses others.
   */
  constructor(most: number, seed: string) {
    this.#most = most;
    this.#seed = seed;
  }

  /** Adds a thing by its id. */
  add(id: string, thing: T): void {
    const rank = createHash("sha256").update(`${this.#seed}${id}`).digest("hex");
    this.#kept.push({ rank, thing });
    if (this.#kept.length > 2 * this.#most) this.#drop();
  }

  /** Those that were chosen, in an order that follows from the seed, too. */
  get chosen(): readonly T[] {
    this.#drop();
    return this.#kept.map(({ thing }) => thing);
  }

  #drop(): void {
    this.#kept.sort((a, b) => a.rank < b.rank ? -1 : 1);
    this.#kept.length = Math.min(this.#kept.length, this.#most);
  }
}

/**
 * Chooses some records of a snapshot, so that each has its chance and a repetition chooses the same.
 *
 * @param snapshot The snapshot.
 * @param models The models, by their `api_key`.
 * @param of How many at most, and what others are chosen by.
 * @param signal Aborts the reading.
 */
export async function someRecords(
  snapshot: Snapshot,
  models: Iterable<string>,
  { most, seed }: { readonly most: number; readonly seed: string },
  signal: AbortSignal,
): Promise<readonly ChosenRecord[]> {
  const lot = new Lot<ChosenRecord>(most, seed);
  for (const model of models) {
    for await (const page of snapshot.records(model, { signal })) {
      for (const { id } of page) lot.add(id, { id, model });
    }
  }
  return lot.chosen;
}

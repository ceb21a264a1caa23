import { IdNumbers } from "./id_numbers.ts";

/**
 * Up to eight facts about each of many ids, as bits. Takes at most 32 bytes for each id, where {@linkcode IdNumbers}
 * takes 30.
 *
 * @example
 * ```ts
 * import { IdBits } from "./id_bits.ts";
 *
 * const ids = new IdBits();
 * console.assert(ids.set("4711", 1) && ids.set("4711", 2) && !ids.set("4711", 2));
 * console.assert(ids.of("4711") === 3 && ids.of("4712") === 0);
 * ```
 */
export class IdBits {
  readonly #ids = new IdNumbers();
  /** By the ids' numbers. */
  #bits = new Uint8Array(64);

  /** Whether an id ever came. */
  has(id: string): boolean {
    return this.#ids.numberOf(id) !== undefined;
  }

  /** The bits of an id: none, if it never came. */
  of(id: string): number {
    const number = this.#ids.numberOf(id);
    return number === undefined ? 0 : this.#bits[number]!;
  }

  /**
   * Sets bits of an id.
   *
   * @param id The id.
   * @param bits The bits; none only says that there is such an id.
   * @return Whether one of them wasn't set before.
   */
  set(id: string, bits: number): boolean {
    const number = this.#ids.add(id);
    if (number === this.#bits.length) {
      const more = new Uint8Array(2 * number);
      more.set(this.#bits);
      this.#bits = more;
    }
    const before = this.#bits[number]!;
    this.#bits[number] = before | bits;
    return (before | bits) !== before;
  }

  /**
   * The ids with certain bits, in the order in which they came.
   *
   * @param isWanted Whether an id with these bits is one.
   */
  *where(isWanted: (bits: number) => boolean): Generator<string, void> {
    let number = 0;
    for (const id of this.#ids) if (isWanted(this.#bits[number++]!)) yield id;
  }
}

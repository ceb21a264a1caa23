import { hash } from "node:crypto";
import type { Field, Item } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";

/**
 * Finds out whether two records of a model have the same value in a field where that isn't allowed, in any of their
 * versions, in at most 24 bytes for each value. Values are known by 48 bits of a hash: two that are taken for one
 * only make validators step aside in vain.
 */
export class UniqueValues {
  /** Whether there are two. */
  areShared = false;
  readonly #fields: readonly Field[];
  readonly #numberOf: (id: string) => number;
  readonly #owners = new ValueOwners();

  /**
   * @param fields The fields whose values have to be unique.
   * @param numberOf Numbers a record, by its id.
   */
  constructor(fields: readonly Field[], numberOf: (id: string) => number) {
    this.#fields = fields;
    this.#numberOf = numberOf;
  }

  /** Notes the values of a version of a record. */
  add({ id, attributes }: Item): void {
    if (this.areShared || this.#fields.length === 0) return;
    const owner = this.#numberOf(id);
    for (const { id: field, attributes: { api_key: key, localized } } of this.#fields) {
      const value = attributes[key] ?? null;
      const values = localized && isObject(value) ? Object.entries(value) : [["", value] as const];
      for (const [locale, each] of values) {
        if (each === null || each === "") continue;
        const text = JSON.stringify([field, locale, each]);
        const digest = hash("sha256", text, "buffer").readUIntBE(0, 6) + 1;
        if (this.#owners.add(digest, owner)) this.areShared = true;
      }
    }
  }
}

/** How full the table may be. */
const MOST_FULL = 0.6;

/** Who has which value. */
class ValueOwners {
  #hashes = new Float64Array(64);
  #owners = new Uint32Array(64);
  #size = 0;

  /**
   * Notes that a record has a value.
   *
   * @param hash The value's hash, a whole number from 1 to 2⁵³.
   * @param owner The record's number, less than 2³².
   * @return Whether another one has it.
   */
  add(hash: number, owner: number): boolean {
    const slot = this.#slotOf(hash);
    if (this.#hashes[slot] === hash) return this.#owners[slot] !== owner;
    this.#hashes[slot] = hash;
    this.#owners[slot] = owner;
    if (++this.#size > this.#hashes.length * MOST_FULL) this.#grow();
    return false;
  }

  #slotOf(hash: number): number {
    const most = this.#hashes.length - 1;
    for (let slot = hash % 0x7fffffff & most;; slot = (slot + 1) & most) {
      const own = this.#hashes[slot];
      if (own === 0 || own === hash) return slot;
    }
  }

  #grow(): void {
    const [hashes, owners] = [this.#hashes, this.#owners];
    this.#hashes = new Float64Array(2 * hashes.length);
    this.#owners = new Uint32Array(2 * hashes.length);
    for (const [i, hash] of hashes.entries()) {
      if (hash === 0) continue;
      const slot = this.#slotOf(hash);
      this.#hashes[slot] = hash;
      this.#owners[slot] = owners[i]!;
    }
  }
}

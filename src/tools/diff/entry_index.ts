import { IdNumbers } from "../../text/id_numbers.ts";

/** Entries in a piece of memory: a list that grows by doubling would be half empty. */
const PIECE = 1 << 14;
/** 32-bit words of a digest. */
export const DIGEST_WORDS = 4;

/** Where an entry may be: in a version of the earlier or the later listing. */
export type Slot = number;

/** That an entry has to be looked at. */
const OPEN = 1 << 6;
/** That it isn't looked at before the next pass. */
const LATER = 1 << 7;

/**
 * What is remembered of each entry of a model, or of the uploads: at most 80 bytes, with ids as DatoCMS has them.
 *
 * Entries are known by a number, in the order in which their ids came.
 */
export class EntryIndex {
  readonly #numbers = new IdNumbers();
  readonly #slots: number;
  readonly #digests: Uint32Array[] = [];
  readonly #batches: Uint32Array[] = [];
  readonly #bits: Uint8Array[] = [];
  #open = 0;

  /** @param slots In how many places an entry can be, at most 6. */
  constructor(slots: number) {
    this.#slots = slots;
  }

  /** How many entries have to be looked at. */
  get open(): number {
    return this.#open;
  }

  /** The number of an entry; `undefined` if its id never came. */
  numberOf(id: string): number | undefined {
    return this.#numbers.numberOf(id);
  }

  /**
   * Notes that an entry is in a place.
   *
   * @param id The entry's id.
   * @param slot The place.
   * @param batch The number of the batch there.
   * @return Its number; `undefined` if it was there already, which makes the later one nothing.
   */
  add(id: string, slot: Slot, batch: number): number | undefined {
    const n = this.#numbers.add(id);
    if (n === this.#bits.length * PIECE) {
      this.#digests.push(new Uint32Array(PIECE * DIGEST_WORDS));
      this.#batches.push(new Uint32Array(PIECE * this.#slots));
      this.#bits.push(new Uint8Array(PIECE));
    }
    if (this.isIn(n, slot)) return undefined;
    this.#setBit(n, 1 << slot, true);
    this.#batches[pieceOf(n)]![n % PIECE * this.#slots + slot] = batch;
    return n;
  }

  /** Whether an entry is in a place. */
  isIn(n: number, slot: Slot): boolean {
    return this.#has(n, 1 << slot);
  }

  /** The number of the batch of an entry in a place where it is. */
  batchOf(n: number, slot: Slot): number {
    return this.#batches[pieceOf(n)]![n % PIECE * this.#slots + slot]!;
  }

  /** Remembers the digest of an entry, instead of the one before. */
  setDigest(n: number, digest: Uint32Array): void {
    this.#digests[pieceOf(n)]!.set(digest, n % PIECE * DIGEST_WORDS);
  }

  /** Whether an entry's digest is the one that was remembered. */
  hasDigest(n: number, digest: Uint32Array): boolean {
    const piece = this.#digests[pieceOf(n)]!;
    const start = n % PIECE * DIGEST_WORDS;
    return digest.every((word, i) => piece[start + i] === word);
  }

  /** Notes that an entry has to be looked at, or was. */
  setOpen(n: number, isOpen: boolean): void {
    if (this.#has(n, OPEN) !== isOpen) this.#open += isOpen ? 1 : -1;
    this.#setBit(n, OPEN, isOpen);
  }

  /** Puts an entry off until the next pass. */
  putOff(n: number): void {
    this.#setBit(n, LATER, true);
  }

  /** Whether an entry has to be looked at in this pass. */
  isDue(n: number): boolean {
    return this.#has(n, OPEN) && !this.#has(n, LATER);
  }

  /** Begins a pass, in which nothing is put off. */
  beginPass(): void {
    for (const n of this.all()) this.#setBit(n, LATER, false);
  }

  /** The numbers of all entries. */
  *all(): Generator<number, void> {
    for (let n = 0; n < this.#numbers.size; n++) yield n;
  }

  #has(n: number, bit: number): boolean {
    return (this.#bits[pieceOf(n)]![n % PIECE]! & bit) !== 0;
  }

  #setBit(n: number, bit: number, isSet: boolean): void {
    const piece = this.#bits[pieceOf(n)]!;
    const bits = piece[n % PIECE]!;
    piece[n % PIECE] = isSet ? bits | bit : bits & ~bit;
  }
}

function pieceOf(n: number): number {
  return Math.floor(n / PIECE);
}

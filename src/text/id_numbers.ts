import { Buffer } from "node:buffer";

/** Ids in a piece of memory: a list that grows by doubling would be half empty. */
const PIECE = 1 << 12;
/** 32-bit words of an id. */
const WORDS = 4;
/** How full the table of slots may be, so that few ids share a way through it. */
const MOST_FULL = 0.7;
/** Characters of 16 bytes in URL-safe base64. */
const CHARACTERS = 22;
/** What characters of URL-safe base64 stand for, by their code; 64 for others. */
const VALUES = new Uint8Array(128).fill(64);
for (
  const [value, character] of [
    ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  ].entries()
) VALUES[character.charCodeAt(0)] = value;

/**
 * Numbers many ids from 0, in the order in which they came, and holds them in at most 30 bytes each (an id in a
 * `Map` takes more than 130). That goes for ids as DatoCMS has them: version 4 UUIDs in URL-safe base64, and the
 * whole numbers of older projects. Any other text is held as it is. No two ids are ever taken for one.
 *
 * @example
 * ```ts
 * import { IdNumbers } from "./id_numbers.ts";
 *
 * const ids = new IdNumbers();
 * console.assert(ids.add("Vn8U2Z1QTQiXkJ3cGk4Xsg") === 0 && ids.add("4711") === 1);
 * console.assert(ids.add("4711") === 1 && ids.size === 2);
 * console.assert(ids.numberOf("4712") === undefined);
 * ```
 */
export class IdNumbers implements Iterable<string> {
  /** The words of ids, by number. */
  readonly #pieces: Uint32Array[] = [];
  /** Ids whose words say nothing. */
  readonly #others = new Map<string, number>();
  /** The numbers of ids plus one, each at the first free slot from the one that its words lead to. */
  #slots = new Uint32Array(64);
  #size = 0;
  /** The words of the id that was looked at last. */
  readonly #words = new Uint32Array(WORDS);

  /** How many ids there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * The number of an id; `undefined` if it never came.
   *
   * @param id The id.
   */
  numberOf(id: string): number | undefined {
    if (!setWords(this.#words, id)) return this.#others.get(id);
    const slot = this.#slots[this.#slotOf(this.#words)]!;
    return slot === 0 ? undefined : slot - 1;
  }

  /**
   * Adds an id, if it isn't there.
   *
   * @param id The id.
   * @return Its number: what the size was before, if it is new.
   */
  add(id: string): number {
    const hasWords = setWords(this.#words, id);
    const slot = hasWords ? this.#slotOf(this.#words) : 0;
    const known = hasWords ? this.#slots[slot]! - 1 : this.#others.get(id) ?? -1;
    if (known >= 0) return known;
    const number = this.#size++;
    if (number % PIECE === 0) this.#pieces.push(new Uint32Array(PIECE * WORDS));
    if (!hasWords) {
      this.#others.set(id, number);
      return number;
    }
    this.#wordsOf(number).set(this.#words);
    this.#slots[slot] = number + 1;
    if (this.#size > this.#slots.length * MOST_FULL) this.#grow();
    return number;
  }

  /**
   * The id that has a number.
   *
   * @param number The number, less than the size.
   * @throws {RangeError} If no id has it.
   */
  idOf(number: number): string {
    if (!(number >= 0 && number < this.#size)) {
      throw new RangeError(`Expected a number less than ${this.#size}: current value is ${number}`);
    }
    const text = textOf(this.#wordsOf(number));
    if (text !== undefined) return text;
    for (const [id, own] of this.#others) if (own === number) return id;
    throw new RangeError(`Expected the number of an id: current value is ${number}`);
  }

  /** The ids by their numbers. */
  *[Symbol.iterator](): Generator<string, void> {
    const others = this.#others.keys();
    for (let number = 0; number < this.#size; number++) {
      yield textOf(this.#wordsOf(number)) ?? others.next().value!;
    }
  }

  #wordsOf(number: number): Uint32Array {
    const at = number % PIECE * WORDS;
    return this.#pieces[Math.floor(number / PIECE)]!.subarray(at, at + WORDS);
  }

  /** The slot of an id, or the free one that it gets. */
  #slotOf(words: Uint32Array): number {
    const slots = this.#slots;
    const most = slots.length - 1;
    for (let slot = hash(words) & most;; slot = (slot + 1) & most) {
      const number = slots[slot]! - 1;
      if (number < 0) return slot;
      const piece = this.#pieces[Math.floor(number / PIECE)]!;
      const at = number % PIECE * WORDS;
      const isSame = piece[at] === words[0] && piece[at + 1] === words[1] &&
        piece[at + 2] === words[2] && piece[at + 3] === words[3];
      if (isSame) return slot;
    }
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let number = 0; number < this.#size; number++) {
      const words = this.#wordsOf(number);
      if (!isEmpty(words)) this.#slots[this.#slotOf(words)] = number + 1;
    }
  }
}

/** Sets the words of an id; `false` if it is in none of the forms that have words. */
function setWords(words: Uint32Array, id: string): boolean {
  words.fill(0);
  if (id.length === CHARACTERS) return setUuid(words, id);
  if (!/^[1-9][0-9]{0,14}$/.test(id)) return false;
  const number = Number(id);
  // Where a UUID has its version is 0.
  words[0] = Math.floor(number / 2 ** 32);
  words[3] = number;
  return true;
}

/** Sets the words of a version 4 UUID in URL-safe base64. */
function setUuid(words: Uint32Array, id: string): boolean {
  for (let i = 0; i < CHARACTERS; i++) {
    const value = VALUES[id.charCodeAt(i)] ?? 64;
    if (value === 64) return false;
    const word = (6 * i) >>> 5;
    const shift = 26 - ((6 * i) & 31);
    if (shift >= 0) words[word]! |= value << shift;
    else {
      words[word]! |= value >>> -shift;
      const rest = value << (32 + shift);
      if (word + 1 < WORDS) words[word + 1]! |= rest;
      // Another text would stand for the same bytes.
      else if (rest !== 0) return false;
    }
  }
  return isUuid(words);
}

/** Whether words are those of a version 4 UUID. */
function isUuid(words: Uint32Array): boolean {
  return (words[1]! & 0xf000) === 0x4000 && words[2]! >>> 30 === 2;
}

/** Whether words are those of an id that has none. */
function isEmpty(words: Uint32Array): boolean {
  return words.every((word) => word === 0);
}

/** The id that words stand for; `undefined` if it has none. */
function textOf(words: Uint32Array): string | undefined {
  if (isEmpty(words)) return undefined;
  if (!isUuid(words)) return String(words[0]! * 2 ** 32 + words[3]!);
  const bytes = Buffer.alloc(4 * WORDS);
  words.forEach((word, i) => bytes.writeUInt32BE(word, 4 * i));
  return bytes.toString("base64url");
}

/** 32 bits, fast rather than safe against whoever chooses ids: they would only make it slow. */
function hash(words: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < WORDS; i++) {
    sum = Math.imul(sum ^ words[i]!, 0x9e3779b1);
    sum ^= sum >>> 15;
  }
  return sum;
}

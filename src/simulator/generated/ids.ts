import { draw } from "./random.ts";

/** What an id of a generated project is for. */
export interface GeneratedId {
  /** The kind of resource. */
  readonly kind: "record" | "block" | "upload";
  /** The record's or upload's number, from 0. */
  readonly index: number;
  /** The block's number in its record, from 0; 0 for what isn't a block. */
  readonly block: number;
}

const KINDS = ["record", "block", "upload"] as const;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SORTED = [...BASE64URL].sort().join("");

/** How many indexes fit; the half of it is added so that ids don't all begin with the same letters. */
const INDEXES = 2 ** 26;
const MIDDLE = INDEXES / 2;
/** How many ids share an index's first eight letters. */
const STRIDE = 2 ** 22;

/**
 * Ids of the API's form (version 4 UUIDs in URL-safe base64) that can be turned back into what they
 * are for, and whose alphabetical order is the order of their indexes: so a generated project finds a
 * resource by its id, and orders by id, without keeping any.
 */
export class GeneratedIds {
  readonly #seed: number;

  /**
   * Makes the ids of one project.
   *
   * @param seed The project's seed.
   */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /**
   * The id of a resource.
   *
   * @param id What the id is for.
   */
  encode({ kind, index, block }: GeneratedId): string {
    const kindNumber = KINDS.indexOf(kind);
    const random = (place: number) => draw(this.#seed, kindNumber, index, block, place);
    let rest = (index + MIDDLE) * STRIDE + random(0) % STRIDE;
    let id = "";
    for (let i = 0; i < 8; i++) {
      id = SORTED[rest % 64]! + id;
      rest = Math.floor(rest / 64);
    }
    // A version 4 UUID has 0100 at bit 48 and 10 at bit 64; what is free next to them is used.
    id += BASE64URL[0b010000 | kindNumber]! + BASE64URL[block >> 4]! +
      BASE64URL[(block & 15) << 2 | 0b10]!;
    for (let i = 1; i <= 10; i++) id += BASE64URL[random(i) % 64]!;
    return id + BASE64URL[(random(11) % 4) << 4]!;
  }

  /**
   * What an id is for, or `undefined` if it isn't one of this project's ids.
   *
   * @param id Any text.
   */
  decode(id: string): GeneratedId | undefined {
    if (id.length !== 22) return undefined;
    let start = 0;
    for (let i = 0; i < 8; i++) start = start * 64 + SORTED.indexOf(id[i]!);
    const kind = KINDS[BASE64URL.indexOf(id[8]!) & 3];
    if (!kind) return undefined;
    const block = BASE64URL.indexOf(id[9]!) << 4 | BASE64URL.indexOf(id[10]!) >> 2;
    const decoded = { kind, index: Math.floor(start / STRIDE) - MIDDLE, block };
    return decoded.index >= 0 && this.encode(decoded) === id ? decoded : undefined;
  }
}

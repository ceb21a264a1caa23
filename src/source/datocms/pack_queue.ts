import type { Version } from "../../content/resource.ts";
import { lengthInAddress } from "./packs.ts";

/** How a pack's records are asked for. */
export interface PackKind {
  /** Which version of them. */
  readonly version: Version;
  /** Whether they come with their blocks. */
  readonly nested: boolean;
}

/** Records that are asked for in one request, by their ids. */
export interface Pack<T> extends PackKind {
  /** What is to be known of each. */
  readonly waiting: Map<string, T>;
}

/** Records that are asked for by their ids at once, at most: with blocks, and without. */
export const BY_ID = { nested: 30, flat: 200 } as const;
/** The most characters of a pack's ids in an address. */
const LONGEST = 6000;
/** How large an answer should be at most (bytes). */
const TARGET = 4 * 1024 * 1024;

interface OpenPack<T> extends Pack<T> {
  length: number;
}

/**
 * Fills packs with the ids of records, of whichever models and pages, and hands on those that are full. How
 * many records a full one holds follows from how large answers are.
 */
export class PackQueue<T> {
  readonly #open = new Map<string, OpenPack<T>>();
  readonly #ready: Pack<T>[] = [];
  #most: Record<keyof typeof BY_ID, number> = { ...BY_ID };
  /** The size of a record in the last answer, in bytes. */
  readonly #sizes: Record<keyof typeof BY_ID, number> = { nested: 0, flat: 0 };

  /** How many records are waited for that weren't asked for yet, by version. */
  readonly waiting: Record<Version, number> = { current: 0, published: 0 };

  /**
   * Adds a record.
   *
   * @param kind How it is asked for.
   * @param id Its id.
   * @param value What is to be known of it when it comes.
   */
  add({ version, nested }: PackKind, id: string, value: T): void {
    const key = `${version} ${nested}`;
    let pack = this.#open.get(key);
    const length = lengthInAddress(id) + 3;
    if (pack !== undefined && pack.length + length > LONGEST) {
      this.#close(key, pack);
      pack = undefined;
    }
    if (pack === undefined) {
      pack = { version, nested, waiting: new Map(), length: 0 };
      this.#open.set(key, pack);
    }
    pack.waiting.set(id, value);
    pack.length += length;
    this.waiting[version]++;
    if (pack.waiting.size >= this.#limit(pack)) this.#close(key, pack);
  }

  /** The next pack that is full, if there is one. */
  next(): Pack<T> | undefined {
    let pack = this.#ready.shift();
    if (pack === undefined) return undefined;
    const limit = this.#limit(pack);
    if (pack.waiting.size > limit) {
      // It was filled before it was known how large records are.
      const all = [...pack.waiting];
      this.#ready.unshift({ ...pack, waiting: new Map(all.slice(limit)) });
      pack = { ...pack, waiting: new Map(all.slice(0, limit)) };
    }
    this.waiting[pack.version] -= pack.waiting.size;
    return pack;
  }

  /**
   * Takes packs as full that aren't: nothing more comes for them.
   *
   * @param version Of which version.
   */
  flush(version: Version): void {
    for (const [key, pack] of this.#open) {
      if (pack.version === version) this.#close(key, pack);
    }
  }

  /**
   * Makes packs smaller from now on: an address was too long.
   *
   * @param most Ids in one address, at most.
   */
  shrink(most: number): void {
    const { nested, flat } = this.#most;
    this.#most = { nested: Math.min(nested, most), flat: Math.min(flat, most) };
  }

  /**
   * Learns from an answer how many records of its kind to ask for at once.
   *
   * @param kind How they were asked for.
   * @param bytes The size of each, about.
   */
  learn({ nested }: PackKind, bytes: number): void {
    this.#sizes[nested ? "nested" : "flat"] = bytes;
  }

  /**
   * How large a pack's answer is likely to be, in bytes; 0 if nothing is known of its kind yet.
   *
   * @param pack The pack.
   */
  expected({ nested, waiting: { size } }: Pack<T>): number {
    return size * this.#sizes[nested ? "nested" : "flat"];
  }

  #limit({ nested }: PackKind): number {
    const kind = nested ? "nested" : "flat";
    return Math.max(1, Math.min(this.#most[kind], Math.floor(TARGET / this.#sizes[kind])));
  }

  #close(key: string, pack: OpenPack<T>): void {
    this.#open.delete(key);
    this.#ready.push(pack);
  }
}

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

interface OpenPack<T> extends Pack<T> {
  length: number;
}

/** Fills packs with the ids of records, of whichever models and pages, and hands on those that are full. */
export class PackQueue<T> {
  readonly #open = new Map<string, OpenPack<T>>();
  readonly #ready: Pack<T>[] = [];
  #most: Record<keyof typeof BY_ID, number> = { ...BY_ID };

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
    if (pack.waiting.size >= this.#most[nested ? "nested" : "flat"]) this.#close(key, pack);
  }

  /** The next pack that is full, if there is one. */
  next(): Pack<T> | undefined {
    const pack = this.#ready.shift();
    if (pack) this.waiting[pack.version] -= pack.waiting.size;
    return pack;
  }

  /** Whether a pack is full. */
  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /**
   * Takes packs as full that aren't: nothing more comes for them.
   *
   * @param version Of which version.
   * @return Whether there was one.
   */
  flush(version: Version): boolean {
    let isAny = false;
    for (const [key, pack] of this.#open) {
      if (pack.version !== version) continue;
      this.#close(key, pack);
      isAny = true;
    }
    return isAny;
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

  #close(key: string, pack: OpenPack<T>): void {
    this.#open.delete(key);
    this.#ready.push(pack);
  }
}

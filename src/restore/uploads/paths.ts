import type { Clock } from "../../async/clock.ts";

/** What the API puts before a file's name is the second it came in: so long, in milliseconds, and a bit. */
const APART_MS = 1100;

/**
 * Keeps two files from one path. The API names a file by the second in which it was asked for and the name: two of
 * one name within a second get the same path, and the second file takes the place of the first.
 */
export class UploadPaths {
  readonly #used: Set<string>;
  readonly #lastOf = new Map<string, Promise<void>>();
  readonly #clock: Clock;

  /**
   * Knows the paths that are taken.
   *
   * @param used The paths of the uploads that the target has: they are held, about 100 bytes each.
   * @param clock Waits.
   */
  constructor(used: Iterable<string>, clock: Clock) {
    this.#used = new Set(used);
    this.#clock = clock;
  }

  /**
   * Asks for a path that no other file has.
   *
   * @param name The file's name: those of one name wait for each other.
   * @param ask Asks the API for a path.
   * @param signal Ends the waiting.
   * @return What it was given.
   */
  async next<T extends { readonly id: string }>(
    name: string,
    ask: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const key = slugOf(name);
    const before = this.#lastOf.get(key);
    let done = () => {};
    const own = new Promise<void>((resolve) => done = resolve);
    this.#lastOf.set(key, own);
    try {
      await before;
      for (;;) {
        const given = await ask();
        if (!this.#used.has(given.id)) {
          this.#used.add(given.id);
          return given;
        }
        await this.#clock.delay(APART_MS, { signal });
      }
    } finally {
      done();
      if (this.#lastOf.get(key) === own) this.#lastOf.delete(key);
    }
  }
}

/**
 * A file's name about as the API writes it in paths: names with one slug may get one path.
 *
 * @param name The file's name.
 */
export function slugOf(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-").replace(/^-+|-+$/g, "");
}

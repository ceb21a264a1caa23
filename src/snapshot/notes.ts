import type { ManifestNote } from "./manifest.ts";

/** Notes of one code that are kept: a project where everything fails must not fill the memory. */
const KEPT = 1000;

/**
 * Findings, warnings or failures, for the manifest. Of each code the first thousand are kept, and how
 * many more there were.
 */
export class Notes {
  readonly #byCode = new Map<string, { kept: string[]; count: number }>();

  /** How many there were. */
  get count(): number {
    return this.#byCode.values().reduce((sum, { count }) => sum + count, 0);
  }

  /**
   * Adds a note.
   *
   * @param code A stable name.
   * @param message One sentence.
   */
  add(code: string, message: string): void {
    let notes = this.#byCode.get(code);
    if (notes === undefined) this.#byCode.set(code, notes = { kept: [], count: 0 });
    notes.count++;
    if (notes.kept.length < KEPT) notes.kept.push(message);
  }

  /** The notes, by code. */
  toArray(): ManifestNote[] {
    return [...this.#byCode].flatMap(([code, { kept, count }]) => {
      const messages = count > kept.length ? [...kept, `… and ${count - kept.length} more.`] : kept;
      return messages.map((message) => ({ code, message }));
    });
  }
}

import { printable } from "../../text/printable.ts";

/** What can be wrong with a snapshot. */
export type ProblemKind = "missing" | "extra" | "changed" | "truncated" | "unparsable" | "dangling";

/** Something that is wrong with a snapshot. */
export interface VerifyProblem {
  /**
   * What is wrong: an object is `missing`, is one too many (`extra`), holds other bytes (`changed`) or fewer
   * (`truncated`) than it should, isn't of its form (`unparsable`), or refers to what isn't there (`dangling`).
   */
  readonly kind: ProblemKind;
  /** The object's key in the storage. */
  readonly key: string;
  /** What exactly, in a few words. */
  readonly detail: string;
}

/** Of each kind, at most this many problems are kept, so that they fit into memory. */
const KEPT = 10_000;

/** Collects problems. */
export class Problems {
  readonly #kept: VerifyProblem[] = [];
  readonly #counts = new Map<ProblemKind, number>();

  /**
   * Adds a problem.
   *
   * @param kind What is wrong.
   * @param key With which object.
   * @param detail What exactly; text of others may be in it.
   */
  add(kind: ProblemKind, key: string, detail: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= KEPT) this.#kept.push({ kind, key, detail: printable(detail, 300) });
  }

  /** How many there are, those that weren't kept included. */
  get count(): number {
    return this.#counts.values().reduce((sum, count) => sum + count, 0);
  }

  /** Those that were kept, by key. */
  get kept(): readonly VerifyProblem[] {
    return this.#kept.toSorted((a, b) => a.key === b.key ? 0 : a.key < b.key ? -1 : 1);
  }
}

import type { Item, ItemType, Page } from "../../content/resource.ts";
import { isPublic } from "../../snapshot/written_entries.ts";
import { IdBits } from "../../text/id_bits.ts";
import type { Selection } from "../selection.ts";
import { recordEntries } from "../steps/written_records.ts";

/** What {@linkcode Comparison} uses. */
export type ComparisonParts = Parameters<typeof recordEntries>[0] & {
  /** Which versions are exported. */
  readonly selection: Pick<Selection, "wantsPublished">;
};

/** What is known of a record. */
const IS = {
  /** Its current version was written. */
  written: 1,
  /** Its published version was written. */
  writtenPublished: 2,
  /** It is listed. */
  listed: 4,
  /** It is published, by the row that is listed. */
  public: 8,
  /** It isn't published, by the row that is listed. */
  notPublic: 16,
  /** Its published version is listed. */
  listedPublished: 32,
} as const;

/**
 * What was written of a model beside what is listed now. The ids of its records are in memory: at most 32
 * bytes for each.
 */
export class Comparison {
  /** Whose records they are. */
  readonly model: ItemType;
  readonly #bits = new IdBits();
  readonly #wantsPublished: boolean;

  private constructor(model: ItemType, wantsPublished: boolean) {
    this.model = model;
    this.#wantsPublished = wantsPublished;
  }

  /**
   * Reads back what was written of a model.
   *
   * @param parts Where it is.
   * @param model The model.
   * @param signal Aborts the reading.
   * @throws {StorageError} If it can't be read.
   */
  static async of(
    parts: ComparisonParts,
    model: ItemType,
    signal: AbortSignal,
  ): Promise<Comparison> {
    const { wantsPublished } = parts.selection;
    const comparison = new Comparison(model, wantsPublished);
    const bits = comparison.#bits;
    for await (const page of recordEntries(parts, { model, version: "current" }, signal)) {
      for (const { id } of page) bits.set(id, IS.written);
    }
    if (!wantsPublished) return comparison;
    for await (const page of recordEntries(parts, { model, version: "published" }, signal)) {
      for (const { id } of page) bits.set(id, IS.writtenPublished);
    }
    return comparison;
  }

  /**
   * Looks at rows of current versions, as they are listed now.
   *
   * @param rows The rows.
   */
  look(rows: Page<Item>): void {
    for (const { id, meta } of rows) {
      const isPublished = isPublic(meta?.status);
      const status = isPublished === undefined ? 0 : isPublished ? IS.public : IS.notPublic;
      this.#bits.set(id, IS.listed | status);
    }
  }

  /**
   * Looks at rows of published versions, as they are listed now.
   *
   * @param rows The rows.
   */
  lookPublished(rows: Page<Item>): void {
    for (const { id } of rows) this.#bits.set(id, IS.listedPublished);
  }

  /**
   * The ids of the records that aren't as they were written.
   *
   * @param isWhole Which versions were listed to their end, so that those that aren't listed are gone.
   */
  doubtful(isWhole: { readonly current: boolean; readonly published: boolean }): string[] {
    const isDoubtful = (bits: number): boolean => {
      const is = (one: number) => (bits & one) !== 0;
      if (is(IS.listed) && !is(IS.written)) return true;
      if (isWhole.current && is(IS.written) && !is(IS.listed)) return true;
      if (!this.#wantsPublished) return false;
      const wasPublished = is(IS.writtenPublished);
      if (wasPublished ? is(IS.notPublic) : is(IS.public) || is(IS.listedPublished)) return true;
      return isWhole.published && wasPublished && !is(IS.listedPublished);
    };
    return this.#bits.where(isDoubtful).toArray();
  }

  /**
   * The ids of the records that are listed, and aren't there or lack their published version.
   *
   * @param now What is written now.
   */
  lackedBy(now: Comparison): string[] {
    const listed = this.#bits.where((bits) => (bits & IS.listed) !== 0);
    return listed.filter((id) => {
      const written = now.#bits.of(id);
      const isPublished = this.#wantsPublished && (this.#bits.of(id) & IS.public) !== 0;
      const needed = IS.written | (isPublished ? IS.writtenPublished : 0);
      return (written & needed) !== needed;
    }).toArray();
  }
}

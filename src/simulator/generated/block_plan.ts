import type { ModelKind } from "./schema.ts";

/** A block of every record of a kind: which model it is of, and where it stands. */
export interface PlannedBlock {
  /** The block's number in its record. */
  readonly number: number;
  /** The `api_key` of its block model. */
  readonly model: "section" | "card" | "button" | "callout" | "badge";
  /** The record's field that the block is in, for a block that isn't in another block. */
  readonly field: string;
  /** The locale that the block is in, if the field is localized. */
  readonly locale: string | undefined;
  /** The blocks inside it. */
  readonly children: readonly PlannedBlock[];
}

/**
 * Lays out the blocks of the records of a kind: all have the same number of blocks at the same places,
 * so that listings of blocks can be counted without looking at the records.
 *
 * @param kind The kind of model.
 * @param count How many blocks each record has, all locales and levels counted.
 * @param locales The project's locales.
 * @return The blocks that aren't in another block.
 */
export function planBlocks(
  kind: ModelKind,
  count: number,
  locales: readonly string[],
): readonly PlannedBlock[] {
  if (kind !== "article" && kind !== "page") return [];
  const top: PlannedBlock[] = [];
  let children: PlannedBlock[] = [];
  for (let number = 0; number < count; number++) {
    const step = kind === "page" ? number - 1 : number;
    const place = placeOf(kind, step, locales[Math.max(0, Math.floor(step / 5)) % locales.length]);
    const block = { number, ...place, children: [] as PlannedBlock[] };
    // A card goes into the section before it, a button into the card before it.
    (place.inside ? children : top).push(block);
    children = block.children;
  }
  return top;
}

interface Place extends Pick<PlannedBlock, "model" | "field" | "locale"> {
  readonly inside: boolean;
}

function placeOf(kind: "article" | "page", step: number, locale: string | undefined): Place {
  if (step < 0) {
    return { model: "card", field: "hero", locale: undefined, inside: false };
  }
  const field = kind === "article" ? "sections" : "content";
  const sectionLocale = kind === "article" ? undefined : locale;
  switch (step % 5) {
    case 0:
      return { model: "section", field, locale: sectionLocale, inside: false };
    case 1:
      return { model: "card", field, locale: sectionLocale, inside: true };
    case 2:
      return { model: "button", field, locale: sectionLocale, inside: true };
    case 3:
      return kind === "article"
        ? { model: "callout", field: "body", locale, inside: false }
        : { model: "card", field, locale, inside: false };
    default:
      return kind === "article"
        ? { model: "badge", field: "body", locale, inside: false }
        : { model: "button", field, locale, inside: true };
  }
}

/**
 * How many blocks of each model there are in a plan.
 *
 * @param plan The blocks that aren't in another block.
 */
export function countByModel(plan: readonly PlannedBlock[]): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (block: PlannedBlock) => {
    counts.set(block.model, (counts.get(block.model) ?? 0) + 1);
    block.children.forEach(add);
  };
  plan.forEach(add);
  return counts;
}

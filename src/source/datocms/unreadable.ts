import { isObject } from "../../text/json.ts";
import type { Page, Resource } from "../../content/resource.ts";
import { printable } from "../../text/printable.ts";

/** Levels of nesting, more than anything has that DatoCMS stores: a record's blocks are 5 levels deep at most. */
export const DEEPEST = 2000;

/** Levels that an answer has around what it lists. */
const AROUND = 2;

/**
 * Stands in a page for an entry that can't be kept, so that the places of the others don't change. It never
 * leaves the reader of its listing.
 */
export class Unreadable {
  /** The entry's id, or one that stands for its place. */
  readonly id: string;
  /** No resource has this type. */
  readonly type = "unreadable";
  /** Which entry it is, for people: `the one with id "12"`. */
  readonly which: string;
  /** Why it can't be kept, in a clause. */
  readonly reason: string;

  /**
   * Names the entry.
   *
   * @param which The entry's id, or its place from 0.
   * @param reason Why it can't be kept, in a clause.
   */
  constructor(which: string | number, reason: string) {
    this.id = typeof which === "string" ? which : `\0${which}`;
    this.which = typeof which === "string"
      ? `the one with id ${JSON.stringify(printable(which, 60))}`
      : `the one at place ${which + 1}`;
    this.reason = reason;
  }
}

/**
 * The resources of a page, with something in the place of each entry that isn't one.
 *
 * All that reads resources relies on their being objects with an id; whatever else they lack, they are kept.
 *
 * @param entries What came.
 * @param offset The place of the first one.
 * @param isDeep Whether some of them may be nested too deep to be written again.
 */
export function toResources<T extends Resource>(
  entries: readonly unknown[],
  offset: number,
  isDeep = false,
): Page<T> {
  const readable = (entry: unknown, index: number): unknown => {
    const place = offset + index;
    if (!isObject(entry)) return new Unreadable(place, `it is ${shown(entry)}, no resource`);
    const { id } = entry;
    if (isDeep && isDeeper(entry, DEEPEST - AROUND)) {
      const reason = `it is nested more than ${DEEPEST} levels deep`;
      return new Unreadable(typeof id === "string" ? id : place, reason);
    }
    if (typeof id === "string") return entry;
    return new Unreadable(place, `it has no id: ${shown(entry)}`);
  };
  return entries.map(readable) as unknown as Page<T>;
}

/**
 * What is left of a page without what can't be kept.
 *
 * @param page The page.
 * @param onUnreadable Called with each entry that is left out.
 */
export function withoutUnreadable<T extends Resource>(
  page: Page<T>,
  onUnreadable?: (entry: Unreadable) => void,
): Page<T> {
  const kept = page.filter((entry) => !((entry as unknown) instanceof Unreadable));
  if (kept.length === page.length) return page;
  for (const entry of page as readonly unknown[]) {
    if (entry instanceof Unreadable) onUnreadable?.(entry);
  }
  return kept;
}

function shown(value: unknown): string {
  return printable(JSON.stringify(value), 100);
}

/** Not by calling itself: the stack would overflow. */
function isDeeper(value: unknown, levels: number): boolean {
  const open: [value: unknown, level: number][] = [[value, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [each, level] = next;
    if (level > levels) return true;
    for (const inner of Object.values(each as object)) {
      if (typeof inner === "object" && inner !== null) open.push([inner, level + 1]);
    }
  }
  return false;
}

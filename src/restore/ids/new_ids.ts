import type { ReadSnapshot } from "../changed_snapshot.ts";
import { type Mentions, mentionsIn } from "../mentions.ts";
import type { NewIdOf, Renumbering } from "./renumbering.ts";

/**
 * Numeric ids, under which DatoCMS makes nothing any more, and what takes their place; and where they stand in texts,
 * in JSON or in what plugins keep, where they aren't changed.
 */
export interface NewIds extends Mentions {
  /** How many there are, by the API's name of the type; those of blocks as `block`. */
  readonly counts: Readonly<Record<string, number>>;
  /** They, at most 10,000: those of blocks last. */
  readonly ids: readonly NewIdOf[];
  /** How many more there are: `new_ids.ndjson` in the journal has all of them. */
  readonly more: number;
}

/** The most ids that are told one by one. */
const MOST = 10_000;
/** What may be an id in a text: shorter numbers are too often something else. */
const NUMBER = /(?<![\p{L}\d_])\d{5,15}(?![\p{L}\d_])/gu;

/**
 * What is told of the ids that are replaced.
 *
 * @param ids They.
 * @param changed The snapshot with those that take their place.
 * @param signal Aborts the reading of its texts.
 */
export async function newIdsOf(
  ids: Renumbering,
  changed: ReadSnapshot,
  signal: AbortSignal,
): Promise<NewIds> {
  const total = [...ids.counts.values()].reduce((sum, count) => sum + count, 0);
  const told: NewIdOf[] = [];
  for await (const one of ids.all(signal)) {
    if (told.length === MOST) break;
    told.push(one);
  }
  const types = [...ids.counts.keys()];
  const idsIn = (text: string) =>
    [...text.matchAll(NUMBER)].flatMap(([number]) => {
      return types.some((type) => ids.isReplaced(type, number)) ? [number] : [];
    });
  return {
    counts: Object.fromEntries(ids.counts),
    ids: told,
    more: total - told.length,
    ...await mentionsIn(changed, idsIn, signal),
  };
}

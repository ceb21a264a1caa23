import type { Item } from "../../content/resource.ts";
import { BIT } from "./record_graph.ts";

/** What is known of a record that may have to be written. */
export interface RecordFacts {
  /** The current version in the target, if it is there. */
  readonly present: Item | undefined;
  /** The public version in the target. */
  readonly presentPublic: Item | undefined;
  /** The public version in the snapshot. */
  readonly published: Item | undefined;
  /** Whether it is or stays a draft, whatever was public. */
  readonly asDraft: boolean;
  /** Whether the snapshot has a current version on top of the public one. */
  readonly isUpdated: boolean;
  /** Whether the target's current version is that of the snapshot. */
  readonly isSettled: boolean;
  /** Whether the target's public version is that of the snapshot. */
  readonly isPublicRight: boolean;
  /** Whether records are taken back from the public. */
  readonly publishes: boolean;
  /** Whether the target's current version is the snapshot's public one. */
  readonly isFirst: () => boolean;
}

/**
 * What is done with a record.
 *
 * @param facts What is known of it.
 * @return The bits of {@linkcode BIT}.
 */
export function whatToDo(facts: RecordFacts): number {
  const { isSettled, asDraft, presentPublic } = facts;
  return actions(facts) | (isSettled ? BIT.SETTLED : 0) | (asDraft ? BIT.AS_DRAFT : 0) |
    (presentPublic ? BIT.OPEN : 0);
}

function actions(
  { present, presentPublic, published, asDraft, isUpdated, isSettled, ...facts }: RecordFacts,
): number {
  const { isPublicRight, publishes } = facts;
  if (present === undefined) {
    return BIT.CREATE | (published && !asDraft ? BIT.PUBLISH : 0) | (isUpdated ? BIT.CURRENT : 0);
  }
  if (published === undefined || asDraft) {
    return (presentPublic && publishes ? BIT.UNPUBLISH : 0) | (isSettled ? 0 : BIT.FIRST);
  }
  const isFirst = facts.isFirst();
  const { status } = present.meta ?? {};
  if (!isPublicRight) {
    return BIT.PUBLISH | (isFirst ? 0 : BIT.FIRST) | (isUpdated ? BIT.CURRENT : 0);
  }
  if (isUpdated) return isSettled && status === "updated" ? 0 : BIT.CURRENT;
  if (status !== "updated" && isFirst) return 0;
  return BIT.PUBLISH | (isFirst ? 0 : BIT.FIRST);
}

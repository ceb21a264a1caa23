import { relatedId } from "../../content/attributes.ts";
import type { Item, ItemType, Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";

/**
 * The stage that new records are in, by workflow.
 *
 * @param workflows The workflows.
 */
export function initialStages(workflows: readonly Resource[]): ReadonlyMap<string, string> {
  return new Map(workflows.flatMap(({ id, attributes: { stages } = {} }) => {
    const all = Array.isArray(stages) ? stages.filter(isObject) : [];
    const stage = all.find(({ initial }) => initial === true) ?? all[0];
    return typeof stage?.id === "string" ? [[id, stage.id]] : [];
  }));
}

/**
 * The stage that a record is moved to; `undefined` if it has it, or has none.
 *
 * @param current The record in the snapshot.
 * @param present The record in the target; `undefined` if it is made.
 * @param type Its model.
 * @param initial The stage that new records are in, by workflow.
 */
export function stageToBe(
  current: Item,
  present: Item | undefined,
  type: ItemType,
  initial: ReadonlyMap<string, string>,
): string | undefined {
  const stage = current.meta?.stage;
  if (typeof stage !== "string") return undefined;
  const first = initial.get(relatedId(type, "workflow") ?? "");
  return (present ? present.meta?.stage : first) === stage ? undefined : stage;
}

import { relatedId } from "../../content/attributes.ts";
import type { Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { type KindName, validatorsOf } from "./kinds.ts";
import { parentsFirst, type Stage } from "./stage.ts";
import type { SchemaState } from "./state.ts";
import { destroys, type Write } from "./write.ts";

/** Filters go before the models they are of. */
export const extraFilters: Stage = removing(
  ["item_type_filter", "upload_filter"],
  (wanted, present) =>
    (["item_type_filter", "upload_filter"] as const)
      .flatMap((kind) => extra(kind, wanted, present).map((one) => [destroys(one)])),
);

/** Fields and fieldsets that kept models have besides; those that make slugs first. */
export const extraFields: Stage = removing(["field", "fieldset"], (wanted, present) => {
  const isKept = (one: Resource) =>
    wanted.get("item_type", relatedId(one, "item_type") ?? "") !== undefined;
  const fields = extra("field", wanted, present).filter(isKept);
  const fieldsets = extra("fieldset", wanted, present).filter(isKept);
  const byModel = Map.groupBy(
    [...slugsFirst(fields), ...fieldsets],
    (one) => relatedId(one, "item_type"),
  );
  return [...byModel.values()].map((own) => own.map(destroys));
});

/** Models that the snapshot hasn't, with their records; then block models, those that hold others first. */
export const extraModels: Stage = removing(["item_type", "field"], (wanted, present) => {
  const gone = extra("item_type", wanted, present);
  const [blocks, models] = [true, false].map((isBlock) =>
    gone.filter(({ attributes }) => (attributes?.modular_block === true) === isBlock)
  ) as [Resource[], Resource[]];
  const fields = present.byModel("field");
  const ids = new Set(blocks.map(({ id }) => id));
  const chain: Write[] = models.map(destroys);
  let left = blocks;
  while (left.length > 0) {
    const isHeld = ({ id }: Resource) =>
      left.some((other) =>
        other.id !== id && (fields.get(other.id) ?? []).some((field) => names(field, id))
      );
    const free = left.filter((one) => !isHeld(one));
    if (free.length === 0) {
      // They hold each other: what they hold them in goes first.
      const holding = left.flatMap(({ id }) => fields.get(id) ?? [])
        .filter((field) => [...ids].some((id) => names(field, id)));
      chain.push(...holding.map(destroys), ...left.map(destroys));
      break;
    }
    chain.push(...free.map(destroys));
    left = left.filter((one) => !free.includes(one));
  }
  return [chain];
});

/** What only models and uploads used. */
export const extraSettings: Stage = removing(
  ["workflow", "plugin", "upload_collection"],
  (wanted, present) => [
    ...(["workflow", "plugin"] as const)
      .flatMap((kind) => extra(kind, wanted, present).map((one) => [destroys(one)])),
    parentsFirst(
      extra("upload_collection", wanted, present),
      (one) => relatedId(one, "parent"),
    ).reverse().map(destroys),
  ],
);

function removing(
  needs: readonly KindName[],
  writes: (wanted: SchemaState, present: SchemaState) => Write[][],
): Stage {
  return {
    needs,
    writes: (wanted, present, { removes, isInScope }) => {
      if (!removes) return [];
      return writes(wanted, present).map((chain) =>
        chain.filter(({ type, ids }) => ids.every((id) => isInScope(type, id)))
      );
    },
  };
}

/** What the target has of a kind and the snapshot hasn't, if that is known. */
function extra(kind: KindName, wanted: SchemaState, present: SchemaState): Resource[] {
  if (!wanted.knows(kind)) return [];
  return present.all(kind).filter(({ id }) => wanted.get(kind, id) === undefined);
}

function slugsFirst(fields: readonly Resource[]): Resource[] {
  const isSlug = (field: Resource) => isObject(validatorsOf(field).slug_title_field);
  return [...fields.filter(isSlug), ...fields.filter((field) => !isSlug(field))];
}

/** Whether blocks of a model may be in a field. */
function names(field: Resource, block: string): boolean {
  return Object.entries(validatorsOf(field)).some(([name, settings]) => {
    if (!name.endsWith("_blocks") || !isObject(settings)) return false;
    return Array.isArray(settings.item_types) && settings.item_types.includes(block);
  });
}

import { relatedId } from "../../content/attributes.ts";
import type { Resource } from "../../content/resource.ts";
import { type KindName, KINDS, positionOf } from "./kinds.ts";
import { byDifference, parentsFirst, type Stage } from "./stage.ts";
import type { SchemaState } from "./state.ts";
import {
  creates,
  destroys,
  moves,
  partsOf,
  partsThatDiffer,
  type Place,
  updates,
  without,
  type Write,
} from "./write.ts";

const PLACE = ["position", "parent"];

/** Saved filters, which entries of menus may be of. */
export const filters: Stage = {
  needs: ["item_type_filter", "upload_filter"],
  writes(wanted, present) {
    return [
      ...byDifference("item_type_filter", wanted, present),
      ...byDifference("upload_filter", wanted, present),
    ].map((write) => [write]);
  },
};

/** The entries of both menus, those above before those below. */
export const menuEntries: Stage = {
  needs: ["menu_item", "schema_menu_item"],
  writes: (wanted, present) => MENUS.map((kind) => entries(kind, wanted, present)),
};

/** The order of both menus. */
export const menuOrder: Stage = {
  needs: ["menu_item", "schema_menu_item"],
  writes: (wanted, present, { reorders }) =>
    reorders ? MENUS.map((kind) => order(kind, wanted, present)) : [],
};

/** What the menus have besides goes, once nothing of the snapshot is below it. */
export const menuRemoval: Stage = {
  needs: ["menu_item", "schema_menu_item"],
  writes(wanted, present, { removes, isInScope }) {
    if (!removes) return [];
    return MENUS.map((kind) => {
      if (!wanted.knows(kind)) return [];
      const kept = new Set(paired(kind, wanted, present).map(({ now }) => now?.id));
      const extra = present.all(kind).filter((one) => {
        // The entry of a model in the menu of the schema comes and goes with the model.
        return isInScope(kind, one.id) && !kept.has(one.id) &&
          (kind === "menu_item" || relatedId(one, "item_type") === null);
      });
      return parentsFirst(extra, (one) => relatedId(one, "parent")).reverse().map(destroys);
    });
  },
};

const MENUS = ["menu_item", "schema_menu_item"] as const satisfies readonly KindName[];

type Menu = typeof MENUS[number];

interface Entry {
  readonly one: Resource;
  readonly now: Resource | undefined;
}

/** The entries of a menu and what they are in the target: a model has one entry in the menu of the schema. */
function paired(kind: Menu, wanted: SchemaState, present: SchemaState): Entry[] {
  const ofModels = new Map(
    kind === "schema_menu_item"
      ? present.all(kind).map((one) => [relatedId(one, "item_type"), one])
      : [],
  );
  ofModels.delete(null);
  return wanted.all(kind).map((one) => ({
    one,
    now: present.get(kind, one.id) ?? ofModels.get(relatedId(one, "item_type")),
  }));
}

function entries(kind: Menu, wanted: SchemaState, present: SchemaState): Write[] {
  const now = new Map(paired(kind, wanted, present).map((pair) => [pair.one.id, pair.now]));
  const sorted = wanted.all(kind).toSorted((a, b) => positionOf(a) - positionOf(b));
  return parentsFirst(sorted, (one) => relatedId(one, "parent")).flatMap((one): Write[] => {
    const parts = partsOf(KINDS[kind], one);
    const found = now.get(one.id);
    if (found === undefined) {
      // That of a model which isn't there can't be made.
      const isOfModel = kind === "schema_menu_item" && relatedId(one, "item_type") !== null;
      return isOfModel ? [] : [creates(one, parts)];
    }
    const changes = partsThatDiffer(without(parts, PLACE), found);
    return changes === undefined ? [] : [updates(found, changes)];
  });
}

function order(kind: Menu, wanted: SchemaState, present: SchemaState): Write[] {
  const pairs = paired(kind, wanted, present).filter(({ now }) => now !== undefined);
  const ids = new Map(pairs.map(({ one, now }) => [one.id, now!.id]));
  const parentOf = (one: Resource) => {
    const parent = relatedId(one, "parent");
    return parent === null ? null : ids.get(parent) ?? parent;
  };
  const isElsewhere = ({ one, now }: Entry) => {
    return positionOf(one) !== positionOf(now!) || parentOf(one) !== relatedId(now!, "parent");
  };
  if (!pairs.some(isElsewhere)) return [];
  const known = new Set(ids.values());
  const last = Math.max(0, ...pairs.map(({ one }) => positionOf(one)));
  const place = (resource: Resource, position: number, parent: string | null): Place => ({
    resource,
    position,
    relationships: { parent: { data: parent === null ? null : { type: kind, id: parent } } },
  });
  const others = present.all(kind).filter(({ id }) => !known.has(id));
  return [
    moves(`${KINDS[kind].path}/reorder`, kind, [
      ...pairs.map(({ one, now }) => place(now!, positionOf(one), parentOf(one))),
      ...others.map((one, i) => place(one, last + 1 + i, relatedId(one, "parent"))),
    ]),
  ];
}

import { relatedId } from "../../content/attributes.ts";
import type { Resource } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";

import type { ChoiceInput, Chosen } from "./choose.ts";

/** Lists of settings, as an export calls them; what isn't there isn't known. */
export type ChosenSettings = ReadonlyMap<string, readonly Resource[]>;

/** What comes with the schema, and what with the settings. */
const OF: Readonly<Record<string, "schema" | "settings">> = {
  workflows: "schema",
  plugins: "schema",
  schema_menu_items: "schema",
  upload_collections: "settings",
  menu_items: "settings",
  item_type_filters: "settings",
  upload_filters: "settings",
};

/**
 * The settings that a target is to have: the chosen ones as in the snapshot, the others as they are. What the target
 * has besides stays.
 *
 * @param chosen What was chosen.
 * @param input The snapshot and the target.
 */
export async function chosenSettings(
  chosen: Chosen,
  { snapshot, target, signal }: ChoiceInput,
): Promise<ChosenSettings> {
  const found = new Map<string, readonly Resource[]>();
  const schema = await snapshot.schema({ signal });
  for (const [name, kind] of Object.entries(OF)) {
    const there = await target.settings(name, { signal });
    if (there === undefined) continue;
    const own = await snapshot.settings(name, { signal }) ?? [];
    const ids = new Set(there.map(({ id }) => id));
    const isWhole = chosen.kinds.has(kind) && !(kind === "schema" && chosen.isOfModels);
    const taken = isWhole
      ? own
      // Only what the models need, and isn't there.
      : own.filter((one) => !ids.has(one.id) && isNeeded(name, one, schema, chosen));
    const takenIds = new Set(taken.map(({ id }) => id));
    const all = [...taken, ...there.filter(({ id }) => !takenIds.has(id))];
    found.set(name, isWhole ? all : all.map((one) => withParentIn(one, all)));
  }
  const schedules = await target.settings("schedules", { signal }) ?? [];
  const own = await snapshot.settings("schedules", { signal }) ?? [];
  const isOfChosen = (one: Resource) =>
    chosen.records.numberOf(relatedId(one, "item") ?? "") !== undefined;
  found.set("schedules", [
    ...own.filter(isOfChosen),
    ...schedules.filter((one) => !isOfChosen(one)),
  ]);
  return found;
}

/** Whether models that come back need something. */
function isNeeded(
  name: string,
  one: Resource,
  schema: SchemaIndex,
  { itemTypes }: Chosen,
): boolean {
  const models = schema.itemTypes.filter(({ id }) => itemTypes.has(id));
  switch (name) {
    case "workflows":
      return models.some((model) => relatedId(model, "workflow") === one.id);
    case "plugins": {
      const fields = models.flatMap(({ id }) => schema.fields(id));
      return fields.some(({ attributes: { appearance } }) =>
        editorsOf(appearance).includes(one.id)
      );
    }
    case "schema_menu_items":
    case "menu_items":
      return itemTypes.has(relatedId(one, "item_type") ?? "");
    default:
      return false;
  }
}

/** The editor and the addons of a field: plugins are called by their ids. */
function editorsOf(appearance: unknown): unknown[] {
  if (!isObject(appearance)) return [];
  const addons = Array.isArray(appearance.addons) ? appearance.addons : [];
  return [appearance.editor, ...addons.map((addon) => isObject(addon) ? addon.id : undefined)];
}

function withParentIn(one: Resource, all: readonly Resource[]): Resource {
  const parent = relatedId(one, "parent");
  if (parent === null || all.some(({ id }) => id === parent)) return one;
  return { ...one, relationships: { ...one.relationships, parent: { data: null } } };
}

import { relatedId } from "../../content/attributes.ts";
import type { JsonObject, Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import type { RestoreRun } from "../run.ts";
import { KINDS, validatorsOf } from "./kinds.ts";
import type { SchemaContext } from "./stage.ts";
import type { SchemaState } from "./state.ts";
import { type Parts, partsOf } from "./write.ts";

/** Validators that say what a field is, and not only what may be in it. */
const STRUCTURAL: ReadonlySet<string> = new Set([
  ...["item_item_type", "items_item_type", "rich_text_blocks", "single_block_blocks"],
  ...["structured_text_blocks", "structured_text_inline_blocks", "structured_text_links"],
  "slug_title_field",
]);

/**
 * What has to be noted as put back once validators are full again: of all fields that may have been relaxed.
 *
 * @param wanted The schema of the snapshot.
 * @param relaxed The models whose validators stepped aside.
 */
export function relaxedKeys(wanted: SchemaState, relaxed: ReadonlySet<string>): string[] {
  const fields = wanted.all("field").filter((field) => {
    return relaxed.has(relatedId(field, "item_type") ?? "") &&
      Object.keys(validatorsOf(field)).some((name) => !STRUCTURAL.has(name));
  });
  const models = wanted.all("item_type").filter(({ id, attributes }) => {
    return relaxed.has(id) && attributes?.all_locales_required === true;
  });
  return [...fields.map(fieldKey), ...models.map(modelKey)];
}

/**
 * Models and the block models that their blocks may be of.
 *
 * @param wanted The schema of the snapshot.
 * @param models The models' ids.
 */
export function withBlockModels(
  wanted: SchemaState,
  models: ReadonlySet<string>,
): ReadonlySet<string> {
  const own = wanted.byModel("field");
  const found = new Set(models);
  // A set may grow while it is walked through.
  for (const id of found) {
    for (const field of own.get(id) ?? []) {
      for (const [name, settings] of Object.entries(validatorsOf(field))) {
        if (!name.endsWith("_blocks") || !isObject(settings)) continue;
        const { item_types: blocks } = settings;
        if (!Array.isArray(blocks)) continue;
        for (const block of blocks) if (typeof block === "string") found.add(block);
      }
    }
  }
  return found;
}

/**
 * What is sent of a model: the order of its records has a direction if there is one, and only then.
 *
 * @param model The model.
 * @param context Whether validators step aside.
 */
export function modelParts(model: Resource, { relaxed }: SchemaContext): Parts {
  const parts = partsOf(KINDS.item_type, model);
  const { ordering_direction: direction = null } = parts.attributes;
  const attributes: JsonObject = {
    ...parts.attributes,
    ordering_direction: isOrdered(model) ? direction ?? "asc" : null,
    ...relaxed.has(model.id) ? { all_locales_required: false } : {},
  };
  return { ...parts, attributes };
}

/** Whether something says in which order the records of a model are. */
export function isOrdered(model: Resource): boolean {
  return relatedId(model, "ordering_field") !== null ||
    (model.attributes?.ordering_meta ?? null) !== null;
}

/**
 * What is sent of a field.
 *
 * @param field The field.
 * @param isRelaxed Whether only those validators are sent that say what it is.
 */
export function fieldParts(field: Resource, isRelaxed: boolean): Parts {
  const parts = partsOf(KINDS.field, field);
  if (!isRelaxed) return parts;
  const structural = Object.entries(validatorsOf(field)).filter(([name]) => STRUCTURAL.has(name));
  return {
    ...parts,
    attributes: { ...parts.attributes, validators: Object.fromEntries(structural) },
  };
}

/** What the note about a field's validators is called. */
export function fieldKey({ id }: Resource): string {
  return `validators/${id}`;
}

/** What the note about a model is called. */
export function modelKey({ id }: Resource): string {
  return `validators/item_type/${id}`;
}

/** What puts full validators back, should the restore end before it does so itself. */
export function noteField(field: Resource): (run: RestoreRun) => Promise<void> {
  const { id, type } = field;
  const attributes = { validators: validatorsOf(field) };
  return ({ temporary }) => temporary.note(fieldKey(field), { data: { id, type, attributes } });
}

/** What makes a model want all locales again, should the restore end before it does so itself. */
export function noteModel(model: Resource): (run: RestoreRun) => Promise<void> {
  const { id, type } = model;
  return ({ temporary }) =>
    temporary.note(modelKey(model), {
      data: { id, type, attributes: { all_locales_required: true } },
    });
}

/** Notes that something was put back. */
export function isBack(key: string): (run: RestoreRun) => Promise<void> {
  return ({ temporary }) => temporary.done(key);
}

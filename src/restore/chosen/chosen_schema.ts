import type { Field, ItemType } from "../../content/resource.ts";
import { SchemaIndex } from "../../content/schema_index.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { isObject } from "../../text/json.ts";
import { fewNames, printable } from "../../text/printable.ts";

/**
 * The models and block models that come back when models are chosen: with their block models, and with the models
 * that their fields name and the target lacks.
 *
 * @param wanted The snapshot's schema.
 * @param present The target's.
 * @param keys The models that were chosen, by their `api_key`; all, if there are none.
 */
export function chosenTypes(
  wanted: SchemaIndex,
  present: SchemaIndex,
  keys: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  const own = wanted.itemTypes.filter(({ attributes }) => keys?.has(attributes.api_key) ?? true);
  const found = new Set(own.map(({ id }) => id));
  // A set may grow while it is walked through.
  for (const id of found) {
    for (const { type, isBlock } of namedTypes(wanted.fields(id))) {
      if (wanted.itemType(type) === undefined) continue;
      if (isBlock || present.itemType(type) === undefined) found.add(type);
    }
  }
  return found;
}

/** The models and block models that the validators of fields name. */
function namedTypes(fields: readonly Field[]): { type: string; isBlock: boolean }[] {
  return fields.flatMap(({ attributes: { validators } }) => {
    return Object.entries(isObject(validators) ? validators : {}).flatMap(([name, settings]) => {
      const types = isObject(settings) && Array.isArray(settings.item_types)
        ? settings.item_types
        : [];
      return types.flatMap((type) => {
        return typeof type === "string" ? [{ type, isBlock: name.endsWith("_blocks") }] : [];
      });
    });
  });
}

/**
 * A target's schema with some models as in the snapshot. Their fields that the snapshot lacks stay.
 *
 * @param wanted The snapshot's schema.
 * @param present The target's.
 * @param types The models and block models that are as in the snapshot, by their ids.
 * @param of What else is known.
 * @param of.locales The project's locales.
 * @param of.models The models whose records come back, by their `api_key`.
 * @throws {SluiceError} If two models would have one API key.
 */
export function mergedSchema(
  wanted: SchemaIndex,
  present: SchemaIndex,
  types: ReadonlySet<string>,
  { locales, models }: {
    readonly locales: readonly string[];
    readonly models: ReadonlyMap<string, unknown>;
  },
): SchemaIndex {
  const own = wanted.itemTypes.filter(({ id }) => types.has(id));
  const others = present.itemTypes.filter(({ id }) => !types.has(id)).map((type) => {
    const before = wanted.itemType(type.id);
    const comesBack = before?.attributes.singleton === true &&
      models.has(before.attributes.api_key);
    return comesBack ? withOnlyRecord(type, before) : type;
  });
  const known = new Map(others.map((type) => [type.attributes.api_key, type]));
  for (const { id, attributes: { api_key: key } } of own) {
    const other = known.get(key);
    if (other === undefined) continue;
    throw refused(
      `The model ${printable(key, 60)} of the snapshot (${
        printable(id, 40)
      }) isn't the one that the target has under ` +
        `this name (${printable(other.id, 40)}): give that one another API key, or destroy it.`,
    );
  }
  const merged = <T extends { readonly id: string }>(
    of: (schema: SchemaIndex, id: string) => readonly T[],
  ) => {
    return [
      ...own.flatMap(({ id }) => {
        const mine = of(wanted, id);
        const ids = new Set(mine.map((one) => one.id));
        return [...mine, ...of(present, id).filter((one) => !ids.has(one.id))];
      }),
      ...others.flatMap(({ id }) => of(present, id)),
    ];
  };
  return new SchemaIndex({
    locales,
    itemTypes: [...own, ...others],
    fields: merged((schema, id) => schema.fields(id)),
    fieldsets: merged((schema, id) => schema.fieldsets(id)),
  });
}

/** A model tells which record is its only one. */
function withOnlyRecord(type: ItemType, before: ItemType): ItemType {
  const { has_singleton_item: has } = before.attributes;
  const { singleton_item } = before.relationships ?? {};
  return {
    ...type,
    attributes: has === undefined ? type.attributes : {
      ...type.attributes,
      has_singleton_item: has,
    },
    relationships: singleton_item === undefined ? type.relationships ?? {} : {
      ...type.relationships,
      singleton_item,
    },
    meta: has === undefined ? type.meta ?? {} : { ...type.meta, has_singleton_item: has },
  };
}

/** What has to be the same of a model for its records to fit. */
const MODEL = ["api_key", "singleton", "sortable", "tree", "draft_mode_active", "modular_block"];
/** The same of a field. */
const FIELD = ["api_key", "field_type", "localized"];

/**
 * Refuses records whose models the target doesn't have as the snapshot has them.
 *
 * @param wanted The snapshot's schema.
 * @param expected What the target's schema is going to be.
 * @param keys The models of the records, by their `api_key`.
 * @throws {SluiceError} If a model or field is missing or another one, or a locale is missing.
 */
export function assertFits(
  wanted: SchemaIndex,
  expected: SchemaIndex,
  keys: ReadonlyMap<string, unknown>,
): void {
  const models = wanted.models.filter(({ attributes: { api_key } }) => keys.has(api_key));
  const found = new Set(models.map(({ id }) => id));
  for (const id of found) {
    for (const { type, isBlock } of namedTypes(wanted.fields(id))) if (isBlock) found.add(type);
  }
  const missing = wanted.locales.filter((locale) => !expected.locales.includes(locale));
  for (const id of found) {
    const model = wanted.itemType(id);
    if (model === undefined) continue;
    const why = misfit(model, wanted, expected);
    if (why !== undefined) {
      throw refused(
        `The records can't come back, as the target's schema isn't what they were made for: ${why}. Choose the ` +
          "schema, too, or restore into a fork of an environment that has it.",
      );
    }
    if (missing.length > 0 && wanted.fields(id).some(({ attributes }) => attributes.localized)) {
      throw refused(
        `The records can't come back, as the target lacks the locale ${
          fewNames(missing)
        }: choose the settings, too, ` +
          "or add it.",
      );
    }
  }
}

/** Why records of a model don't fit; `undefined` if they do. */
function misfit(
  { id, attributes }: ItemType,
  wanted: SchemaIndex,
  expected: SchemaIndex,
): string | undefined {
  const name = printable(attributes.api_key, 60);
  const what = attributes.modular_block ? "block model" : "model";
  const other = expected.itemType(id);
  if (other === undefined) return `it lacks the ${what} ${name}`;
  const setting = MODEL.find((key) =>
    (attributes[key] ?? false) !== (other.attributes[key] ?? false)
  );
  if (setting !== undefined) return `the ${what} ${name} has another ${setting}`;
  const fields = new Map(expected.fields(id).map((field) => [field.id, field]));
  for (const field of wanted.fields(id)) {
    const key = `${name}.${printable(field.attributes.api_key, 60)}`;
    const own = fields.get(field.id);
    if (own === undefined) return `it lacks the field ${key}`;
    const differing = FIELD.find((one) => field.attributes[one] !== own.attributes[one]);
    if (differing !== undefined) return `the field ${key} has another ${differing}`;
  }
  return undefined;
}

function refused(message: string): SluiceError {
  return new SluiceError(message, EXIT.usage, { code: "schema_differs" });
}

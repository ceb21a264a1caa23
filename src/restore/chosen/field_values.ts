import type { Field, Item, JsonObject } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { isObject } from "../../text/json.ts";
import { nearest } from "../../text/nearest.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import { fewNames, printable } from "../../text/printable.ts";
import type { RestoreChoice } from "./choice.ts";

/** Which values of records come back. */
export type ValueChoice = Pick<RestoreChoice, "field" | "locales">;

/** Whether values of records are chosen, and not whole records. */
export function isOfValues({ field, locales }: ValueChoice): boolean {
  return (field ?? locales) !== undefined;
}

/**
 * Refuses a choice of values that records don't have.
 *
 * @param choice The choice.
 * @param models The models of the records, by their `api_key`.
 * @param schema The snapshot's schema.
 * @throws {SluiceError} If a model lacks the field, it isn't localized, or there is no such locale.
 */
export function assertHasValues(
  { field, locales }: ValueChoice,
  models: Iterable<string>,
  schema: SchemaIndex,
): void {
  const missing = locales?.find((locale) => !schema.locales.includes(locale));
  if (missing !== undefined) {
    throw refused(
      `The snapshot has no locale ${JSON.stringify(printable(missing, 30))}: it has ${
        fewNames(schema.locales)
      }.`,
    );
  }
  if (field === undefined) return;
  for (const key of models) {
    const model = schema.models.find(({ attributes }) => attributes.api_key === key);
    if (model === undefined) continue;
    const fields = schema.fields(model.id);
    const own = fields.find(({ attributes }) => attributes.api_key === field);
    if (own === undefined) {
      const keys = fields.map(({ attributes }) => attributes.api_key);
      const close = nearest(field, keys);
      throw refused(
        `The model ${printable(key, 60)} of the snapshot has no field ${
          JSON.stringify(printable(field, 60))
        }: ${close === undefined ? `it has ${fewNames(keys)}` : `the nearest is ${close}`}.`,
      );
    }
    if (locales !== undefined && !own.attributes.localized) {
      throw refused(
        `The field ${printable(key, 60)}.${
          printable(field, 60)
        } isn't localized: choose no locale.`,
      );
    }
  }
}

/** A record with nothing but the values that come back. */
export function chosenValues(item: Item, choice: ValueChoice, schema: SchemaIndex): Item {
  const attributes: JsonObject = {};
  for (const { attributes: { api_key: key, localized } } of fieldsOf(item, choice, schema)) {
    const value = getOwn(item.attributes, key) ?? null;
    if (!localized || choice.locales === undefined || !isObject(value)) {
      setOwn(attributes, key, value);
      continue;
    }
    const chosen: JsonObject = {};
    for (const locale of choice.locales) {
      if (Object.hasOwn(value, locale)) setOwn(chosen, locale, value[locale]!);
    }
    setOwn(attributes, key, chosen);
  }
  return { ...item, attributes };
}

/**
 * Puts values of the snapshot's version of a record into the target's. All localized fields of a record have the
 * same locales: one that comes back is empty in fields that aren't chosen, and one that the record got since stays.
 *
 * @param now The target's version.
 * @param before The snapshot's.
 * @param choice Which values.
 * @param schema The schema, the same of both.
 * @return The same object if nothing changes.
 */
export function withValues(
  now: Item,
  before: Item,
  choice: ValueChoice,
  schema: SchemaIndex,
): Item {
  const attributes: JsonObject = { ...now.attributes };
  const own = chosenValues(before, choice, schema).attributes;
  const added = new Set<string>();
  for (const [key, value] of Object.entries(own)) {
    const field = fieldsOf(now, {}, schema).find(({ attributes }) => attributes.api_key === key);
    const there = getOwn(now.attributes, key) ?? null;
    if (!field?.attributes.localized || !isObject(value) || !isObject(there)) {
      setOwn(attributes, key, value);
      continue;
    }
    const merged: JsonObject = { ...there };
    for (const [locale, each] of Object.entries(value)) {
      if (!Object.hasOwn(there, locale)) {
        // Without being asked for, a record gets no locale that was taken from it.
        if (choice.locales === undefined) continue;
        added.add(locale);
      }
      setOwn(merged, locale, each);
    }
    setOwn(attributes, key, merged);
  }
  if (added.size === 0) return { ...now, attributes };
  for (const { attributes: { api_key: key, localized } } of fieldsOf(now, {}, schema)) {
    const value = getOwn(attributes, key);
    if (!localized || !isObject(value)) continue;
    const whole: JsonObject = { ...value };
    for (const locale of added) setOwn(whole, locale, getOwn(value, locale) ?? null);
    setOwn(attributes, key, whole);
  }
  return { ...now, attributes };
}

/** The fields of a record that are chosen. */
function fieldsOf(
  { relationships }: Item,
  { field, locales }: ValueChoice,
  schema: SchemaIndex,
): readonly Field[] {
  return schema.fields(relationships.item_type.data.id).filter(({ attributes }) => {
    if (field !== undefined) return attributes.api_key === field;
    return locales === undefined || attributes.localized;
  });
}

function refused(message: string): SluiceError {
  return new SluiceError(message, EXIT.usage, { code: "restore_choice" });
}

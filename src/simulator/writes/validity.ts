import { mapBlocks } from "../../content/blocks.ts";
import type { Field, Item, Json, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import type { MemoryEnvironment } from "../memory_environment.ts";
import { type StoredItem, withMeta } from "../stored_item.ts";
import { failedValidators } from "./validators.ts";

/** What is wrong with a record. */
export interface Flaw {
  /** The record's field. */
  readonly field: string;
  /** The value's locale; none if the field isn't localized. */
  readonly locale?: string | undefined;
  /** The code of the validator that isn't passed, such as `VALIDATION_REQUIRED`. */
  readonly code: string;
}

/**
 * What the validators of a record's model, and of those of its blocks, find wrong with a version of it.
 *
 * @param environment The environment.
 * @param item The version, in nested form.
 */
export function flawsOf(environment: MemoryEnvironment, item: Item): Flaw[] {
  return [...flaws(environment, item, item.id, undefined)];
}

function* flaws(
  environment: MemoryEnvironment,
  item: Item,
  record: string,
  root: Omit<Flaw, "code"> | undefined,
): Iterable<Flaw> {
  for (const field of environment.schema.fields(item.relationships.item_type.data.id)) {
    const { api_key: key, localized } = field.attributes;
    const value = item.attributes[key] ?? null;
    const values: [string | undefined, Json][] = localized && isObject(value)
      ? Object.entries(value)
      : [[undefined, value]];
    for (const [locale, each] of values) {
      const place = root ?? { field: key, locale };
      const context = {
        field,
        upload: (id: string) => environment.uploads.get(id),
        // The API knows no unique values in blocks.
        isTaken: (one: Json) =>
          root === undefined && isTaken(environment, field, locale, one, record),
      };
      for (const name of failedValidators(each, context)) {
        yield { ...place, code: `VALIDATION_${name.toUpperCase()}` };
      }
      const found: Item[] = [];
      mapBlocks(each, field.attributes.field_type, (block) => {
        if (typeof block !== "string") found.push(block);
        return block as unknown as Json;
      });
      for (const block of found) yield* flaws(environment, block, record, place);
    }
  }
}

function isTaken(
  { items }: MemoryEnvironment,
  field: Field,
  locale: string | undefined,
  value: Json,
  record: string,
): boolean {
  return items.index().holdersOf(field, locale, value).some((id) => id !== record);
}

/**
 * A record whose versions tell whether they pass the validators.
 *
 * @param environment The environment.
 * @param record The record.
 * @return The same object if nothing is told differently.
 */
export function checked(environment: MemoryEnvironment, record: StoredItem): StoredItem {
  const isCurrentValid = flawsOf(environment, record.current).length === 0;
  const isPublishedValid = !record.published
    ? null
    : record.published === record.current
    ? isCurrentValid
    : flawsOf(environment, record.published).length === 0;
  const meta: JsonObject = {
    is_valid: isCurrentValid && isPublishedValid !== false,
    is_current_version_valid: isCurrentValid,
    is_published_version_valid: isPublishedValid,
  };
  const { meta: before = {} } = record.current;
  if (Object.entries(meta).every(([name, value]) => before[name] === value)) return record;
  const current = withMeta(record.current, meta);
  const published = record.published === record.current
    ? current
    : record.published && withMeta(record.published, meta);
  return { ...record, current, published };
}

/**
 * Checks all records of models again, as the API does when validators change. Their versions stay.
 *
 * @param environment The environment.
 * @param models The ids of the models.
 * @return How many records there are of them.
 */
export function checkAgain(environment: MemoryEnvironment, models: readonly string[]): number {
  const records = models.flatMap((model) => environment.items.index().recordsOf(model));
  for (const record of records) {
    const next = checked(environment, record);
    if (next !== record) environment.items.put(next);
  }
  return records.length;
}

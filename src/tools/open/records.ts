import { inLocale } from "../../content/in_locale.ts";
import type { Item, ItemType, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { assertLocales } from "../../snapshot/read_schema.ts";
import { nearest } from "../../text/nearest.ts";
import { printable } from "../../text/printable.ts";
import type { SnapshotContent } from "./content.ts";

/** In which locales records are read. */
export interface LocaleOptions {
  /**
   * Of localized fields, only this locale's value, also in blocks: `null` where there is none. @default {All locales}
   */
  readonly locale?: string | undefined;
  /**
   * Locales whose value a field gets that has none in `locale`, or `null`: the first of them that has one. The
   * project's own order is that of `site().attributes.locales`. @default {None}
   */
  readonly fallbackLocales?: readonly string[] | undefined;
}

/**
 * What takes a record to the locales that are asked for.
 *
 * @param schema The schema.
 * @param options Which locales.
 * @return `undefined` if it is all of them.
 * @throws {SluiceError} If the project hasn't one of them.
 */
export function localize(
  schema: SchemaIndex,
  { locale, fallbackLocales = [] }: LocaleOptions,
): ((item: Item) => Item) | undefined {
  if (locale === undefined) return undefined;
  const locales = [locale, ...fallbackLocales];
  assertLocales(schema, locales);
  return (item) => inLocale(item, locales, schema);
}

/**
 * Makes sure that a snapshot has records.
 *
 * @param content The snapshot.
 * @throws {SluiceError} If it hasn't.
 */
export function assertRecords({ isTablesOnly, address }: SnapshotContent): void {
  if (!isTablesOnly) return;
  throw new SluiceError(`${address} was exported as tables only: it has no records.`);
}

/**
 * Makes sure that a snapshot has records of a model.
 *
 * @param content The snapshot.
 * @param schema Its schema.
 * @param model The model's `api_key`.
 * @param version Which versions of records.
 * @throws {SluiceError} If there is no such model, or its records weren't exported.
 */
export function assertModel(
  content: SnapshotContent,
  schema: SchemaIndex,
  model: string,
  version: Version,
): void {
  assertRecords(content);
  const { found: { name }, manifest } = content;
  assertKnown(name, schema, model);
  if (manifest === undefined) return;
  const exported = Object.hasOwn(manifest.records, model) ? manifest.records[model] : undefined;
  if (exported?.[version] !== undefined) return;
  const shown = JSON.stringify(printable(model, 60));
  const of = exported === undefined ? "records" : `${version} versions of records`;
  throw new SluiceError(`The snapshot ${name} was exported without ${of} of ${shown}.`);
}

/**
 * Makes sure that a schema has a model of records.
 *
 * @param name The snapshot's name.
 * @param schema Its schema.
 * @param model The model's `api_key`.
 * @return The model.
 * @throws {SluiceError} If there is no such model.
 */
export function assertKnown(name: string, schema: SchemaIndex, model: string): ItemType {
  const keys = schema.models.map(({ attributes }) => attributes.api_key);
  const own = schema.models[keys.indexOf(model)];
  if (own !== undefined) return own;
  const isBlock = schema.blockModels.some(({ attributes }) => attributes.api_key === model);
  const near = nearest(model, keys);
  const why = isBlock
    ? "it is a block model, whose blocks are in records"
    : near === undefined
    ? `its models are ${printable(keys.join(", "), 300)}`
    : `the nearest is ${printable(near, 60)}`;
  const shown = JSON.stringify(printable(model, 60));
  throw new SluiceError(`The snapshot ${name} has no model ${shown}: ${why}.`, EXIT.usage);
}

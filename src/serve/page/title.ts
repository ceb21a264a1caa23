import { inLocale } from "../../content/in_locale.ts";
import type { Item } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { titleOf } from "../../content/title_of.ts";

/**
 * The title of a record, in a locale if it has one there.
 *
 * @param record The record.
 * @param schema The schema.
 * @param locale The locale.
 */
export function titleIn(
  record: Item,
  schema: SchemaIndex,
  locale: string | undefined,
): string | null {
  const own = locale === undefined ? null : titleOf(inLocale(record, locale, schema), schema);
  return own ?? titleOf(record, schema);
}

/**
 * The locale that a record's title is in; `null` if nobody knows.
 *
 * @param record The record.
 * @param schema The schema.
 * @param locale The locale that is asked for.
 */
export function localeOfTitle(
  record: Item,
  schema: SchemaIndex,
  locale: string | undefined,
): string | null {
  const title = titleIn(record, schema, locale);
  const locales = [...locale === undefined ? [] : [locale], ...schema.locales];
  return locales.find((one) => titleOf(inLocale(record, one, schema), schema) === title) ?? null;
}

import type { Item, JsonObject, Page } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { modelPlanOf } from "./model_plan.ts";
import { recordRows } from "./record_rows.ts";
import { tableContext, type TableOptions } from "./table_options.ts";

/**
 * Turns records into rows, one per record and locale: a localized field's column holds that locale's
 * value, another field's column its only value. A record without localized values has one row, whose
 * `_locale` is null.
 *
 * Which fields are localized is told by the schema, never by the look of a value. Every row of a model
 * has the same columns in the same order: the record's metadata, its fields in schema order, `_extra`.
 * Blocks stay as they are in the records; use {@linkcode extractBlocks} before to take them out.
 *
 * @param schema The project's schema.
 * @param options Which version the records are, and which locales get rows.
 * @return A stream that takes pages of records and gives pages of rows.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { normalizeLocales } from "./normalize_locales.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const rows = ReadableStream.from([]).pipeThrough(normalizeLocales(schema, { version: "current" }));
 * for await (const page of rows) console.log(page.length);
 * ```
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item#localization}
 */
export function normalizeLocales(
  schema: SchemaIndex,
  options: TableOptions,
): TransformStream<Page<Item>, Page<JsonObject>> {
  return new TransformStream({
    transform(page, controller) {
      controller.enqueue(localeRows(page, schema, options));
    },
  });
}

/**
 * Turns one page of records into rows, as {@linkcode normalizeLocales} does.
 *
 * @param page Records; they aren't changed, but rows share their values.
 * @param schema The project's schema.
 * @param options Which version the records are, and which locales get rows.
 * @return The rows, those of a record next to each other, in the order of the project's locales.
 */
export function localeRows(
  page: Page<Item>,
  schema: SchemaIndex,
  options: TableOptions,
): JsonObject[] {
  const context = tableContext(schema, options);
  return page.flatMap((record) => {
    const plan = modelPlanOf(schema, record);
    if (!plan.itemType) {
      context.warn("unknown_model", `record "${record.id}" is of model "${plan.id}"`);
    }
    return recordRows(record, plan, context);
  });
}

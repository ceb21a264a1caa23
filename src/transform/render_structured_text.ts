import { isObject } from "../text/json.ts";
import { setOwn } from "../text/own.ts";
import type { Json, JsonObject, Page } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { dastToHtml } from "./dast_to_html.ts";
import { dastToMarkdown } from "./dast_to_markdown.ts";
import { dastToText } from "./dast_to_text.ts";
import {
  type FieldPlan,
  freeColumn,
  type ModelPlan,
  modelPlanByApiKey,
  takenColumns,
} from "./model_plan.ts";
import type { OnWarning } from "./warnings.ts";

/** What structured text can be rendered as. */
export type StructuredTextFormat = "text" | "markdown" | "html";

/** Options of {@linkcode renderStructuredText}. */
export interface RenderStructuredTextOptions {
  /** What to render as. */
  readonly as: StructuredTextFormat;
  /** Called for documents that can't be rendered; their rendered column is null. */
  readonly onWarning?: OnWarning | undefined;
}

const FORMATS = {
  text: { suffix: "_text", render: dastToText },
  markdown: { suffix: "_md", render: dastToMarkdown },
  html: { suffix: "_html", render: dastToHtml },
} as const;

/**
 * Adds a rendered column after each structured text column of table rows: `<field>_text`, `<field>_md`
 * or `<field>_html`. The document itself stays.
 *
 * Blocks and inline records can't be rendered without their content; each is left as a placeholder
 * that holds its id: `<block id="…"/>`, `<inlineBlock id="…"/>` and `<inlineItem id="…"/>` in text and
 * Markdown, elements with `data-block-id` or `data-item-id` in HTML.
 *
 * @param schema The project's schema.
 * @param options What to render as.
 * @return A stream that takes pages of record or block rows and gives them with the rendered columns.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { normalizeLocales } from "./normalize_locales.ts";
 * import { renderStructuredText } from "./render_structured_text.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const rows = ReadableStream.from([])
 *   .pipeThrough(normalizeLocales(schema, { version: "published" }))
 *   .pipeThrough(renderStructuredText(schema, { as: "markdown" }));
 * for await (const page of rows) console.log(page.length);
 * ```
 *
 * @see {@link https://www.datocms.com/docs/structured-text/dast}
 */
export function renderStructuredText(
  schema: SchemaIndex,
  options: RenderStructuredTextOptions,
): TransformStream<Page<JsonObject>, Page<JsonObject>> {
  return new TransformStream({
    transform(page, controller) {
      controller.enqueue(renderedRows(page, schema, options));
    },
  });
}

/**
 * Adds rendered columns to one page of rows, as {@linkcode renderStructuredText} does.
 *
 * @param page Rows of records or blocks; they aren't changed.
 * @param schema The project's schema.
 * @param options What to render as.
 * @return The rows with the rendered columns.
 */
export function renderedRows(
  page: Page<JsonObject>,
  schema: SchemaIndex,
  options: RenderStructuredTextOptions,
): Page<JsonObject> {
  let before: JsonObject | undefined;
  return page.map((row) => {
    const columns = renderedColumns(modelPlanByApiKey(schema, String(row._model)), options.as);
    before = columns.size === 0 ? row : renderedRow(row, columns, before, options);
    return before;
  });
}

/** A structured text field and the name of its rendered column. */
export interface RenderedColumn {
  readonly name: string;
  readonly field: FieldPlan;
}

const columnsOf = {
  text: new WeakMap<ModelPlan, Map<string, RenderedColumn>>(),
  markdown: new WeakMap<ModelPlan, Map<string, RenderedColumn>>(),
  html: new WeakMap<ModelPlan, Map<string, RenderedColumn>>(),
};

/** The rendered columns of a model, by the columns that they come after. */
export function renderedColumns(
  plan: ModelPlan,
  as: StructuredTextFormat,
): ReadonlyMap<string, RenderedColumn> {
  let columns = columnsOf[as].get(plan);
  if (!columns) {
    const taken = takenColumns(plan);
    columns = new Map(plan.structuredTextFields.map((field) => [
      field.column,
      { name: freeColumn(field.column + FORMATS[as].suffix, taken), field },
    ]));
    columnsOf[as].set(plan, columns);
  }
  return columns;
}

function renderedRow(
  row: JsonObject,
  columns: ReadonlyMap<string, RenderedColumn>,
  before: JsonObject | undefined,
  options: RenderStructuredTextOptions,
): JsonObject {
  const rendered: JsonObject = {};
  // A block has one row for all locales, so its localized fields hold values by locale.
  const isBlock = Object.hasOwn(row, "_record_id");
  const isNextLocale = before !== undefined && !isBlock && row.id === before.id &&
    row._model === before._model;
  for (const [name, value] of Object.entries(row)) {
    setOwn(rendered, name, value);
    const column = columns.get(name);
    if (!column) continue;
    if (isNextLocale && !column.field.localized && value === before[name]) {
      // The same document in every row of the record: it is rendered, or warned about, once.
      setOwn(rendered, column.name, before[column.name] ?? null);
      continue;
    }
    const render = (dast: Json) => renderDast(dast, row, name, options);
    const all = column.field.localized && isBlock && isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([locale, dast]) => [locale, render(dast)]))
      : render(value);
    setOwn(rendered, column.name, all);
  }
  return rendered;
}

function renderDast(
  dast: Json,
  row: JsonObject,
  column: string,
  { as, onWarning }: RenderStructuredTextOptions,
): string | null {
  if (dast === null) return null;
  try {
    if (!isObject(dast)) throw new TypeError("it is not an object");
    return FORMATS[as].render(dast);
  } catch (error) {
    // Whatever is wrong with one document must not end an export.
    const record = row._record_id ?? row.id;
    const at = [`record "${record}"`, row._path, `column "${column}"`].filter(Boolean).join(", ");
    onWarning?.("unrenderable_structured_text", `${at}: ${(error as Error).message}`);
    return null;
  }
}

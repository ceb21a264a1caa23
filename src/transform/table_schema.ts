import { type FieldReference, fieldTypeInfo, type SqlType } from "../content/field_types.ts";
import { isObject } from "../text/json.ts";
import type { ItemType } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import {
  BLOCK_META,
  EXTRA,
  LINK_COLUMNS,
  type MetaColumn,
  PROJECT_TABLES,
  RECORD_CREATOR,
  RECORD_HEAD,
  RECORD_META,
  RECORD_PLACE,
  UPLOAD_ANTIVIRUS,
  UPLOAD_ATTRIBUTES,
  UPLOAD_TAIL,
} from "./meta_columns.ts";
import { type FieldPlan, modelPlan } from "./model_plan.ts";
import { renderedColumns, type StructuredTextFormat } from "./render_structured_text.ts";

/**
 * The version of the tables' form, which goes up with what a reader of the one before can't know. In version 1,
 * texts and values were in their columns also where readers refuse them.
 */
export const TABLES_VERSION = 2;

/** What a column's values refer to. */
export interface TableReference {
  /** Records, assets, or blocks of the record itself. */
  readonly type: "item" | "upload" | "block";
  /** The tables whose `id` they can be; empty if the schema doesn't say. */
  readonly tables: readonly string[];
}

/** A table's column. */
export interface TableColumn {
  /** The column's name. */
  readonly name: string;
  /** The type that is suggested for this column in a database. */
  readonly sql_type: SqlType;
  /** The field's `field_type`, null for a column that isn't a field. */
  readonly field_type: string | null;
  /** Whether the field is localized. In a block's table, such a column holds values by locale. */
  readonly localized: boolean;
  /** What the values refer to. */
  readonly references: readonly TableReference[];
  /** Whether it holds text that people write, rather than ids, addresses and values of a list. */
  readonly free_text: boolean;
  /** What the column holds: for a field, the name that editors see. */
  readonly description: string;
}

/** The model whose records or blocks a table's rows are. */
export interface TableModel {
  /** Its id. */
  readonly id: string;
  /** Its api_key. */
  readonly api_key: string;
  /** The name that editors see. */
  readonly name: string;
  /** The column that holds the titles, if there is one; older tables don't tell. */
  readonly title_column?: string | null | undefined;
}

/** A table. */
export interface Table {
  /**
   * The table's folder: `records/<model>`, `blocks/<block model>`, `links`, `uploads`, `locales`, `models`,
   * `fields`, `creators` or `assets`.
   */
  readonly name: string;
  /** The model whose records or blocks the rows are. */
  readonly model: TableModel | null;
  /** The columns, in the order that every row has them in. */
  readonly columns: readonly TableColumn[];
}

/** A description of all tables for programs that load them. */
export interface TableSchema {
  /** The tables: of records, of blocks, `links`, `uploads`, and those of the project. */
  readonly tables: readonly Table[];
}

/** Options of {@linkcode tableSchema}. */
export interface TableSchemaOptions {
  /** What structured text is rendered as in a column of its own. @default {undefined} for not at all */
  readonly structuredText?: StructuredTextFormat | undefined;
}

/**
 * Describes the tables that {@linkcode normalize} and {@linkcode normalizeUploads} make: the columns of
 * each, their types, and what they refer to.
 *
 * @param schema The project's schema.
 * @param options What the tables were made with.
 * @return The tables: records, blocks, links, uploads and those of the project, in this order.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { tableSchema } from "./table_schema.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * console.assert(tableSchema(schema).tables[1]?.name === "uploads");
 * ```
 */
export function tableSchema(schema: SchemaIndex, options: TableSchemaOptions = {}): TableSchema {
  const recordHead = [...RECORD_HEAD, ...RECORD_META, ...RECORD_CREATOR, ...RECORD_PLACE];
  return {
    tables: [
      ...schema.models.map((model) => modelTable("records", model, recordHead, schema, options)),
      ...schema.blockModels.map((model) =>
        modelTable("blocks", model, BLOCK_META, schema, options)
      ),
      { name: "links", model: null, columns: LINK_COLUMNS.map(metaColumn) },
      {
        name: "uploads",
        model: null,
        columns: [UPLOAD_ID, ...UPLOAD_ATTRIBUTES, ...UPLOAD_TAIL, ...UPLOAD_ANTIVIRUS, EXTRA].map(
          metaColumn,
        ),
      },
      ...Object.entries(PROJECT_TABLES).map(([name, columns]) => {
        return { name, model: null, columns: columns.map(metaColumn) };
      }),
    ],
  };
}

const UPLOAD_ID: MetaColumn = { name: "id", sqlType: "text", description: "The upload's id" };

function modelTable(
  folder: "records" | "blocks",
  { id, attributes }: ItemType,
  head: readonly MetaColumn[],
  schema: SchemaIndex,
  { structuredText }: TableSchemaOptions,
): Table {
  const plan = modelPlan(schema, id);
  const rendered = structuredText && renderedColumns(plan, structuredText);
  const columns = head.map(metaColumn);
  for (const field of plan.fields) {
    const byLocale = folder === "blocks" && field.localized;
    columns.push(fieldColumn(field, byLocale, schema));
    const column = rendered?.get(field.column);
    if (column) columns.push(renderedColumn(column.name, field, byLocale, structuredText ?? ""));
  }
  columns.push(metaColumn(EXTRA));
  const titleColumn = plan.titleField?.column ?? null;
  const name = typeof attributes.name === "string" ? attributes.name : attributes.api_key;
  return {
    name: `${folder}/${attributes.api_key}`,
    model: { id, api_key: attributes.api_key, name, title_column: titleColumn },
    columns,
  };
}

function metaColumn(
  { name, sqlType, description, isFreeText = false }: MetaColumn,
): TableColumn {
  const isField = { field_type: null, localized: false, references: [] };
  return { name, sql_type: sqlType, ...isField, free_text: isFreeText, description };
}

function fieldColumn(field: FieldPlan, byLocale: boolean, schema: SchemaIndex): TableColumn {
  const info = fieldTypeInfo(field.type);
  const possible = info?.references ?? [];
  const sqlType = byLocale ? "json" : info?.sqlType ?? "json";
  return {
    name: field.column,
    sql_type: sqlType,
    field_type: field.type,
    localized: field.localized,
    references: references(field, possible, schema),
    free_text: sqlType === "text" && possible.length === 0,
    description: label(field),
  };
}

function renderedColumn(
  name: string,
  field: FieldPlan,
  byLocale: boolean,
  format: string,
): TableColumn {
  return {
    name,
    sql_type: byLocale ? "json" : "text",
    field_type: null,
    localized: field.localized,
    references: [],
    free_text: !byLocale,
    description: `${label(field)}, rendered as ${format}`,
  };
}

function label({ key, field }: FieldPlan): string {
  return typeof field.attributes.label === "string" ? field.attributes.label : key;
}

function references(
  { field }: FieldPlan,
  possible: readonly FieldReference[],
  schema: SchemaIndex,
): TableReference[] {
  const { validators } = field.attributes;
  const tables = new Map<TableReference["type"], string[]>();
  for (const { type, validator } of possible) {
    const names = tables.get(type) ?? [];
    tables.set(type, names);
    if (type === "upload") {
      names.push("uploads");
      continue;
    }
    const rule = isObject(validators) && validator ? validators[validator] : undefined;
    const ids = isObject(rule) && Array.isArray(rule.item_types) ? rule.item_types : [];
    for (const id of ids) {
      const model = typeof id === "string" ? schema.itemType(id) : undefined;
      const name = model &&
        `${type === "block" ? "blocks" : "records"}/${model.attributes.api_key}`;
      if (name && !names.includes(name)) names.push(name);
    }
  }
  return [...tables].map(([type, tables]) => ({ type, tables }));
}

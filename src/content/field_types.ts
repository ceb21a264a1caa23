/**
 * The column type that is suggested for a table's column, in a spelling that PostgreSQL and DuckDB
 * both understand.
 */
export type SqlType =
  | "bigint"
  | "boolean"
  | "date"
  | "double precision"
  | "integer"
  | "json"
  | "text"
  | "timestamp with time zone";

/** What a field's value can refer to. */
export interface FieldReference {
  /** What is referred to: records, assets, or blocks inside the record itself. */
  readonly type: "item" | "upload" | "block";
  /** The field's validator whose `item_types` are the models that are allowed. */
  readonly validator?: string;
}

/** What Sluice knows of one of DatoCMS's field types. */
export interface FieldType {
  /** The name that editors see. */
  readonly name: string;
  /** What the API sends: a TypeScript type. Of a localized field: for each locale. */
  readonly raw: string;
  /** What a table's column holds: a TypeScript type. */
  readonly table: string;
  /** The column type that is suggested for loading the table into a database. */
  readonly sqlType: SqlType;
  /** What the value can refer to. */
  readonly references: readonly FieldReference[];
}

const ASSET = "{ upload_id: string; alt: string | null; title: string | null; " +
  "focal_point: { x: number; y: number } | null; custom_data: object; poster_time?: number | null }";

/**
 * Every field type of the Content Management API by its `field_type`: what the API sends, what the
 * tables hold, and what it refers to. Each value can also be `null`.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/field#available-field-types}
 */
export const FIELD_TYPES = {
  boolean: {
    name: "Boolean",
    raw: "boolean",
    table: "boolean",
    sqlType: "boolean",
    references: [],
  },
  color: {
    name: "Color",
    raw: "{ red: number; green: number; blue: number; alpha: number }",
    table: "{ red: number; green: number; blue: number; alpha: number }",
    sqlType: "json",
    references: [],
  },
  date: {
    name: "Date",
    raw: "string (ISO 8601 date)",
    table: "string (ISO 8601 date)",
    sqlType: "date",
    references: [],
  },
  date_time: {
    name: "Date time",
    raw: "string (ISO 8601 date and time)",
    table: "string (ISO 8601 date and time)",
    sqlType: "timestamp with time zone",
    references: [],
  },
  file: {
    name: "Single asset",
    raw: ASSET,
    table: ASSET,
    sqlType: "json",
    references: [{ type: "upload" }],
  },
  float: {
    name: "Float",
    raw: "number",
    table: "number",
    sqlType: "double precision",
    references: [],
  },
  gallery: {
    name: "Asset gallery",
    raw: `(${ASSET})[]`,
    table: `(${ASSET})[]`,
    sqlType: "json",
    references: [{ type: "upload" }],
  },
  integer: {
    name: "Integer",
    raw: "number",
    table: "number",
    sqlType: "bigint",
    references: [],
  },
  json: {
    name: "JSON",
    raw: "string (JSON text)",
    table: "any JSON value",
    sqlType: "json",
    references: [],
  },
  lat_lon: {
    name: "Location",
    raw: "{ latitude: number; longitude: number }",
    table: "{ latitude: number; longitude: number }",
    sqlType: "json",
    references: [],
  },
  link: {
    name: "Single link",
    raw: "string (record id)",
    table: "string (record id)",
    sqlType: "text",
    references: [{ type: "item", validator: "item_item_type" }],
  },
  links: {
    name: "Multiple links",
    raw: "string[] (record ids)",
    table: "string[] (record ids)",
    sqlType: "json",
    references: [{ type: "item", validator: "items_item_type" }],
  },
  rich_text: {
    name: "Modular content",
    raw: "block[]",
    table: "string[] (block ids)",
    sqlType: "json",
    references: [{ type: "block", validator: "rich_text_blocks" }],
  },
  seo: {
    name: "SEO and social",
    raw:
      "{ title?: string | null; description?: string | null; image?: string | null (asset id); " +
      "twitter_card?: string | null; no_index?: boolean }",
    table:
      "{ title?: string | null; description?: string | null; image?: string | null (asset id); " +
      "twitter_card?: string | null; no_index?: boolean }",
    sqlType: "json",
    references: [{ type: "upload" }],
  },
  single_block: {
    name: "Single block",
    raw: "block",
    table: "string (block id)",
    sqlType: "text",
    references: [{ type: "block", validator: "single_block_blocks" }],
  },
  slug: {
    name: "Slug",
    raw: "string",
    table: "string",
    sqlType: "text",
    references: [],
  },
  string: {
    name: "Single-line string",
    raw: "string",
    table: "string",
    sqlType: "text",
    references: [],
  },
  structured_text: {
    name: "Structured text",
    raw: '{ schema: "dast"; document: a tree whose "block" and "inlineBlock" nodes hold blocks }',
    table: '{ schema: "dast"; document: the same tree, with block ids in place of blocks }',
    sqlType: "json",
    references: [
      { type: "block", validator: "structured_text_blocks" },
      { type: "block", validator: "structured_text_inline_blocks" },
      { type: "item", validator: "structured_text_links" },
    ],
  },
  text: {
    name: "Multi-line text",
    raw: "string",
    table: "string",
    sqlType: "text",
    references: [],
  },
  video: {
    name: "External video",
    raw: "{ provider: string; provider_uid: string; url: string; width: number; height: number; " +
      "thumbnail_url: string; title: string }",
    table: "{ provider: string; provider_uid: string; url: string; width: number; " +
      "height: number; thumbnail_url: string; title: string }",
    sqlType: "json",
    references: [],
  },
} as const satisfies { readonly [fieldType: string]: FieldType };

/**
 * What is known of a field type, or `undefined` for one that DatoCMS has added since.
 *
 * @param fieldType A field's `field_type`.
 */
export function fieldTypeInfo(fieldType: string): FieldType | undefined {
  return Object.hasOwn(FIELD_TYPES, fieldType)
    ? FIELD_TYPES[fieldType as keyof typeof FIELD_TYPES]
    : undefined;
}

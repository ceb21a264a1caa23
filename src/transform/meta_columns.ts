import type { SqlType } from "../content/field_types.ts";

/** A table's column that isn't a field of the model. */
export interface MetaColumn {
  /** The column's name. */
  readonly name: string;
  /** The column type that is suggested for loading the table into a database. */
  readonly sqlType: SqlType;
  /** What the column holds. */
  readonly description: string;
  /** Whether it holds what people write, rather than ids, addresses and values of a list. */
  readonly isFreeText?: boolean | undefined;
}

/** A column that holds one key of a part of the resource. */
export interface KeyColumn extends MetaColumn {
  /** The key inside the part. */
  readonly key: string;
  /** Whether null says that the key isn't there, rather than that it is null. */
  readonly optional: boolean;
}

/** Columns of a record row that hold the record's `meta`. */
export const RECORD_META: readonly KeyColumn[] = [
  key("status", "text", "draft, updated or published"),
  key("created_at", "timestamp with time zone", "When the record was created"),
  key("updated_at", "timestamp with time zone", "When the record was last changed"),
  key("published_at", "timestamp with time zone", "When the record was last published"),
  key("first_published_at", "timestamp with time zone", "When the record was first published"),
  key("publication_scheduled_at", "timestamp with time zone", "When it is to be published"),
  key("unpublishing_scheduled_at", "timestamp with time zone", "When it is to be unpublished"),
  key("is_valid", "boolean", "Whether the record is valid (deprecated by DatoCMS)", true),
  key("is_current_version_valid", "boolean", "Whether the current version is valid"),
  key("is_published_version_valid", "boolean", "Whether the published version is valid"),
  key("current_version", "text", "Id of the current version"),
  key("stage", "text", "The record's stage in its workflow"),
  key("has_children", "boolean", "Whether a record of a tree has children"),
];

/** Columns of a record row before those of its `meta`. */
export const RECORD_HEAD: readonly MetaColumn[] = [
  { name: "id", sqlType: "text", description: "The record's id" },
  { name: "_model", sqlType: "text", description: "The model's api_key" },
  { name: "_locale", sqlType: "text", description: "The row's locale, null if not localized" },
  { name: "_version", sqlType: "text", description: "current or published" },
];

/** Columns of a record row that hold who created the record. */
export const RECORD_CREATOR: readonly MetaColumn[] = [
  { name: "_creator_type", sqlType: "text", description: "Type of who created the record" },
  { name: "_creator_id", sqlType: "text", description: "Id of who created the record" },
];

/** Columns of a record row that hold the attributes that aren't fields. */
export const RECORD_PLACE: readonly KeyColumn[] = [
  key("parent_id", "text", "Id of the parent in a tree of records", true),
  key("position", "integer", "Position in a tree or a sorted model", true),
];

/** Columns of a block row before those of its fields. */
export const BLOCK_META: readonly MetaColumn[] = [
  { name: "id", sqlType: "text", description: "The block's id" },
  { name: "_model", sqlType: "text", description: "The block model's api_key" },
  { name: "_record_id", sqlType: "text", description: "Id of the record that holds the block" },
  { name: "_record_model", sqlType: "text", description: "The api_key of that record's model" },
  { name: "_version", sqlType: "text", description: "current or published" },
  { name: "_locale", sqlType: "text", description: "The locale whose content holds the block" },
  { name: "_field", sqlType: "text", description: "The api_key of the record's field" },
  {
    name: "_parent_id",
    sqlType: "text",
    description: "Id of the record or block it is directly in",
  },
  { name: "_path", sqlType: "text", description: "JSON Pointer from the record to the block" },
  {
    name: "_position",
    sqlType: "integer",
    description: "Position among its field's blocks, from 0",
  },
  {
    name: "_depth",
    sqlType: "integer",
    description: "1 directly in the record, 2 in its block, …",
  },
];

/** The last column of every table but `links`. */
export const EXTRA: MetaColumn = {
  name: "_extra",
  sqlType: "json",
  description: "What the record has and no other column holds; null if nothing",
};

/** Columns of a link row. */
export const LINK_COLUMNS: readonly MetaColumn[] = [
  { name: "_record_id", sqlType: "text", description: "Id of the record that refers" },
  { name: "_record_model", sqlType: "text", description: "The api_key of that record's model" },
  { name: "_version", sqlType: "text", description: "current or published" },
  { name: "_locale", sqlType: "text", description: "The locale whose content refers" },
  { name: "_source_id", sqlType: "text", description: "Id of the record or block that refers" },
  { name: "_field", sqlType: "text", description: "The api_key of the record's field" },
  {
    name: "_position",
    sqlType: "integer",
    description: "Position among the references of its field of that record or block, from 0",
  },
  {
    name: "_block_model",
    sqlType: "text",
    description: "The api_key of the block's model; null if the record itself refers",
  },
  {
    name: "_path",
    sqlType: "text",
    description: "JSON Pointer from the record to the target's id",
  },
  {
    name: "_kind",
    sqlType: "text",
    description: "link, links, structured_text_link, structured_text_inline, file, gallery or " +
      "seo_image",
  },
  { name: "target_type", sqlType: "text", description: "item or upload" },
  { name: "target_id", sqlType: "text", description: "Id of the record or asset referred to" },
];

/** Columns of an upload row that hold the upload's attributes. */
export const UPLOAD_ATTRIBUTES: readonly KeyColumn[] = [
  attribute("filename", "text", "File name", true),
  attribute("basename", "text", "File name without extension", true),
  attribute("format", "text", "Format, such as jpg"),
  attribute("mime_type", "text", "MIME type"),
  attribute("size", "bigint", "Size in bytes"),
  attribute("md5", "text", "MD5 of the file"),
  attribute("url", "text", "Where to download the file"),
  attribute("path", "text", "Path on the asset host"),
  attribute("is_image", "boolean", "Whether it is an image"),
  attribute("width", "integer", "Width in pixels"),
  attribute("height", "integer", "Height in pixels"),
  attribute("duration", "double precision", "Duration in seconds"),
  attribute("frame_rate", "double precision", "Frames per second"),
  attribute("author", "text", "Author", true),
  attribute("copyright", "text", "Copyright", true),
  attribute("notes", "text", "Notes", true),
  attribute("tags", "json", "Tags"),
  attribute("smart_tags", "json", "Tags that DatoCMS recognized"),
  attribute("colors", "json", "Dominant colors"),
  attribute("blurhash", "text", "BlurHash"),
  attribute("thumbhash", "text", "ThumbHash"),
  attribute("exif_info", "json", "Exif data"),
  attribute("default_field_metadata", "json", "Default alt, title, focal point… by locale"),
  attribute("mux_playback_id", "text", "Mux playback id of a video"),
  attribute("mux_mp4_highest_res", "text", "Best MP4 quality of a video"),
  attribute("created_at", "timestamp with time zone", "When it was uploaded"),
  attribute("updated_at", "timestamp with time zone", "When it was last changed"),
];

/** Columns of an upload row after those of its attributes. */
export const UPLOAD_TAIL: readonly MetaColumn[] = [
  { name: "_creator_type", sqlType: "text", description: "Type of who uploaded it" },
  { name: "_creator_id", sqlType: "text", description: "Id of who uploaded it" },
  { name: "_upload_collection_id", sqlType: "text", description: "Id of its collection" },
];

/** Columns of an upload row that hold what the antivirus said. */
export const UPLOAD_ANTIVIRUS: readonly KeyColumn[] = [
  antivirus("status", "text", "clean, infected, pending, failed or skipped"),
  antivirus("checked_at", "timestamp with time zone", "When it was last scanned"),
  antivirus("threat_name", "text", "Name of the threat that was found"),
];

/** Columns of a locale's row. */
export const LOCALE_COLUMNS: readonly MetaColumn[] = [
  { name: "locale", sqlType: "text", description: "The locale, such as pt-BR" },
  { name: "position", sqlType: "integer", description: "Its place in the project, from 0" },
  { name: "is_main", sqlType: "boolean", description: "Whether it is the first" },
];

/** Columns of a model's row, or a block model's. */
export const MODEL_COLUMNS: readonly MetaColumn[] = [
  { name: "id", sqlType: "text", description: "The model's id" },
  { name: "api_key", sqlType: "text", description: "Its api_key, as in _model" },
  { name: "name", sqlType: "text", description: "Its name", isFreeText: true },
  { name: "is_block", sqlType: "boolean", description: "Whether it is a block model" },
  { name: "is_singleton", sqlType: "boolean", description: "Whether it has one record at most" },
  { name: "is_tree", sqlType: "boolean", description: "Whether its records are a tree" },
  { name: "has_drafts", sqlType: "boolean", description: "Whether its records have drafts" },
  { name: "title_field", sqlType: "text", description: "The api_key of its title's field" },
  { name: "image_field", sqlType: "text", description: "The api_key of its image's field" },
  { name: "workflow_id", sqlType: "text", description: "Id of its workflow" },
];

/** Columns of a field's row. */
export const FIELD_COLUMNS: readonly MetaColumn[] = [
  { name: "id", sqlType: "text", description: "The field's id" },
  { name: "model", sqlType: "text", description: "The api_key of its model" },
  { name: "api_key", sqlType: "text", description: "Its api_key" },
  { name: "label", sqlType: "text", description: "Its name", isFreeText: true },
  { name: "field_type", sqlType: "text", description: "Its type" },
  { name: "localized", sqlType: "boolean", description: "Whether it is localized" },
  { name: "required", sqlType: "boolean", description: "Whether it must have a value" },
  { name: "unique", sqlType: "boolean", description: "Whether no two records have the same value" },
  { name: "position", sqlType: "integer", description: "Its place in the model or fieldset" },
  { name: "validators", sqlType: "json", description: "Its validators" },
  { name: "column_name", sqlType: "text", description: "Its column in the model's table" },
];

/** Columns of a row for someone who makes records and uploads. */
export const CREATOR_COLUMNS: readonly MetaColumn[] = [
  { name: "type", sqlType: "text", description: "user, sso_user or access_token" },
  { name: "id", sqlType: "text", description: "Id, as in _creator_id" },
  { name: "name", sqlType: "text", description: "Name", isFreeText: true },
  { name: "email", sqlType: "text", description: "Email address", isFreeText: true },
  { name: "role_id", sqlType: "text", description: "Id of the role" },
];

/** Columns of a row for what became of an asset's file. */
export const ASSET_COLUMNS: readonly MetaColumn[] = [
  { name: "upload_id", sqlType: "text", description: "The upload's id" },
  {
    name: "outcome",
    sqlType: "text",
    description: "stored, withdrawn, not_served or failed",
  },
  { name: "key", sqlType: "text", description: "Key of its file, where the snapshots are" },
  { name: "size", sqlType: "bigint", description: "Size in bytes; null if there is no file" },
  { name: "md5", sqlType: "text", description: "MD5 of the file; null if there is none" },
  { name: "reason", sqlType: "text", description: "Why there is no file", isFreeText: true },
];

/** Tables that tell of the project, and not of its records, with their columns. */
export const PROJECT_TABLES = {
  locales: LOCALE_COLUMNS,
  models: MODEL_COLUMNS,
  fields: FIELD_COLUMNS,
  creators: CREATOR_COLUMNS,
  assets: ASSET_COLUMNS,
} as const;

function key(name: string, sqlType: SqlType, description: string, optional = false): KeyColumn {
  return { key: name, name: `_${name}`, sqlType, description, optional };
}

function antivirus(name: string, sqlType: SqlType, description: string): KeyColumn {
  return { key: name, name: `_antivirus_${name}`, sqlType, description, optional: true };
}

function attribute(
  name: string,
  sqlType: SqlType,
  description: string,
  isFreeText = false,
): KeyColumn {
  return { key: name, name, sqlType, description, optional: true, isFreeText };
}

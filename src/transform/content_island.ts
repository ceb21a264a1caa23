import { mapBlocks } from "../content/blocks.ts";
import { relatedId } from "../content/attributes.ts";
import { fieldTypeInfo } from "../content/field_types.ts";
import type {
  Field,
  Item,
  ItemType,
  Json,
  JsonObject,
  Resource,
  Upload,
} from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { titleOf } from "../content/title_of.ts";
import { isObject } from "../text/json.ts";
import { getOwn } from "../text/own.ts";
import { dastToMarkdown } from "./dast_to_markdown.ts";

/** A file as Content Island's API refers to it. */
export interface IslandMedia {
  /** The file's name. */
  readonly name: string;
  /** Where it can be fetched. */
  readonly url: string;
}

/**
 * An upload as Content Island's API refers to it.
 *
 * @param upload The upload.
 */
export function islandMedia({ id, attributes }: Upload): IslandMedia {
  return { name: String(attributes?.filename ?? id), url: String(attributes?.url ?? "") };
}

/** A field's value in one language, as Content Island's API sends it. */
export interface IslandField {
  /** The field's id. */
  readonly id: string;
  /** The field's `api_key`. */
  readonly name: string;
  /** The value: of a field that refers to others, their ids. */
  readonly value: unknown;
  /** The field's type; of one that refers to others, `<ids of models>|<their names>`. */
  readonly type: string;
  /** Whether the value is a list. */
  readonly isArray: boolean;
  /** The language. */
  readonly language: string;
}

/** A record or a block, as Content Island's API sends it. */
export interface IslandContent {
  /** Its id. */
  readonly id: string;
  /** Its title, or else its id. */
  readonly name: string;
  /** Its model, by id and `api_key`. */
  readonly contentType: { readonly id: string; readonly name: string };
  /** When it was changed last, in ISO 8601. */
  readonly lastUpdate: string;
  /** DatoCMS's own word for whether it is public, which Content Island's API hasn't. */
  readonly status: string | null;
  /** Its values: one entry for each field and language. */
  readonly fields: readonly IslandField[];
}

/** What a field of a model is, as Content Island's API describes it. */
export interface IslandContentTypeField extends Omit<IslandField, "value" | "language"> {
  /** The TypeScript type of a value. */
  readonly tsType: string;
  /** Whether each content needs a value. */
  readonly isRequired: boolean;
}

/** A project, as Content Island's API describes it. */
export interface IslandProject {
  /** The project's id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Its locales, the main one first. */
  readonly languages: readonly string[];
  /** Its models and block models. */
  readonly contentTypes: readonly {
    readonly id: string;
    readonly name: string;
    readonly type: "entity";
    readonly fields: readonly IslandContentTypeField[];
  }[];
}

/** What fields of a type are there. */
interface Shape {
  readonly type: string;
  readonly tsType: string;
  readonly isArray?: boolean;
}

const LONG_TEXT = { type: "long-text", tsType: "string" };
const NUMBER = { type: "number", tsType: "number" };
/** What refers to records or blocks isn't here: its type names their models. Whatever else isn't is JSON in a text. */
const SHAPES: Readonly<Record<string, Shape>> = {
  string: { type: "short-text", tsType: "string" },
  slug: { type: "short-text", tsType: "string" },
  text: LONG_TEXT,
  structured_text: LONG_TEXT,
  integer: NUMBER,
  float: NUMBER,
  boolean: { type: "boolean", tsType: "boolean" },
  date: { type: "date", tsType: "string" },
  date_time: { type: "date-time", tsType: "string" },
  color: { type: "color", tsType: "string" },
  file: { type: "media", tsType: "Media" },
  gallery: { type: "media", tsType: "Media", isArray: true },
};
/** Fields that refer to records or blocks, and whether to several. */
const RELATED: Readonly<Record<string, boolean>> = {
  link: false,
  links: true,
  single_block: false,
  rich_text: true,
};

/**
 * A project as Content Island's API describes it.
 *
 * @param site The project, as DatoCMS's API sends it.
 * @param schema Its schema.
 */
export function islandProject(site: Resource, schema: SchemaIndex): IslandProject {
  return {
    id: site.id,
    name: String(site.attributes?.name ?? site.id),
    languages: schema.locales,
    contentTypes: schema.itemTypes.map((model) => ({
      ...lookupOf(model),
      type: "entity",
      fields: schema.fields(model.id).map((field) => {
        const { type, tsType, isArray = false } = shapeOf(field, schema);
        const { api_key: name, validators } = field.attributes;
        return {
          id: field.id,
          name,
          type,
          tsType: isArray ? `${tsType}[]` : tsType,
          isArray,
          isRequired: isObject(validators) && Object.hasOwn(validators, "required"),
        };
      }),
    })),
  };
}

/**
 * A record as contents of Content Island's API: the record itself, then its blocks, each a content of its own.
 *
 * Not all of a record has a place there. A value that isn't localized is repeated for each language of the record;
 * structured text is Markdown; JSON, SEO, places and external videos are JSON in a text; of an asset, name and
 * address are left; a link to nothing has no entry.
 *
 * @param item The record, in nested form.
 * @param schema The project's schema.
 * @param media What is known of an upload, by its id.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { islandContents } from "./content_island.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const relationships = { item_type: { data: { id: "1", type: "item_type" } } };
 * const item = { id: "2", type: "item" as const, attributes: {}, relationships };
 * console.assert(islandContents(item, schema, () => undefined)[0]?.id === "2");
 * ```
 */
export function islandContents(
  item: Item,
  schema: SchemaIndex,
  media: (uploadId: string) => IslandMedia | undefined,
): IslandContent[] {
  const lastUpdate = String(item.meta?.updated_at ?? item.meta?.created_at ?? "");
  const status = typeof item.meta?.status === "string" ? item.meta.status : null;
  const contents: IslandContent[] = [];
  add(item, languagesOf(item, schema));
  return contents;

  function add(own: Item, languages: readonly string[]): void {
    const model = schema.itemTypeOf(own);
    const fields: IslandField[] = [];
    const blocks: (() => void)[] = [];
    for (const field of model ? schema.fields(model.id) : []) {
      const { api_key: name, localized } = field.attributes;
      const value = getOwn(own.attributes, name);
      if (value === undefined) continue;
      const { type, isArray = false } = shapeOf(field, schema);
      const isByLocale = localized && isObject(value);
      for (const language of languages) {
        const given = isByLocale ? getOwn(value, language) : value;
        if (given === undefined) continue;
        const shown = valueOf(given, field, media);
        if (shown === undefined) continue;
        fields.push({ id: field.id, name, value: shown, type, isArray, language });
      }
      // A block belongs to the languages of the value that it is in.
      const parts: (readonly [Json | undefined, readonly string[]])[] = isByLocale
        ? languages.map((language) => [getOwn(value, language), [language]])
        : [[value, languages]];
      for (const [part, of] of parts) {
        mapBlocks(part ?? null, field.attributes.field_type, (block) => {
          if (typeof block !== "string") blocks.push(() => add(block, of));
          return null;
        });
      }
    }
    contents.push({
      id: own.id,
      name: titleOf(own, schema) ?? own.id,
      contentType: model ? lookupOf(model) : { id: relatedId(own, "item_type") ?? "", name: "" },
      lastUpdate,
      status,
      fields,
    });
    for (const addBlock of blocks) addBlock();
  }
}

function lookupOf({ id, attributes }: ItemType): { id: string; name: string } {
  return { id, name: attributes.api_key };
}

/** The languages that a record is in: those of its localized values, or else all. */
function languagesOf({ attributes, relationships }: Item, schema: SchemaIndex): readonly string[] {
  const found = new Set<string>();
  for (const field of schema.fields(relationships.item_type.data.id)) {
    const value = field.attributes.localized && getOwn(attributes, field.attributes.api_key);
    if (isObject(value)) { for (const locale of Object.keys(value)) found.add(locale); }
  }
  return found.size === 0 ? schema.locales : schema.locales.filter((locale) => found.has(locale));
}

function shapeOf(field: Field, schema: SchemaIndex): Shape {
  const { field_type: type } = field.attributes;
  const isArray = Object.hasOwn(RELATED, type) ? RELATED[type] : undefined;
  if (isArray === undefined) return Object.hasOwn(SHAPES, type) ? SHAPES[type]! : LONG_TEXT;
  const models = targetsOf(field).flatMap((id) => schema.itemType(id) ?? []);
  const ids = models.map(({ id }) => id).join(",");
  const names = models.map(({ attributes }) => attributes.api_key).join(",");
  return { type: `${ids || "any"}|${names || "any"}`, tsType: "string", isArray };
}

/** The ids of the models that a field may refer to. */
function targetsOf({ attributes: { field_type: type, validators } }: Field): readonly string[] {
  return (fieldTypeInfo(type)?.references ?? []).flatMap(({ validator }) => {
    const rule = isObject(validators) && validator ? validators[validator] : undefined;
    const ids = isObject(rule) && Array.isArray(rule.item_types) ? rule.item_types : [];
    return ids.filter((id) => typeof id === "string");
  });
}

/** A field's value in one language; `undefined` if it is left out. */
function valueOf(
  value: Json,
  field: Field,
  media: (uploadId: string) => IslandMedia | undefined,
): unknown {
  switch (field.attributes.field_type) {
    case "string":
    case "slug":
    case "text":
    case "integer":
    case "float":
    case "boolean":
    case "date":
    case "date_time":
    // It is text already.
    case "json":
      return value;
    case "structured_text":
      return isObject(value) ? markdownOf(value) : value;
    case "color":
      return isObject(value) ? hexOf(value) : value;
    case "file":
      return mediaOf(value, media) ?? null;
    case "gallery":
      return listOf(value).flatMap((file) => mediaOf(file, media) ?? []);
    case "link":
    case "single_block":
      // Clients look into it, which they can't do with null.
      return idOf(value);
    case "links":
    case "rich_text":
      return listOf(value).flatMap((one) => idOf(one) ?? []);
    default:
      return value === null ? null : JSON.stringify(value);
  }
}

function listOf(value: Json): Json[] {
  return Array.isArray(value) ? value : [];
}

function idOf(value: Json): string | undefined {
  const id = isObject(value) ? value.id : value;
  return typeof id === "string" ? id : undefined;
}

function mediaOf(
  value: Json,
  media: (uploadId: string) => IslandMedia | undefined,
): IslandMedia | undefined {
  const id = isObject(value) ? value.upload_id : undefined;
  return typeof id === "string" ? media(id) : undefined;
}

function markdownOf(value: JsonObject): string {
  try {
    return dastToMarkdown(value);
  } catch {
    // Whatever is wrong with one document must not end an export.
    return JSON.stringify(value);
  }
}

/** A colour as `#rrggbb`, or `#rrggbbaa` if it isn't opaque. */
function hexOf({ red, green, blue, alpha = 255 }: JsonObject): string | null {
  const parts = [red, green, blue, ...(alpha === 255 ? [] : [alpha])];
  if (!parts.every((part) => typeof part === "number")) return null;
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

import type { Json, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";

const isText = (value: Json) => typeof value === "string";
const isFile = (value: Json) => isObject(value) && isText(value.upload_id ?? null);
const isBlock = (value: Json) => isText(value) || (isObject(value) && value.type === "item");
/** A number with more digits than a double holds is an object that stands for its text. */
const isNumber = (value: Json) =>
  typeof value === "number" ||
  (typeof value === "object" && value !== null && !Array.isArray(value) && !isObject(value));

/** What the values of each field type are like, beyond `null`. */
const SHAPES: Readonly<Record<string, (value: Json) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  color: (value) =>
    isObject(value) && ["red", "green", "blue", "alpha"].every((name) => {
      const part = value[name];
      return Number.isInteger(part) && Number(part) >= 0 && Number(part) <= 255;
    }),
  date: (value) => isText(value) && /^\d{4}-\d\d-\d\d$/.test(String(value)),
  date_time: (value) => isText(value) && !Number.isNaN(Date.parse(String(value))),
  file: isFile,
  float: isNumber,
  gallery: (value) => Array.isArray(value) && value.every(isFile),
  integer: (value) => isNumber(value) && (typeof value !== "number" || Number.isInteger(value)),
  json: isText,
  lat_lon: (value) => isObject(value) && isNumber(value.latitude!) && isNumber(value.longitude!),
  link: isText,
  links: (value) => Array.isArray(value) && value.every(isText),
  rich_text: (value) => Array.isArray(value) && value.every(isBlock),
  seo: isObject,
  single_block: isBlock,
  slug: isText,
  string: isText,
  structured_text: (value) =>
    isObject(value) && value.schema === "dast" && isObject(value.document) &&
    value.document.type === "root" && Array.isArray(value.document.children),
  text: isText,
  video: (value) => isObject(value) && isText(value.url ?? null),
};

const FILE: JsonObject = { alt: null, title: null, custom_data: {}, focal_point: null };

/**
 * Whether a value is one that a field of a type can have.
 *
 * @param type The field's type.
 * @param value The value; not `null`.
 */
export function hasShape(type: string, value: Json): boolean {
  return SHAPES[type]?.(value) ?? true;
}

/**
 * A value as the API shows it: with what it fills in.
 *
 * @param type The field's type.
 * @param value The value.
 */
export function normalized(type: string, value: Json): Json {
  if (type === "file" && isObject(value)) return { ...FILE, ...value };
  if (type !== "gallery" || !Array.isArray(value)) return value;
  return value.map((file) => ({ ...FILE, ...file as JsonObject }));
}

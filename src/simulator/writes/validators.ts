import type { Field, Json, JsonObject, Upload } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";

/** What validators look at beyond the value. */
export interface ValidatorContext {
  /** The field. */
  readonly field: Field;
  /** Whether another record has a value in the field. */
  readonly isTaken: (value: Json) => boolean;
  /** An upload by its id. */
  readonly upload: (id: string) => Upload | undefined;
}

type Check = (value: Json, settings: JsonObject, context: ValidatorContext) => boolean;

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 * 1024 };

const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  image: ["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico", "tif", "tiff", "heic"],
  transformable_image: ["jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "heic"],
  video: ["mp4", "mov", "avi", "mkv", "webm", "m4v", "mpg", "mpeg", "ogv"],
  document: ["pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv", "odt", "ods", "rtf"],
};

const PATTERNS: Readonly<Record<string, RegExp>> = {
  email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  url: /^https?:\/\/\S+$/,
  webpage_slug: /^[a-z0-9_]+(?:[-/][a-z0-9_]+)*$/,
};

/** Whether a value passes each validator that isn't about what a field may hold at all. */
const CHECKS: Readonly<Record<string, Check>> = {
  required: (value) => !isBlank(value),
  unique: (value, _, { isTaken }) => isBlank(value) || !isTaken(value),
  size: (value, settings) => {
    const count = Array.isArray(value) ? value.length : 0;
    const of = Number(settings.multiple_of ?? 1);
    return isWithin(count, settings.min, settings.max, settings.eq) && count % of === 0;
  },
  length: (value, settings) =>
    isBlank(value) ||
    isWithin([...textOf(value)].length, settings.min, settings.max, settings.eq),
  number_range: (value, { min, max }) =>
    value === null || isWithin(Number(String(value)), min, max),
  date_range: inRange,
  date_time_range: inRange,
  enum: (value, { values }) => isBlank(value) || (Array.isArray(values) && values.includes(value)),
  format: matches,
  slug_format: matches,
  extension: (value, settings, context) =>
    eachUpload(value, context, ({ attributes: { format, path } }) => {
      const listed = Array.isArray(settings.extensions) ? settings.extensions : [];
      const allowed = [...listed, ...EXTENSIONS[String(settings.predefined_list)] ?? []];
      return allowed.includes(String(format ?? path.split(".").at(-1)).toLowerCase());
    }),
  file_size: (value, settings, context) =>
    eachUpload(value, context, ({ attributes: { size } }) => {
      const bytes = (side: string) => {
        const count = settings[`${side}_value`] ?? null;
        return count === null
          ? undefined
          : Number(count) * UNITS[String(settings[`${side}_unit`])]!;
      };
      return isWithin(Number(size), bytes("min"), bytes("max"));
    }),
  image_dimensions: (value, settings, context) =>
    eachUpload(value, context, ({ attributes: { width, height } }) => {
      const { width_min_value, width_max_value, height_min_value, height_max_value } = settings;
      return isWithin(Number(width), width_min_value, width_max_value) &&
        isWithin(Number(height), height_min_value, height_max_value);
    }),
  required_alt_title: (value, settings, { upload }) =>
    filesOf(value).every((file) => {
      const defaults = upload(String(file.upload_id))?.attributes.default_field_metadata;
      const known = JSON.stringify(defaults ?? {});
      return ["alt", "title"].every((name) =>
        settings[name] !== true || !isBlank(file[name] ?? null) ||
        new RegExp(`"${name}":"`).test(known)
      );
    }),
  required_seo_fields: (value, settings) =>
    Object.entries(settings).every(([name, wanted]) =>
      wanted !== true || (isObject(value) && !isBlank(value[name] ?? null))
    ),
  title_length: (value, settings) => seoLength(value, "title", settings),
  description_length: (value, settings) => seoLength(value, "description", settings),
};

/**
 * The names of the validators that a value doesn't pass.
 *
 * @param value The value; of a localized field, that of one locale.
 * @param context What validators look at beyond it.
 */
export function failedValidators(value: Json, context: ValidatorContext): string[] {
  const { validators } = context.field.attributes;
  if (!isObject(validators)) return [];
  return Object.entries(validators).filter(([name, settings]) => {
    const check = CHECKS[name];
    return check && !check(value, isObject(settings) ? settings : {}, context);
  }).map(([name]) => name);
}

/** Whether a value is none: `null`, an empty text or list, a structured text without words. */
function isBlank(value: Json): boolean {
  if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) return true;
  return isObject(value) && isObject(value.document) && isEmptyNode(value.document);
}

function isEmptyNode({ type, value, children }: JsonObject): boolean {
  if (typeof value === "string" && value !== "") return false;
  if (type === "block" || type === "inlineBlock" || type === "inlineItem") return false;
  return !Array.isArray(children) || children.every((one) => !isObject(one) || isEmptyNode(one));
}

/** The words of a value: of a structured text, those of its spans. */
function textOf(value: Json): string {
  if (!isObject(value)) return String(value);
  const own = typeof value.value === "string" ? value.value : "";
  const below = [value.document, ...Array.isArray(value.children) ? value.children : []];
  return own + below.map((node) => isObject(node) ? textOf(node) : "").join("");
}

function isWithin(count: number, min?: Json, max?: Json, eq?: Json): boolean {
  return (typeof min !== "number" || count >= min) && (typeof max !== "number" || count <= max) &&
    (typeof eq !== "number" || count === eq);
}

function inRange(value: Json, { min, max }: JsonObject): boolean {
  if (value === null) return true;
  const time = Date.parse(String(value));
  return (typeof min !== "string" || time >= Date.parse(min)) &&
    (typeof max !== "string" || time <= Date.parse(max));
}

function matches(value: Json, settings: JsonObject): boolean {
  if (isBlank(value)) return true;
  const { custom_pattern, predefined_pattern } = settings;
  if (typeof custom_pattern !== "string") {
    return PATTERNS[String(predefined_pattern)]?.test(String(value)) ?? true;
  }
  const [, source = custom_pattern, flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(custom_pattern) ?? [];
  try {
    return new RegExp(source, flags.replace(/[^imsu]/g, "")).test(String(value));
  } catch {
    return true;
  }
}

function filesOf(value: Json): JsonObject[] {
  return [value].flat().filter(isObject);
}

function eachUpload(
  value: Json,
  { upload }: ValidatorContext,
  check: (upload: Upload) => boolean,
): boolean {
  return filesOf(value).every((file) => {
    const found = upload(String(file.upload_id));
    return !found || check(found);
  });
}

function seoLength(value: Json, part: string, { min, max }: JsonObject): boolean {
  const text = isObject(value) ? value[part] ?? null : null;
  return isBlank(text) || isWithin([...String(text)].length, min, max);
}

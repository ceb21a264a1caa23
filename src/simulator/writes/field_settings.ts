import type { Field, Json, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { EDITORS } from "../schema_builder.ts";
import { listAt } from "./lists.ts";
import { checkApiKey } from "./schema_checks.ts";
import { checkAttributes, invalidField, type WriteCall } from "./write_call.ts";

/** The attributes of a field. */
export type FieldAttributes = Field["attributes"];

/** The validators that fields of a type must have. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  link: ["item_item_type"],
  links: ["items_item_type"],
  rich_text: ["rich_text_blocks"],
  single_block: ["single_block_blocks"],
  structured_text: ["structured_text_blocks"],
};

/** What the API fills in where a validator of links doesn't say it. */
const STRATEGIES: Readonly<Record<string, JsonObject>> = {
  item_item_type: strategies("fail"),
  items_item_type: strategies("fail"),
  structured_text_links: strategies("delete_references"),
};

const TYPES: ReadonlySet<Json> = new Set([
  ...["boolean", "color", "date", "date_time", "file", "float", "gallery", "integer", "json"],
  ...["lat_lon", "link", "links", "rich_text", "seo", "single_block", "slug", "string"],
  ...["structured_text", "text", "video"],
]);

const KNOWN: ReadonlySet<string> = new Set([
  ...["label", "field_type", "api_key", "hint", "localized", "validators", "position"],
  ...["appearance", "appeareance", "default_value", "deep_filtering_enabled"],
]);

/**
 * The attributes of a field, with what the API fills in.
 *
 * @param call The request.
 * @param model The id of the field's model.
 * @param id The field's id.
 * @param before The field's attributes, if it is there already.
 * @param given The attributes that were sent.
 * @throws {ApiError} If something isn't as it must be.
 */
export function completeField(
  call: WriteCall,
  model: string,
  id: string,
  before: FieldAttributes | undefined,
  given: JsonObject,
): FieldAttributes {
  checkAttributes(given, (name) => KNOWN.has(name));
  const others = call.schema.fields(model).filter((one) => one.id !== id);
  const last = Math.max(0, ...others.map(({ attributes }) => Number(attributes.position)));
  const type = given.field_type ?? before?.field_type ?? null;
  if (!TYPES.has(type)) throw invalidField("field_type", "VALIDATION_INCLUSION");
  const localized = (given.localized ?? before?.localized ?? false) === true;
  const empty = localized
    ? Object.fromEntries(call.schema.locales.map((locale) => [locale, null]))
    : null;
  const appearance = appearanceOf(call, given, before) ?? {
    addons: [],
    editor: EDITORS[String(type)] ?? String(type),
    parameters: {},
  };
  const attributes = {
    label: null,
    field_type: String(type),
    api_key: "",
    hint: null,
    validators: {},
    position: last + 1,
    deep_filtering_enabled: false,
    default_value: empty,
    ...before,
    ...given,
    localized,
    appearance,
    appeareance: appearance,
  };
  if (typeof attributes.label !== "string" || attributes.label === "") {
    throw invalidField("label", "VALIDATION_REQUIRED", { record_type: "Field" });
  }
  checkApiKey(attributes.api_key, "Field", others);
  return {
    ...attributes,
    validators: validatorsOf(call, String(type), attributes.validators, others),
  };
}

function appearanceOf(
  call: WriteCall,
  given: JsonObject,
  before: FieldAttributes | undefined,
): JsonObject | undefined {
  const sent = given.appearance ?? given.appeareance ?? null;
  if (sent === null) return before?.appearance as JsonObject | undefined;
  if (!isObject(sent) || typeof sent.editor !== "string") {
    throw invalidField("appearance", "VALIDATION_INVALID");
  }
  const addons = Array.isArray(sent.addons) ? sent.addons : [];
  const plugins = listAt(call.environment, "/plugins").map(({ id }) => id);
  const used = [sent.editor, ...addons.map((addon) => isObject(addon) ? addon.id ?? null : null)];
  // Built-in editors have names of small letters.
  const missing = used.find((one) =>
    typeof one !== "string" || !(/^[a-z]+(?:_[a-z]+)*$/.test(one) || plugins.includes(one))
  );
  if (missing !== undefined) {
    throw invalidField("appearance", "VALIDATION_INVALID", { plugin: missing });
  }
  return { addons, parameters: {}, ...sent };
}

function validatorsOf(
  { environment }: WriteCall,
  type: string,
  validators: Json,
  others: readonly Field[],
): JsonObject {
  if (!isObject(validators)) throw invalidField("validators", "VALIDATION_INVALID");
  for (const name of REQUIRED[type] ?? []) {
    if (!isObject(validators[name])) {
      throw invalidField("validators", "VALIDATION_REQUIRED", { validator: name });
    }
  }
  const complete: JsonObject = {};
  for (const [name, settings] of Object.entries(validators)) {
    complete[name] = isObject(settings) ? { ...settings, ...defaulted(name, settings) } : settings;
    if (!isObject(settings)) continue;
    const models = Array.isArray(settings.item_types) ? settings.item_types : [];
    const wantsBlocks = name.endsWith("_blocks");
    for (const id of models) {
      const model = environment.itemTypes.find((one) => one.id === id);
      if (!model || (model.attributes.modular_block === true) !== wantsBlocks) {
        throw invalidField("validators", "VALIDATION_INVALID", { validator: name, item_type: id });
      }
    }
    const source = settings.title_field_id;
    if (name === "slug_title_field" && !others.some(({ id }) => id === source)) {
      throw invalidField("validators", "VALIDATION_INVALID", { validator: name });
    }
  }
  return complete;
}

function defaulted(name: string, settings: JsonObject): JsonObject {
  const missing = Object.entries(STRATEGIES[name] ?? {})
    .filter(([strategy]) => settings[strategy] === undefined);
  return Object.fromEntries(missing);
}

function strategies(onUnpublish: string): JsonObject {
  return {
    on_publish_with_unpublished_references_strategy: "fail",
    on_reference_unpublish_strategy: onUnpublish,
    on_reference_delete_strategy: "delete_references",
  };
}

import type { Field, ItemType, Json, JsonObject, Resource } from "../content/resource.ts";
import { entityId } from "./entity_id.ts";

/** A field, as short as it can be told. */
export interface FieldSketch {
  /** The field's type. */
  readonly type: string;
  /** The label that editors see; made from the `api_key` if not given. */
  readonly label?: string | undefined;
  /** Whether each locale has its own value. */
  readonly localized?: boolean | undefined;
  /** The validators; block and link fields name models and block models by `api_key`. */
  readonly validators?: JsonObject | undefined;
  /** The built-in editor; the type's usual one if not given. */
  readonly editor?: string | undefined;
  /** The editor's settings. */
  readonly parameters?: JsonObject | undefined;
  /** A hint for editors. */
  readonly hint?: string | undefined;
  /** The title of the fieldset that the field belongs to. */
  readonly fieldset?: string | undefined;
}

/** A model or block model, as short as it can be told. */
export interface ModelSketch {
  /** The name that editors see. */
  readonly name: string;
  /** Attributes that differ from those of a new model. */
  readonly attributes?: JsonObject | undefined;
  /** The fields by `api_key`, in the order that editors see. */
  readonly fields: Readonly<Record<string, FieldSketch>>;
  /** The titles of the fieldsets, in the order that editors see. */
  readonly fieldsets?: readonly string[] | undefined;
  /** Relationships to fields, by `api_key`: `title_field`, `image_preview_field`, …. */
  readonly roles?: Readonly<Record<string, string>> | undefined;
  /** The id of the workflow that the model's records go through. */
  readonly workflow?: string | undefined;
  /** The id of the only record, if it is a single-instance model. */
  readonly singletonItem?: string | undefined;
}

/** The resources of a schema. */
export interface BuiltSchema {
  /** Models and block models. */
  readonly itemTypes: ItemType[];
  /** All fields. */
  readonly fields: Field[];
  /** All fieldsets. */
  readonly fieldsets: Resource[];
}

/** The usual editor of each field type, where it isn't called like the type. */
export const EDITORS: Readonly<Record<string, string>> = {
  string: "single_line",
  text: "markdown",
  date: "date_picker",
  date_time: "date_time_picker",
  color: "color_picker",
  lat_lon: "map",
  link: "link_select",
  links: "links_select",
  single_block: "framed_single_block",
};

const FIELD_ROLES = [
  "ordering_field",
  "presentation_title_field",
  "presentation_image_field",
  "title_field",
  "image_preview_field",
  "excerpt_field",
] as const;

/**
 * The id of a model or block model.
 *
 * @param model The model's `api_key`.
 */
export function itemTypeId(model: string): string {
  return entityId(`item_type ${model}`);
}

/**
 * The id of a field.
 *
 * @param model The model's `api_key`.
 * @param field The field's `api_key`.
 */
export function fieldId(model: string, field: string): string {
  return entityId(`field ${model}.${field}`);
}

/**
 * The id of a fieldset.
 *
 * @param model The model's `api_key`.
 * @param title The fieldset's title.
 */
export function fieldsetId(model: string, title: string): string {
  return entityId(`fieldset ${model}.${title}`);
}

/**
 * Builds the resources of a schema as the API shows them.
 *
 * @param models The models and block models by `api_key`.
 * @param locales The project's locales.
 */
export function buildSchema(
  models: Readonly<Record<string, ModelSketch>>,
  locales: readonly string[],
): BuiltSchema {
  const schema: BuiltSchema = { itemTypes: [], fields: [], fieldsets: [] };
  for (const [apiKey, model] of Object.entries(models)) {
    schema.itemTypes.push(itemType(apiKey, model));
    for (const [i, title] of (model.fieldsets ?? []).entries()) {
      schema.fieldsets.push(fieldset(apiKey, title, i + 1));
    }
    for (const [i, [key, sketch]] of Object.entries(model.fields).entries()) {
      schema.fields.push(field(apiKey, key, sketch, i + 1, locales));
    }
  }
  return schema;
}

/** What the API gives a model that doesn't say otherwise. */
export const MODEL_DEFAULTS = {
  name: null,
  singleton: false,
  sortable: false,
  api_key: null,
  ordering_direction: null,
  ordering_meta: null,
  tree: false,
  modular_block: false,
  draft_mode_active: false,
  draft_saving_active: false,
  all_locales_required: false,
  inverse_relationships_enabled: false,
  collection_appeareance: "compact",
  collection_appearance: "compact",
  has_singleton_item: false,
  hint: null,
} satisfies JsonObject;

function itemType(apiKey: string, model: ModelSketch): ItemType {
  const { fields, fieldsets = [], roles = {}, workflow, singletonItem } = model;
  return {
    id: itemTypeId(apiKey),
    type: "item_type",
    attributes: {
      ...MODEL_DEFAULTS,
      name: model.name,
      api_key: apiKey,
      has_singleton_item: singletonItem !== undefined,
      ...model.attributes,
    },
    relationships: {
      fields: { data: Object.keys(fields).map((key) => ref("field", fieldId(apiKey, key))) },
      fieldsets: { data: fieldsets.map((title) => ref("fieldset", fieldsetId(apiKey, title))) },
      singleton_item: { data: singletonItem ? ref("item", singletonItem) : null },
      ...Object.fromEntries(FIELD_ROLES.map((role) => {
        const key = roles[role];
        return [role, { data: key ? ref("field", fieldId(apiKey, key)) : null }];
      })),
      workflow: { data: workflow ? ref("workflow", workflow) : null },
    },
    meta: { has_singleton_item: singletonItem !== undefined },
  };
}

function field(
  model: string,
  key: string,
  sketch: FieldSketch,
  position: number,
  locales: readonly string[],
): Field {
  const appearance = {
    addons: [],
    editor: sketch.editor ?? EDITORS[sketch.type] ?? sketch.type,
    parameters: sketch.parameters ?? {},
  };
  const localized = sketch.localized ?? false;
  return {
    id: fieldId(model, key),
    type: "field",
    attributes: {
      label: sketch.label ?? labelOf(key),
      field_type: sketch.type,
      api_key: key,
      hint: sketch.hint ?? null,
      localized,
      validators: withIds(sketch.validators ?? {}, model),
      position,
      appearance,
      appeareance: appearance,
      default_value: localized ? Object.fromEntries(locales.map((locale) => [locale, null])) : null,
      deep_filtering_enabled: false,
    },
    relationships: {
      item_type: { data: ref("item_type", itemTypeId(model)) },
      fieldset: {
        data: sketch.fieldset ? ref("fieldset", fieldsetId(model, sketch.fieldset)) : null,
      },
    },
  };
}

function fieldset(model: string, title: string, position: number): Resource {
  return {
    id: fieldsetId(model, title),
    type: "fieldset",
    attributes: { title, hint: null, position, collapsible: true, start_collapsed: false },
    relationships: { item_type: { data: ref("item_type", itemTypeId(model)) } },
  };
}

/** Validators name models and fields by `api_key` in sketches, by id in the API. */
function withIds(validators: JsonObject, model: string): JsonObject {
  return Object.fromEntries(
    Object.entries(validators).map(([name, settings]) => {
      const copy: JsonObject = { ...settings as JsonObject };
      if (Array.isArray(copy.item_types)) copy.item_types = copy.item_types.map(idOfModel);
      if (typeof copy.title_field_id === "string") {
        copy.title_field_id = fieldId(model, copy.title_field_id);
      }
      return [name, copy];
    }),
  );
}

function idOfModel(apiKey: Json): Json {
  return itemTypeId(String(apiKey));
}

function labelOf(apiKey: string): string {
  return apiKey.charAt(0).toUpperCase() + apiKey.slice(1).replaceAll("_", " ");
}

/**
 * The menu of a schema as it is at first: an entry for each model, and for each block model.
 *
 * @param itemTypes The models and block models.
 */
export function schemaMenu(itemTypes: readonly ItemType[]): Resource[] {
  const positions = { item_type: 0, modular_block: 0 };
  return itemTypes.map(({ id, attributes: { modular_block: isBlock } }) => {
    const kind = isBlock ? "modular_block" : "item_type";
    return {
      id: entityId(`schema menu item ${id}`),
      type: "schema_menu_item",
      attributes: { label: null, position: ++positions[kind], kind },
      relationships: {
        item_type: { data: ref("item_type", id) },
        parent: { data: null },
        children: { data: [] },
      },
    };
  });
}

/**
 * A reference to a resource, as relationships hold them.
 *
 * @param type The resource's type.
 * @param id The resource's id.
 */
export function ref(type: string, id: string): { id: string; type: string } {
  return { id, type };
}

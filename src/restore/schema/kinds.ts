import type { JsonObject, Resource } from "../../content/resource.ts";
import type { ResourceName } from "../../source/datocms/resources.ts";
import { isObject } from "../../text/json.ts";

/** The types of what a schema and its settings consist of, but for the project itself. */
export type KindName =
  | "workflow"
  | "plugin"
  | "upload_collection"
  | "item_type"
  | "fieldset"
  | "field"
  | "item_type_filter"
  | "upload_filter"
  | "menu_item"
  | "schema_menu_item";

/** How one kind of resource is written. */
export interface Kind {
  /** The API's name of the type. */
  readonly type: KindName;
  /** The path of one, and of all where they are listed, such as `/plugins`. */
  readonly path: string;
  /** What an export calls them; `undefined` for what comes with the models. */
  readonly resource?: ResourceName;
  /** Attributes that are sent. */
  readonly attributes: readonly string[];
  /** Those of them that can't be sent when one is made. */
  readonly late?: readonly string[];
  /** Relationships that are sent. */
  readonly relationships: readonly string[];
  /** Whether its changes are jobs. */
  readonly isJob?: boolean;
}

/** The fields that a model may have a use for. */
export const FIELD_ROLES = [
  "ordering_field",
  "presentation_title_field",
  "presentation_image_field",
  "title_field",
  "image_preview_field",
  "excerpt_field",
] as const;

/** What says in which order the records of a model are. */
export const ORDERING = ["ordering_direction", "ordering_meta"] as const;

/** How each kind of resource is written. */
export const KINDS: Readonly<Record<KindName, Kind>> = {
  workflow: {
    type: "workflow",
    path: "/workflows",
    resource: "workflows",
    attributes: ["name", "api_key", "stages"],
    relationships: [],
  },
  plugin: {
    type: "plugin",
    path: "/plugins",
    resource: "plugins",
    attributes: [
      ...["name", "description", "url", "package_name", "package_version", "permissions"],
      "parameters",
    ],
    late: ["parameters"],
    relationships: [],
  },
  upload_collection: {
    type: "upload_collection",
    path: "/upload-collections",
    resource: "upload_collections",
    attributes: ["label", "position"],
    relationships: ["parent"],
  },
  item_type: {
    type: "item_type",
    path: "/item-types",
    attributes: [
      ...["name", "api_key", "singleton", "all_locales_required", "sortable", "modular_block"],
      ...["draft_mode_active", "draft_saving_active", "tree", "collection_appearance", "hint"],
      "inverse_relationships_enabled",
      ...ORDERING,
    ],
    relationships: ["workflow", ...FIELD_ROLES],
    isJob: true,
  },
  fieldset: {
    type: "fieldset",
    path: "/fieldsets",
    attributes: ["title", "hint", "position", "collapsible", "start_collapsed"],
    relationships: [],
  },
  field: {
    type: "field",
    path: "/fields",
    attributes: [
      ...["label", "field_type", "api_key", "hint", "localized", "validators", "position"],
      ...["appearance", "default_value", "deep_filtering_enabled"],
    ],
    relationships: ["fieldset"],
    isJob: true,
  },
  item_type_filter: {
    type: "item_type_filter",
    path: "/item-type-filters",
    resource: "item_type_filters",
    attributes: ["name", "filter", "columns", "order_by", "shared"],
    relationships: ["item_type"],
  },
  upload_filter: {
    type: "upload_filter",
    path: "/upload-filters",
    resource: "upload_filters",
    attributes: ["name", "filter", "shared"],
    relationships: [],
  },
  menu_item: {
    type: "menu_item",
    path: "/menu-items",
    resource: "menu_items",
    attributes: ["label", "position", "external_url", "open_in_new_tab"],
    relationships: ["item_type", "item_type_filter", "parent"],
  },
  schema_menu_item: {
    type: "schema_menu_item",
    path: "/schema-menu-items",
    resource: "schema_menu_items",
    attributes: ["label", "position", "kind"],
    relationships: ["item_type", "parent"],
  },
};

/**
 * Something of an attribute that is a number: the place among its siblings.
 *
 * @param resource The resource.
 */
export function positionOf({ attributes }: Resource): number {
  return typeof attributes?.position === "number" ? attributes.position : 0;
}

/**
 * What a resource says, in the words in which it is sent.
 *
 * @param resource The resource.
 * @return A value for each attribute that it has.
 */
export function attributesOf({ type, attributes = {} }: Resource): JsonObject {
  // Older answers have the names with the typo alone.
  const look = type === "field"
    ? { appearance: attributes.appearance ?? attributes.appeareance ?? null }
    : type === "item_type"
    ? {
      collection_appearance: attributes.collection_appearance ??
        attributes.collection_appeareance ?? null,
    }
    : {};
  const known = Object.entries(look).filter(([, value]) => value !== null);
  return { ...attributes, ...Object.fromEntries(known) };
}

/**
 * The validators of a field.
 *
 * @param field The field.
 */
export function validatorsOf(field: Resource): JsonObject {
  const { validators } = attributesOf(field);
  return isObject(validators) ? validators : {};
}

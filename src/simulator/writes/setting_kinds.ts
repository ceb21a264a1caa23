import type { JsonObject } from "../../content/resource.ts";

/** What can be written of one kind of resource that is listed whole. */
export interface SettingKind {
  /** The resources' type. */
  readonly type: string;
  /** The attributes, with what a new resource has where none was sent. */
  readonly attributes: JsonObject;
  /** The attributes that must be there. */
  readonly required: readonly string[];
  /** The attributes that a request has to hold to make one, also if they are `null`. */
  readonly sent?: readonly string[];
  /** Whether no two have the same name. */
  readonly hasUniqueNames?: boolean;
  /** The relationships, with the path of what each refers to. */
  readonly relationships?: Readonly<Record<string, string>>;
  /** Those of the relationships that are lists. */
  readonly lists?: readonly string[];
  /** The relationships that must be there. */
  readonly related?: readonly string[];
  /** Whether the resources make a tree, whose branches have an order. */
  readonly isTree?: boolean;
  /** Whether clients may choose ids. @default {true} */
  readonly takesIds?: boolean;
  /** Whether all environments of the project have the same. */
  readonly isOfProject?: boolean;
  /** The attributes that can't be sent when a resource is made. */
  readonly later?: readonly string[];
  /** The `meta` of a new resource. */
  readonly meta?: JsonObject;
}

const ROLE_RIGHTS = [
  ...["can_edit_favicon", "can_edit_site", "can_edit_schema", "can_manage_menu"],
  ...["can_edit_environment", "can_promote_environments", "can_manage_users"],
  ...["can_manage_shared_filters", "can_manage_search_indexes", "can_manage_upload_collections"],
  ...["can_manage_build_triggers", "can_manage_webhooks", "can_manage_environments"],
  ...["can_manage_sso", "can_access_audit_log", "can_manage_workflows"],
  ...["can_manage_access_tokens", "can_perform_site_search", "can_access_build_events_log"],
  "can_access_search_index_events_log",
];

/** What the settings of a build trigger must have, by its adapter. */
export const ADAPTER_SETTINGS: Readonly<Record<string, readonly string[]>> = {
  custom: ["trigger_url", "headers", "payload"],
  netlify: ["trigger_url", "access_token", "branch", "site_id"],
  vercel: ["project_id", "token", "branch", "team_id", "deploy_hook_url"],
  gitlab: ["trigger_url", "token", "ref", "build_parameters"],
};

/** What a role has something to say on, in two lists each: what it may do, and what it may not. */
export const PERMITTED = ["item_type", "upload", "build_trigger", "search_index"] as const;

const ROLE_LISTS = PERMITTED
  .flatMap((name) => [`positive_${name}_permissions`, `negative_${name}_permissions`]);

/** Everything that is listed whole and can be written, by URL path. */
export const SETTING_KINDS: Readonly<Record<string, SettingKind>> = {
  "/menu-items": {
    type: "menu_item",
    attributes: { label: null, position: null, external_url: null, open_in_new_tab: false },
    required: ["label"],
    relationships: {
      item_type: "/item-types",
      item_type_filter: "/item-type-filters",
      parent: "/menu-items",
    },
    isTree: true,
  },
  "/schema-menu-items": {
    type: "schema_menu_item",
    attributes: { label: null, position: null, kind: null },
    required: ["kind"],
    relationships: { item_type: "/item-types", parent: "/schema-menu-items" },
    isTree: true,
  },
  "/item-type-filters": {
    type: "item_type_filter",
    attributes: { name: null, filter: null, columns: null, order_by: null, shared: false },
    required: ["name"],
    relationships: { item_type: "/item-types" },
    related: ["item_type"],
  },
  "/upload-filters": {
    type: "upload_filter",
    attributes: { name: null, filter: null, shared: false },
    required: ["name", "filter"],
  },
  "/upload-collections": {
    type: "upload_collection",
    attributes: { label: null, position: null },
    required: ["label"],
    relationships: { parent: "/upload-collections" },
    isTree: true,
  },
  "/plugins": {
    type: "plugin",
    attributes: {
      name: null,
      plugin_type: null,
      url: null,
      field_types: null,
      parameters: {},
      parameter_definitions: null,
      description: null,
      package_name: null,
      package_version: null,
      permissions: [],
    },
    required: [],
    later: ["parameters"],
    meta: { version: "2" },
  },
  "/workflows": {
    type: "workflow",
    attributes: { name: null, api_key: null, stages: null },
    required: ["name", "api_key", "stages"],
  },
  "/roles": {
    type: "role",
    attributes: {
      name: null,
      environments_access: "all",
      ...Object.fromEntries(ROLE_RIGHTS.map((name) => [name, false])),
      ...Object.fromEntries(ROLE_LISTS.map((name) => [name, []])),
    },
    required: ["name"],
    relationships: { inherits_permissions_from: "/roles" },
    lists: ["inherits_permissions_from"],
    takesIds: false,
    isOfProject: true,
  },
  "/webhooks": {
    type: "webhook",
    attributes: {
      name: null,
      url: null,
      custom_payload: null,
      headers: {},
      events: [],
      http_basic_user: null,
      http_basic_password: null,
      enabled: true,
      payload_api_version: "3",
      nested_items_in_payload: false,
      auto_retry: true,
    },
    required: ["name", "url", "events"],
    sent: ["headers", "events", "custom_payload", "http_basic_user", "http_basic_password"],
    hasUniqueNames: true,
    takesIds: false,
    isOfProject: true,
  },
  "/build-triggers": {
    type: "build_trigger",
    attributes: {
      name: null,
      webhook_token: null,
      adapter: null,
      indexing_enabled: false,
      enabled: true,
      frontend_url: null,
      autotrigger_on_scheduled_publications: false,
      adapter_settings: {},
    },
    required: ["name", "adapter"],
    sent: ["frontend_url", "adapter_settings", "autotrigger_on_scheduled_publications"],
    takesIds: false,
    isOfProject: true,
  },
  "/search-indexes": {
    type: "search_index",
    attributes: { name: null, enabled: true, frontend_url: null, user_agent_suffix: null },
    required: ["name"],
    sent: ["enabled", "frontend_url"],
    relationships: { build_triggers: "/build-triggers" },
    lists: ["build_triggers"],
    takesIds: false,
    isOfProject: true,
  },
  "/access_tokens": {
    type: "access_token",
    attributes: {
      name: null,
      can_access_cda: false,
      can_access_cda_preview: false,
      can_access_cma: false,
    },
    required: ["name"],
    relationships: { role: "/roles" },
    takesIds: false,
    isOfProject: true,
  },
};

import type { JsonObject } from "../../content/resource.ts";

/** What belongs to a project rather than to an environment, and is only made on request, in the order of making. */
export const INCLUDED = ["build_triggers", "search_indexes", "roles", "webhooks"] as const;

/** One of {@linkcode INCLUDED}: an export's own name of it. */
export type IncludedName = typeof INCLUDED[number];

/** How one kind of resource of a project is made. */
export interface IncludedKind {
  /** The API's name of the type. */
  readonly type: string;
  /** Where all are listed and one is made. */
  readonly path: string;
  /** What the API token's role has to be permitted. */
  readonly right: string;
  /** Attributes that are always sent: what they are where the snapshot has nothing. */
  readonly required: JsonObject;
  /** Attributes that are sent if the snapshot has them. */
  readonly optional: readonly string[];
  /** What it is like in any case, so that it does nothing before somebody has looked at it. */
  readonly fixed: JsonObject;
  /** Attributes without which none is made. */
  readonly needs: readonly string[];
  /** Relationships that are sent, all of which are lists. */
  readonly relationships: readonly string[];
}

const RIGHTS = [
  ...["can_edit_favicon", "can_edit_site", "can_edit_schema", "can_manage_menu"],
  ...["can_edit_environment", "can_promote_environments", "can_manage_users"],
  ...["can_manage_shared_filters", "can_manage_search_indexes", "can_manage_upload_collections"],
  ...["can_manage_build_triggers", "can_manage_webhooks", "can_manage_environments"],
  ...["can_manage_sso", "can_access_audit_log", "can_manage_workflows"],
  ...["can_manage_access_tokens", "can_perform_site_search", "can_access_build_events_log"],
  "can_access_search_index_events_log",
];

/** Lists of permissions of a role, of which the API takes both of a kind or neither. */
export const PERMISSION_LISTS: readonly string[] = [
  ...["item_type", "upload", "build_trigger", "search_index"],
].flatMap((of) => [`positive_${of}_permissions`, `negative_${of}_permissions`]);

/** How each of {@linkcode INCLUDED} is made. */
export const INCLUDED_KINDS: Readonly<Record<IncludedName, IncludedKind>> = {
  build_triggers: {
    type: "build_trigger",
    path: "/build-triggers",
    right: "can_manage_build_triggers",
    required: {
      frontend_url: null,
      adapter_settings: {},
      autotrigger_on_scheduled_publications: false,
    },
    optional: ["name", "adapter"],
    fixed: { enabled: false },
    needs: ["name", "adapter"],
    relationships: [],
  },
  search_indexes: {
    type: "search_index",
    path: "/search-indexes",
    right: "can_manage_search_indexes",
    required: { frontend_url: null },
    optional: ["name", "user_agent_suffix"],
    fixed: { enabled: false },
    needs: ["name"],
    relationships: ["build_triggers"],
  },
  roles: {
    type: "role",
    path: "/roles",
    right: "can_manage_users",
    required: Object.fromEntries(PERMISSION_LISTS.map((name) => [name, []])),
    optional: ["name", "environments_access", ...RIGHTS],
    fixed: {},
    needs: ["name"],
    relationships: ["inherits_permissions_from"],
  },
  webhooks: {
    type: "webhook",
    path: "/webhooks",
    right: "can_manage_webhooks",
    required: {
      headers: {},
      events: [],
      custom_payload: null,
      http_basic_user: null,
      http_basic_password: null,
    },
    optional: ["name", "url", "payload_api_version", "nested_items_in_payload", "auto_retry"],
    fixed: { enabled: false },
    needs: ["name", "url"],
    relationships: [],
  },
};

/** What a role has to be permitted where something is included. */
export const INCLUDED_RIGHTS: readonly string[] = INCLUDED.map((name) =>
  INCLUDED_KINDS[name].right
);

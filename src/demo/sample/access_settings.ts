import type { JsonObject, Resource } from "../../content/resource.ts";
import { ref } from "../../simulator/schema_builder.ts";
import { resource } from "./resource.ts";

const EDITOR = ref("role", "3401");
const ADMIN = ref("role", "3402");

/**
 * Who and what may do what, and what is told to whom. The secrets in here open nothing: they are there
 * to be kept out of snapshots.
 */
export function accessSettings(): Record<string, readonly Resource[] | Resource> {
  return {
    "/roles": roles(),
    "/users": [
      resource(
        "user",
        "311",
        {
          email: "ada@slackwater.example",
          full_name: "Ada Wren",
          is_2fa_active: true,
          is_active: true,
        },
        { role: EDITOR },
        { last_access: "2026-03-01T09:15:00.000Z" },
      ),
    ],
    "/site-invitations": [
      resource("site_invitation", "77", {
        email: "bo@slackwater.example",
        expired: false,
        invitation_link:
          "https://dashboard.datocms.com/join-site?id=77&token=not-a-real-invitation",
      }, { role: EDITOR }),
    ],
    "/access_tokens": accessTokens(),
    "/webhooks": [webhook()],
    "/build-triggers": [buildTrigger()],
    "/search-indexes": [
      resource(
        "search_index",
        "902",
        {
          name: "slackwater.example",
          enabled: true,
          frontend_url: "https://slackwater.example/",
          user_agent_suffix: null,
        },
        { build_triggers: [ref("build_trigger", "615")] },
        {
          indexing_status: "success",
          last_indexing_completed_at: "2026-03-01T09:20:00.000Z",
        },
      ),
    ],
    "/sso-users": [
      resource(
        "sso_user",
        "88",
        {
          username: "tommaso@slackwater.example",
          external_id: "00u1rive",
          is_active: true,
          first_name: "Tommaso",
          last_name: "Rive",
        },
        { groups: [ref("sso_group", "12")], role: null },
        { last_access: null },
      ),
    ],
    "/sso-groups": [
      resource("sso_group", "12", { name: "Engineers", priority: 1 }, {
        role: EDITOR,
        users: [ref("sso_user", "88")],
      }),
    ],
    "/sso-settings": resource("sso_settings", "48213", {
      idp_saml_metadata_url: "https://id.slackwater.example/saml/metadata",
      idp_saml_metadata_xml: null,
      scim_base_url: "https://sso.datocms.com/scim",
      scim_api_token: "not-a-real-scim-token",
      saml_acs_url: "https://sso.datocms.com/48213/saml/consume",
      sp_saml_metadata_url: "https://sso.datocms.com/48213/saml/metadata",
      sp_saml_base_url: "https://sso.datocms.com/48213/saml",
      saml_token: "not-a-real-saml-token",
    }, { default_role: EDITOR }),
    "/white-label-settings": resource("white_label_settings", "48213", {
      custom_i18n_messages_template_url: null,
    }),
    "/subscription-limits": [
      limit("locales", 3, 10),
      limit("environments", 2, 3),
      limit("item_types", 15, null),
    ],
    "/subscription-features": [
      feature("workflows", true, true),
      feature("sso", true, true),
      feature("audit_log", false, false),
    ],
  };
}

function roles(): Resource[] {
  const editor = permissions(false);
  const admin = permissions(true);
  return [
    resource("role", EDITOR.id, { name: "Editor", ...editor }, {
      inherits_permissions_from: [],
    }, { final_permissions: editor }),
    resource("role", ADMIN.id, { name: "Admin", ...admin }, {
      inherits_permissions_from: [EDITOR],
    }, { final_permissions: admin }),
  ];
}

function permissions(everything: boolean): JsonObject {
  const environments = everything ? ["main", "spring-issue"] : ["main"];
  const all = environments.map((environment) => ({
    environment,
    action: "all",
    on_creator: "anyone",
    localization_scope: "all",
    locale: null,
  }));
  return {
    can_edit_site: everything,
    can_edit_favicon: everything,
    can_edit_schema: everything,
    can_edit_environment: everything,
    can_manage_menu: true,
    can_manage_users: everything,
    can_manage_shared_filters: true,
    can_manage_search_indexes: everything,
    can_manage_upload_collections: true,
    can_manage_environments: everything,
    can_manage_webhooks: everything,
    can_manage_build_triggers: everything,
    can_manage_access_tokens: everything,
    can_manage_sso: everything,
    can_manage_workflows: everything,
    can_promote_environments: everything,
    can_access_audit_log: everything,
    can_perform_site_search: true,
    can_access_build_events_log: everything,
    can_access_search_index_events_log: everything,
    environments_access: everything ? "all" : "primary_only",
    positive_item_type_permissions: all.map((entry) => ({ ...entry, item_type: null })),
    negative_item_type_permissions: [],
    positive_upload_permissions: all.map((entry) => ({ ...entry, upload_collection: null })),
    negative_upload_permissions: [],
    positive_build_trigger_permissions: [{ build_trigger: null }],
    negative_build_trigger_permissions: [],
    positive_search_index_permissions: [{ search_index: null }],
    negative_search_index_permissions: [],
  };
}

function accessTokens(): Resource[] {
  const token = (id: string, name: string, attributes: JsonObject) =>
    resource("access_token", id, {
      name,
      hardcoded_type: null,
      can_access_cda: true,
      can_access_cda_preview: false,
      can_access_cma: false,
      last_cma_access: "never",
      last_cda_access: "today",
      token: `not-a-real-token-${id}`,
      ...attributes,
    }, { role: ADMIN });
  return [
    token("501", "Read-only API token", { hardcoded_type: "read_only" }),
    token("502", "Backups", { can_access_cma: true, last_cma_access: "today" }),
  ];
}

function webhook(): Resource {
  return resource("webhook", "711", {
    name: "Ring the bell",
    url: "https://bell.slackwater.example/ring",
    enabled: true,
    headers: { "Authorization": "Bearer not-a-real-webhook-token", "X-Times": "1" },
    events: [{ entity_type: "item", event_types: ["publish"], filters: null }],
    http_basic_user: "ada",
    http_basic_password: "not-a-real-password",
    custom_payload: '{ "cake": false, "article": "{{#entity}}{{id}}{{/entity}}" }',
    payload_api_version: "3",
    nested_items_in_payload: false,
    auto_retry: true,
  });
}

function buildTrigger(): Resource {
  return resource("build_trigger", "615", {
    name: "Print the website",
    adapter: "custom",
    adapter_settings: {
      trigger_url: "https://build.slackwater.example/go",
      headers: { Authorization: "Bearer not-a-real-build-token" },
      payload: { type: "build_request" },
    },
    last_build_completed_at: "2026-03-01T09:18:00.000Z",
    build_status: "success",
    webhook_url: "https://webhooks.datocms.com/not-a-real-hook-token/deploy-results",
    webhook_token: "not-a-real-hook-token",
    frontend_url: "https://slackwater.example/",
    enabled: true,
    autotrigger_on_scheduled_publications: true,
    indexing_status: "success",
    indexing_enabled: false,
  });
}

function limit(code: string, usage: number, most: number | null): Resource {
  return resource("subscription_limit", code, { code, usage, limit: most });
}

function feature(code: string, enabled: boolean, in_use: boolean): Resource {
  return resource("subscription_feature", code, { code, enabled, in_use });
}

import type { Resource } from "../content/resource.ts";

/** The URL paths of everything that the API lists whole. */
export const SETTINGS_LISTS = [
  "/menu-items",
  "/schema-menu-items",
  "/item-type-filters",
  "/upload-filters",
  "/upload-collections",
  "/upload-tags",
  "/upload-smart-tags",
  "/plugins",
  "/workflows",
  "/roles",
  "/users",
  "/site-invitations",
  "/access_tokens",
  "/webhooks",
  "/build-triggers",
  "/search-indexes",
  "/sso-users",
  "/sso-groups",
  "/subscription-limits",
  "/subscription-features",
] as const;

/** What there is only one of: its path, and what a project has as long as nobody changes it. */
const SINGLE: Readonly<Record<string, Resource>> = {
  "/maintenance-mode": {
    id: "maintenance_mode",
    type: "maintenance_mode",
    attributes: { active: false },
  },
  "/white-label-settings": {
    id: "white_label_settings",
    type: "white_label_settings",
    attributes: { custom_i18n_messages_template_url: null },
  },
  "/sso-settings": {
    id: "sso_settings",
    type: "sso_settings",
    attributes: { idp_saml_metadata_url: null, idp_saml_metadata_xml: null },
    relationships: { default_role: { data: null } },
  },
};

/**
 * The settings of a project: those given, and what a new project has in place of all others.
 *
 * @param given Settings by URL path.
 */
export function completeSettings(
  given: Readonly<Record<string, readonly Resource[] | Resource>> = {},
): Map<string, readonly Resource[] | Resource> {
  const empty = SETTINGS_LISTS.map((path): [string, readonly Resource[]] => [path, []]);
  return new Map<string, readonly Resource[] | Resource>([
    ...empty,
    ...Object.entries(SINGLE),
    ...Object.entries(given),
  ]);
}

/** A kind of thing that an export reads. */
export interface ExportResource {
  /** Its name, as `include` and `exclude` take it. */
  readonly name: string;
  /** What it is, in DatoCMS's product terms. */
  readonly title: string;
  /** The path of its listing; with `:id`, of what is asked for one record at a time. */
  readonly path: string;
  /** The most resources in one answer, if the listing is paged. */
  readonly maxLimit?: number;
  /** Orders to ask for, the best first. */
  readonly orders?: readonly string[];
  /**
   * How it lies in a snapshot: `core` has a form of its own, `files` is one file for each resource,
   * `settings` is one file for all, `each` is that too, of as many answers as there are records to ask for.
   */
  readonly layout: "core" | "files" | "settings" | "each";
  /** The attribute that names the file of each resource. @default {"id"} */
  readonly fileKey?: string;
  /** Attributes that hold secrets: they are written as `"[redacted]"`. */
  readonly secrets?: readonly string[];
}

/**
 * Everything that an export reads, in the order in which it would be put back: what others refer to
 * comes first.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api}
 */
export const RESOURCES = [
  { name: "site", title: "Project, locales and SEO settings", path: "/site", layout: "core" },
  {
    name: "workflows",
    title: "Workflows",
    path: "/workflows",
    layout: "files",
    fileKey: "api_key",
  },
  { name: "plugins", title: "Plugins", path: "/plugins", layout: "files" },
  {
    name: "models",
    title: "Models and block models, with fields and fieldsets",
    path: "/item-types",
    layout: "core",
  },
  {
    name: "upload_collections",
    title: "Media area collections",
    path: "/upload-collections",
    layout: "settings",
  },
  {
    name: "upload_tags",
    title: "Media area tags",
    path: "/upload-tags",
    layout: "settings",
    maxLimit: 500,
  },
  {
    name: "uploads",
    title: "Uploads (the metadata of assets)",
    path: "/uploads",
    layout: "core",
    maxLimit: 500,
    orders: ["_created_at_ASC,id_ASC", "_created_at_ASC"],
  },
  { name: "records", title: "Records, with their blocks", path: "/items", layout: "core" },
  {
    name: "schedules",
    title: "Scheduled publications and unpublishings of records",
    path: "/items/:id/current-vs-published-state",
    layout: "each",
  },
  { name: "menu_items", title: "Content menu", path: "/menu-items", layout: "settings" },
  {
    name: "schema_menu_items",
    title: "Schema menu",
    path: "/schema-menu-items",
    layout: "settings",
  },
  {
    name: "item_type_filters",
    title: "Saved record filters",
    path: "/item-type-filters",
    layout: "settings",
  },
  {
    name: "upload_filters",
    title: "Saved media area filters",
    path: "/upload-filters",
    layout: "settings",
  },
  { name: "environments", title: "Environments", path: "/environments", layout: "settings" },
  { name: "roles", title: "Roles and permissions", path: "/roles", layout: "settings" },
  {
    name: "access_tokens",
    title: "API tokens (without the tokens)",
    path: "/access_tokens",
    layout: "settings",
    secrets: ["token"],
  },
  { name: "users", title: "Collaborators", path: "/users", layout: "settings" },
  { name: "sso_users", title: "Single sign-on users", path: "/sso-users", layout: "settings" },
  { name: "sso_groups", title: "Single sign-on groups", path: "/sso-groups", layout: "settings" },
  {
    name: "sso_settings",
    title: "Single sign-on settings",
    path: "/sso-settings",
    layout: "settings",
    secrets: ["saml_token", "scim_api_token"],
  },
  {
    name: "site_invitations",
    title: "Invitations",
    path: "/site-invitations",
    layout: "settings",
    secrets: ["invitation_link"],
  },
  {
    name: "webhooks",
    title: "Webhooks",
    path: "/webhooks",
    layout: "settings",
    secrets: ["headers", "http_basic_user", "http_basic_password"],
  },
  {
    name: "build_triggers",
    title: "Build triggers",
    path: "/build-triggers",
    layout: "settings",
    secrets: ["adapter_settings", "webhook_token", "webhook_url"],
  },
  {
    name: "search_indexes",
    title: "Site search indexes",
    path: "/search-indexes",
    layout: "settings",
  },
  {
    name: "white_label_settings",
    title: "White-label settings",
    path: "/white-label-settings",
    layout: "settings",
  },
] as const satisfies readonly ExportResource[];

/** The name of a resource that can be exported. */
export type ResourceName = typeof RESOURCES[number]["name"];

/** The names of the resources without which an export fails. */
export const REQUIRED_RESOURCES: ReadonlySet<ResourceName> = new Set<ResourceName>([
  "site",
  "models",
  "records",
  "uploads",
]);

/**
 * A resource's entry in the table.
 *
 * @param name Its name.
 */
export function resourceNamed(name: ResourceName): ExportResource {
  return RESOURCES.find((resource) => resource.name === name)!;
}

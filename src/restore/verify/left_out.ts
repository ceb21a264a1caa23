import type { Choices } from "../made_plan.ts";

/** Something that isn't compared after a restore, as it can't be as it was. */
export interface LeftOut {
  /** The API's name of the type of resource, such as `item`. */
  readonly resource: string;
  /** The attribute, with dots in its path, in which `*` is any one name; `*` alone for the whole resource. */
  readonly attribute: string;
  /** Why it can't come back. */
  readonly why: string;
  /**
   * When that is so: in another project, where the snapshot has nothing, if nothing was published, or if what is made
   * has other creators than it had. @default always
   */
  readonly when?: "not in the snapshot" | LeftOutWhen;
}

/** What makes it so that something can't be as it was. */
export type LeftOutWhen = "other project" | "nothing published" | "other creators";

const SERVER = "DatoCMS sets it when it is written";
const NEW_FILE = "a new upload has a new address";
const FROM_FILE = "DatoCMS finds it in the file";
const OF_PEOPLE = "people and their rights belong to the account, not to content";
const HOLDS_SECRETS = "its secrets aren't in a snapshot";
const ON_REQUEST = "it is made on request, without secrets, if the project has none of that name";
const FILLED_IN = "DatoCMS fills in its default where there is none";
const CREATOR = "whoever restores it is its creator";

/**
 * All that isn't compared after a restore, by name. Everything else that differs is a difference: this table alone
 * says what is left out, in documentation and reports.
 */
export const LEFT_OUT: readonly LeftOut[] = [
  { resource: "item", attribute: "meta.updated_at", why: SERVER },
  { resource: "item", attribute: "meta.published_at", why: SERVER },
  { resource: "item", attribute: "meta.current_version", why: "versions are counted anew" },
  {
    resource: "item",
    attribute: "meta.publication_scheduled_at",
    why: "schedules come back on request, and are compared by themselves then",
  },
  {
    resource: "item",
    attribute: "meta.unpublishing_scheduled_at",
    why: "schedules come back on request, and are compared by themselves then",
  },
  {
    resource: "item",
    attribute: "meta.first_published_at",
    why: "DatoCMS keeps when a record was public first",
    when: "not in the snapshot",
  },
  ...["status", "first_published_at", "is_published_version_valid"].map((name) => ({
    resource: "item",
    attribute: `meta.${name}`,
    why: "new records are drafts, and what was public stays so",
    when: "nothing published" as const,
  })),
  { resource: "item", attribute: "position", why: "the order of records is compared instead" },
  { resource: "item", attribute: "creator", why: CREATOR, when: "other creators" },
  {
    resource: "item",
    attribute: "creator",
    why: "whoever makes a record is its creator",
    when: "not in the snapshot",
  },
  {
    resource: "upload",
    attribute: "creator",
    why: "whoever makes an upload is its creator",
    when: "not in the snapshot",
  },
  { resource: "upload", attribute: "path", why: NEW_FILE },
  { resource: "upload", attribute: "url", why: NEW_FILE },
  { resource: "upload", attribute: "created_at", why: SERVER },
  { resource: "upload", attribute: "updated_at", why: SERVER },
  { resource: "upload", attribute: "filename", why: "the name of a file may be cleaned" },
  { resource: "upload", attribute: "basename", why: "the name of a file may be cleaned" },
  { resource: "upload", attribute: "mime_type", why: FROM_FILE },
  { resource: "upload", attribute: "format", why: FROM_FILE },
  { resource: "upload", attribute: "is_image", why: FROM_FILE },
  { resource: "upload", attribute: "width", why: FROM_FILE },
  { resource: "upload", attribute: "height", why: FROM_FILE },
  { resource: "upload", attribute: "exif_info", why: FROM_FILE },
  { resource: "upload", attribute: "colors", why: FROM_FILE },
  { resource: "upload", attribute: "smart_tags", why: FROM_FILE },
  { resource: "upload", attribute: "blurhash", why: FROM_FILE },
  { resource: "upload", attribute: "thumbhash", why: FROM_FILE },
  { resource: "upload", attribute: "duration", why: FROM_FILE },
  { resource: "upload", attribute: "frame_rate", why: FROM_FILE },
  { resource: "upload", attribute: "mux_playback_id", why: FROM_FILE },
  { resource: "upload", attribute: "mux_mp4_highest_res", why: FROM_FILE },
  { resource: "upload", attribute: "meta.antivirus", why: "files are scanned anew" },
  { resource: "upload", attribute: "creator", why: CREATOR, when: "other creators" },
  { resource: "upload_tag", attribute: "*", why: "tags follow from those of uploads" },
  {
    resource: "scheduled_publication",
    attribute: "*",
    why: "they come back on request, and are compared then",
  },
  {
    resource: "scheduled_unpublishing",
    attribute: "*",
    why: "they come back on request, and are compared then",
  },
  ...[
    "on_publish_with_unpublished_references_strategy",
    "on_reference_unpublish_strategy",
    "on_reference_delete_strategy",
  ].map((strategy): LeftOut => ({
    resource: "field",
    attribute: `validators.*.${strategy}`,
    why: FILLED_IN,
    when: "not in the snapshot",
  })),
  {
    resource: "item_type",
    attribute: "ordering_direction",
    why: FILLED_IN,
    when: "not in the snapshot",
  },
  {
    resource: "item_type",
    attribute: "collection_appeareance",
    why: "the older spelling of collection_appearance, which is compared",
  },
  { resource: "field", attribute: "position", why: "the order of fields is compared instead" },
  {
    resource: "fieldset",
    attribute: "position",
    why: "the order of fieldsets is compared instead",
  },
  {
    resource: "menu_item",
    attribute: "position",
    why: "the order of the menu is compared instead",
  },
  {
    resource: "schema_menu_item",
    attribute: "position",
    why: "the order of the menu is compared instead",
  },
  {
    resource: "upload_collection",
    attribute: "position",
    why: "the order of collections is compared instead",
  },
  {
    resource: "site",
    attribute: "name",
    why: "it is what tells the projects apart",
    when: "other project",
  },
  {
    resource: "site",
    attribute: "*",
    why: "what the snapshot doesn't name stays as it is",
    when: "not in the snapshot",
  },
  { resource: "site", attribute: "last_data_change_at", why: SERVER },
  { resource: "site", attribute: "domain", why: "two projects can't have one domain" },
  { resource: "site", attribute: "internal_domain", why: "two projects can't have one domain" },
  { resource: "site", attribute: "imgix_host", why: "it belongs to the account's plan" },
  { resource: "site", attribute: "google_maps_api_token", why: HOLDS_SECRETS },
  { resource: "site", attribute: "frontend_url", why: "the API doesn't take it" },
  { resource: "site", attribute: "item_types", why: "models are compared one by one" },
  { resource: "site", attribute: "menu_items", why: "menu items are compared one by one" },
  { resource: "site", attribute: "meta.created_at", why: SERVER },
  {
    resource: "site",
    attribute: "meta.custom_upload_storage_settings",
    why: "it belongs to the account's plan",
  },
  { resource: "site", attribute: "owner", why: OF_PEOPLE },
  { resource: "site", attribute: "account", why: OF_PEOPLE },
  { resource: "site", attribute: "users", why: OF_PEOPLE },
  { resource: "site", attribute: "sso_users", why: OF_PEOPLE },
  { resource: "site", attribute: "roles", why: OF_PEOPLE },
  { resource: "site", attribute: "build_triggers", why: HOLDS_SECRETS },
  { resource: "role", attribute: "*", why: ON_REQUEST },
  { resource: "access_token", attribute: "*", why: HOLDS_SECRETS },
  { resource: "user", attribute: "*", why: OF_PEOPLE },
  { resource: "sso_user", attribute: "*", why: OF_PEOPLE },
  { resource: "sso_group", attribute: "*", why: OF_PEOPLE },
  { resource: "sso_settings", attribute: "*", why: HOLDS_SECRETS },
  { resource: "site_invitation", attribute: "*", why: OF_PEOPLE },
  { resource: "webhook", attribute: "*", why: ON_REQUEST },
  { resource: "build_trigger", attribute: "*", why: ON_REQUEST },
  { resource: "search_index", attribute: "*", why: ON_REQUEST },
  { resource: "environment", attribute: "*", why: "only one environment is restored" },
  { resource: "white_label_settings", attribute: "*", why: "it belongs to the account's plan" },
];

/**
 * What is left out of a comparison.
 *
 * @param whens What makes it so that something can't be as it was.
 */
export function leftOutBy(whens: ReadonlySet<LeftOutWhen>): LeftOut[] {
  return LEFT_OUT.filter(({ when }) => {
    return when === undefined || when === "not in the snapshot" || whens.has(when);
  });
}

/**
 * What makes it so that something can't be as it was.
 *
 * @param choices What was chosen.
 */
export function whensOf(
  { isOtherProject, living, creators = "keep" }: Pick<
    Choices,
    "isOtherProject" | "living" | "creators"
  >,
): ReadonlySet<LeftOutWhen> {
  // What was there before isn't given another creator.
  const hasOthers = typeof creators === "string" ? creators === "drop" : !isOtherProject;
  return new Set([
    ...isOtherProject ? ["other project" as const] : [],
    ...living?.publishes === false ? ["nothing published" as const] : [],
    ...hasOthers ? ["other creators" as const] : [],
  ]);
}

/** Decides what is left out of a comparison. */
export class LeftOuts {
  readonly #names = new Map<
    string,
    { readonly path: readonly string[]; readonly isFilled: boolean }[]
  >();

  /** @param whens What makes it so that something can't be as it was. */
  constructor(whens: ReadonlySet<LeftOutWhen>) {
    for (const { resource, attribute, when } of leftOutBy(whens)) {
      const own = { path: attribute.split("."), isFilled: when === "not in the snapshot" };
      this.#names.set(resource, [...this.#names.get(resource) ?? [], own]);
    }
  }

  /**
   * Whether an attribute is left out.
   *
   * @param resource The type of the resource.
   * @param path The attribute, or something in it, as a path with slashes.
   * @param isLacking Whether the snapshot has nothing there. @default {false}
   */
  has(resource: string, path: string, isLacking = false): boolean {
    const names = path.split("/");
    return this.#names.get(resource)?.some(({ path, isFilled }) => {
      const isNamed = path.every((name, i) => name === "*" ? true : name === names[i]);
      return isNamed && path.length <= names.length && (!isFilled || isLacking);
    }) ?? false;
  }
}

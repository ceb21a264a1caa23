import type { Site } from "../content/resource.ts";
import { MemoryProject } from "./memory_project.ts";
import { buildSchema, type ModelSketch, ref, schemaMenu } from "./schema_builder.ts";
import { completeSettings } from "./settings_paths.ts";

/** How {@linkcode emptyProject} makes a project. */
export interface EmptyProjectOptions {
  /** The project's id, a number. @default {"77001"} */
  readonly id?: string | undefined;
  /** The project's locales; the first is the main one. @default {["en"]} */
  readonly locales?: readonly string[] | undefined;
  /** The models and block models that it has already, by `api_key`. @default None */
  readonly models?: Readonly<Record<string, ModelSketch>> | undefined;
  /** Tells the time of changes. @default {() => new Date()} */
  readonly clock?: (() => Date) | undefined;
}

/**
 * A project as it is when it was just made: nothing is in it, but what every project has.
 *
 * @param options How to make it.
 *
 * @example
 * ```ts
 * import { emptyProject } from "./empty_project.ts";
 *
 * const { primary } = emptyProject();
 * console.assert(primary.itemTypes.length === 0);
 * console.assert(primary.site.attributes.locales.join() === "en");
 * ```
 */
export function emptyProject(options: EmptyProjectOptions = {}): MemoryProject {
  const { id = "77001", locales = ["en"], models = {}, clock = () => new Date() } = options;
  const now = clock().toISOString();
  const schema = buildSchema(models, locales);
  return new MemoryProject(
    [{
      resource: {
        id: "main",
        type: "environment",
        meta: {
          created_at: now,
          status: "ready",
          read_only_mode: false,
          primary: true,
          last_data_change_at: now,
          forked_from: null,
        },
      },
      site: site(id, locales, now, schema.itemTypes.map((model) => model.id)),
      ...schema,
      settings: completeSettings({
        "/schema-menu-items": schemaMenu(schema.itemTypes),
        "/access_tokens": [{
          id: "80001",
          type: "access_token",
          attributes: {
            name: "Full-access API token",
            hardcoded_type: "admin",
            can_access_cda: true,
            can_access_cda_preview: true,
            can_access_cma: true,
          },
          relationships: { role: { data: null } },
        }],
      }),
      records: [],
      uploads: [],
    }],
    new Map(),
    { clock },
  );
}

function site(id: string, locales: readonly string[], now: string, models: string[]): Site {
  const colour = (red: number, green: number, blue: number) => ({ red, green, blue, alpha: 255 });
  return {
    id,
    type: "site",
    attributes: {
      name: "New project",
      theme: {
        primary_color: colour(0, 107, 181),
        accent_color: colour(0, 150, 200),
        light_color: colour(226, 240, 250),
        dark_color: colour(20, 30, 50),
        logo: null,
      },
      imgix_host: "www.datocms-assets.com",
      domain: null,
      internal_domain: `project-${id}.admin.datocms.example`,
      locales: [...locales],
      last_data_change_at: now,
      google_maps_api_token: null,
      global_seo: null,
      favicon: null,
      no_index: false,
      frontend_url: null,
      timezone: "Europe/London",
      require_2fa: false,
      ip_tracking_enabled: true,
      force_use_of_sandbox_environments: false,
      assets_cdn_default_settings: {},
    },
    relationships: {
      account: { data: ref("account", "52759") },
      users: { data: [] },
      sso_users: { data: [] },
      menu_items: { data: [] },
      item_types: { data: models.map((model) => ref("item_type", model)) },
      roles: { data: [] },
      build_triggers: { data: [] },
    },
  };
}

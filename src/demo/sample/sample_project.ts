import type { Resource, Site } from "../../content/resource.ts";
import type { StoredItem } from "../../simulator/stored_item.ts";
import type { MemoryContent } from "../../simulator/memory_environment.ts";
import { MemoryProject } from "../../simulator/memory_project.ts";
import { ref } from "../../simulator/schema_builder.ts";
import { articles } from "./articles.ts";
import { authors } from "./authors.ts";
import { glossary } from "./glossary.ts";
import { homePage } from "./home_page.ts";
import { itemId, SITE_ID, uploadId } from "./ids.ts";
import { locks } from "./locks.ts";
import { notices } from "./notices.ts";
import { record } from "./record.ts";
import { LOCALES, sampleSchema } from "./schema.ts";
import { sections } from "./sections.ts";
import { sampleSettings } from "./settings.ts";
import { sampleUploads } from "./uploads.ts";
import { each } from "./writing.ts";

const CHANGED_AT = "2026-03-01T09:15:30.120Z";

/** How {@linkcode sampleProject} makes the project. */
export interface SampleProjectOptions {
  /** Tells the time of changes. @default {() => new Date()} */
  readonly clock?: (() => Date) | undefined;
}

/**
 * Slackwater, a small magazine of rivers and locks in three languages: a project to try Sluice on. It
 * has a field of each type, blocks within blocks within blocks, drafts and unpublished changes, a
 * single-instance model, a sortable one, a tree, and one without drafts; a sandbox environment; and
 * uploads of many kinds, among them an infected one, one without digest, two of the same name, and one
 * whose path must not be believed.
 *
 * @param options How to make it.
 * @return A new copy, free to be changed.
 *
 * @example
 * ```ts
 * import { sampleProject } from "./sample_project.ts";
 *
 * const { site } = sampleProject().primary;
 * console.assert(site.attributes.locales.join() === "en,it,pt-BR");
 * ```
 */
export function sampleProject(options: SampleProjectOptions = {}): MemoryProject {
  const { itemTypes, fields, fieldsets } = sampleSchema();
  const { uploads, assets } = sampleUploads();
  const main: MemoryContent = {
    resource: environment("main", "2025-02-01T07:00:00.000Z", null),
    site: site(itemTypes),
    itemTypes,
    fields,
    fieldsets,
    settings: sampleSettings(),
    records: byCreation([
      ...homePage(),
      ...sections(),
      ...authors(),
      ...glossary(),
      ...locks(),
      ...articles(),
      ...notices(),
    ]),
    uploads,
  };
  const sandbox = {
    ...main,
    resource: environment("spring-issue", "2026-02-25T12:00:00.000Z", "main"),
    records: byCreation([...main.records, springNotice()]),
  };
  return new MemoryProject([main, sandbox], assets, options);
}

/** What only the sandbox environment has. */
function springNotice(): StoredItem {
  return record({
    key: "notice-spring",
    model: "notice",
    created: "2026-02-26T09:00:00.000Z",
    published: "2026-02-26T09:00:00.050Z",
    attributes: {
      title: each("Spring, probably", "Primavera, probabilmente", "Primavera, provavelmente"),
      text: each("<p>Bring both coats.</p>", "<p>Due cappotti.</p>", "<p>Dois casacos.</p>"),
      urgency: "calm",
      from: "2026-03-20T00:00:00.000Z",
      until: null,
      locks: [itemId("candle")],
    },
  });
}

function environment(id: string, createdAt: string, forkedFrom: string | null): Resource {
  return {
    id,
    type: "environment",
    meta: {
      created_at: createdAt,
      status: "ready",
      read_only_mode: false,
      primary: forkedFrom === null,
      last_data_change_at: forkedFrom === null ? CHANGED_AT : "2026-02-26T09:00:00.050Z",
      forked_from: forkedFrom,
    },
  };
}

function site(itemTypes: readonly Resource[]): Site {
  const grey = { red: 38, green: 70, blue: 83, alpha: 255 };
  const seo = (site_name: string, description: string) => ({
    site_name,
    title_suffix: ` – ${site_name}`,
    twitter_account: null,
    facebook_page_url: null,
    fallback_seo: {
      title: site_name,
      description,
      image: uploadId("wordmark"),
      twitter_card: "summary",
    },
  });
  return {
    id: SITE_ID,
    type: "site",
    attributes: {
      name: "Slackwater",
      theme: {
        type: "custom",
        hue: null,
        primary_color: grey,
        accent_color: { red: 233, green: 196, blue: 106, alpha: 255 },
        light_color: { red: 244, green: 241, blue: 222, alpha: 255 },
        dark_color: grey,
        logo: uploadId("wordmark"),
      },
      imgix_host: "www.datocms-assets.com",
      domain: null,
      internal_domain: "slackwater.admin.datocms.com",
      locales: [...LOCALES],
      last_data_change_at: CHANGED_AT,
      google_maps_api_token: "not-a-real-maps-token",
      global_seo: each(
        seo("Slackwater", "Rivers, locks and waiting."),
        seo("Slackwater", "Fiumi, chiuse e attese."),
        seo("Slackwater", "Rios, eclusas e esperas."),
      ),
      favicon: uploadId("heron-at-dawn"),
      no_index: false,
      frontend_url: "https://slackwater.example/",
      timezone: "Europe/Rome",
      require_2fa: false,
      ip_tracking_enabled: false,
      force_use_of_sandbox_environments: false,
      assets_cdn_default_settings: {
        image: { auto: ["compress"] },
        video: { disable_serving_raw_videos: true },
      },
    },
    relationships: {
      account: { data: ref("account", "52759") },
      owner: { data: ref("account", "52759") },
      item_types: { data: itemTypes.map(({ id }) => ref("item_type", id)) },
    },
    meta: {
      created_at: "2025-02-01T07:00:00.000Z",
      improved_timezone_management: true,
      improved_hex_management: true,
      improved_gql_multilocale_fields: true,
      improved_gql_visibility_control: true,
      improved_boolean_fields: true,
      draft_mode_default: true,
      improved_validation_at_publishing: true,
      improved_exposure_of_inline_blocks_in_cda: true,
      improved_items_listing: true,
      milliseconds_in_datetime: true,
      custom_upload_storage_settings: false,
    },
  };
}

function byCreation(records: readonly StoredItem[]): StoredItem[] {
  return records.toSorted((a, b) => createdAt(a) < createdAt(b) ? -1 : 1);
}

function createdAt({ current }: StoredItem): string {
  return String(current.meta?.created_at);
}

import type { Resource, Site } from "../../content/resource.ts";
import { SchemaIndex } from "../../content/schema_index.ts";
import { entityId } from "../entity_id.ts";
import { GeneratedIds } from "./ids.ts";
import { GeneratedItems } from "./items.ts";
import { RecordMaker } from "./record_maker.ts";
import { generatedSchema } from "./schema.ts";
import { GeneratedUploads } from "./uploads.ts";
import type { DemoEnvironment, DemoProject } from "../project.ts";
import { ref, schemaMenu } from "../schema_builder.ts";
import { completeSettings } from "../settings_paths.ts";

/** What {@linkcode generateProject} makes. */
export interface GenerateProjectOptions {
  /** How many records there are, over all models; up to 33 million. */
  readonly records: number;
  /** The project's locales; the first is the main one. @default {["en", "it"]} */
  readonly locales?: readonly string[] | undefined;
  /** How many uploads there are. @default {0} */
  readonly uploads?: number | undefined;
  /**
   * How many blocks each record of a model with blocks has, all locales and levels counted: up to 500.
   *
   * @default {8}
   */
  readonly blocksPerRecord?: number | undefined;
  /**
   * How many models there are, which records belong to in turn. The first and fourth of every four have
   * blocks; the second and third don't.
   *
   * @default {4}
   */
  readonly models?: number | undefined;
  /** How many bytes an asset has on average. @default {20_000} */
  readonly assetBytes?: number | undefined;
  /** Projects of the same options and seed are the same. @default {1} */
  readonly seed?: number | undefined;
}

const CREATED_AT = "2020-01-01T00:00:00.000Z";

/**
 * A project of any size. Everything in it is made up when it is read, from its number and the seed, so
 * that its memory doesn't grow with it. One record in ten is a draft, two have unpublished changes.
 *
 * @param options How much there is of what.
 * @throws {RangeError} If an option isn't a whole number in its bounds.
 *
 * @example
 * ```ts
 * import { generateProject } from "./generated_project.ts";
 *
 * const project = generateProject({ records: 1_000_000, uploads: 1000 });
 * const { total, page } = project.environments.get("main")!.items.list({
 *   version: "current",
 *   blocksToo: false,
 *   filters: [],
 *   orderBy: [{ column: "_created_at", direction: "ASC" }],
 *   offset: 999_990,
 *   limit: 30,
 * });
 * console.assert(total === 1_000_000 && page.length === 10);
 * ```
 */
export function generateProject(options: GenerateProjectOptions): DemoProject {
  const { records, locales = ["en", "it"], uploads = 0, seed = 1 } = options;
  const { blocksPerRecord = 8, models = 4, assetBytes = 20_000 } = options;
  checkRange("records", records, 0, 2 ** 25);
  checkRange("uploads", uploads, 0, 2 ** 25);
  checkRange("blocksPerRecord", blocksPerRecord, 0, 500);
  checkRange("models", models, 1, 1000);
  checkRange("assetBytes", assetBytes, 0, 2 ** 40);
  checkRange("locales.length", locales.length, 1, 500);

  const ids = new GeneratedIds(seed);
  const { itemTypes, fields, fieldsets } = generatedSchema(models, locales);
  const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
  const maker = new RecordMaker({ records, models, locales, uploads, blocksPerRecord, seed, ids });
  const siteId = String(900_000 + seed % 100_000);
  const uploadStore = new GeneratedUploads({ uploads, assetBytes, siteId, seed, ids });
  const menu = itemTypes.filter((model) => !model.attributes.modular_block);
  const content = {
    site: generatedSite(siteId, locales, itemTypes),
    itemTypes,
    fields,
    fieldsets,
    settings: completeSettings({
      "/menu-items": menu.map(menuItem),
      "/schema-menu-items": schemaMenu(itemTypes),
    }),
    items: new GeneratedItems({ records, models, maker, ids, schema }),
    uploads: uploadStore,
  };
  // Nothing in here changes, so a fork is another name for the same.
  const environment = (resource: Resource): DemoEnvironment => ({
    ...content,
    resource,
    fork: environment,
  });
  const main = environment({
    id: "main",
    type: "environment",
    meta: {
      created_at: CREATED_AT,
      status: "ready",
      read_only_mode: false,
      primary: true,
      last_data_change_at: CREATED_AT,
      forked_from: null,
    },
  });
  return {
    primaryEnvironment: "main",
    environments: new Map([["main", main]]),
    asset: (path) => uploadStore.asset(path),
  };
}

function generatedSite(
  id: string,
  locales: readonly string[],
  itemTypes: readonly Resource[],
): Site {
  return {
    id,
    type: "site",
    attributes: {
      name: "Generated project",
      domain: null,
      internal_domain: `generated-${id}.admin.datocms.com`,
      imgix_host: "www.datocms-assets.com",
      locales: [...locales],
      timezone: "UTC",
      no_index: true,
      favicon: null,
      global_seo: null,
      frontend_url: null,
      google_maps_api_token: null,
      last_data_change_at: CREATED_AT,
      assets_cdn_default_settings: { image: {}, video: { disable_serving_raw_videos: false } },
    },
    relationships: { item_types: { data: itemTypes.map((one) => ref("item_type", one.id)) } },
    meta: { created_at: CREATED_AT },
  };
}

function menuItem(model: Resource, i: number): Resource {
  return {
    id: entityId(`menu item ${i + 1}`),
    type: "menu_item",
    attributes: {
      label: String(model.attributes?.name),
      position: i + 1,
      external_url: null,
      open_in_new_tab: false,
    },
    relationships: {
      item_type: { data: ref("item_type", model.id) },
      item_type_filter: { data: null },
      parent: { data: null },
      children: { data: [] },
    },
  };
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}, but is ${value}.`);
}

import { mapBlocks } from "../content/blocks.ts";
import { isObject } from "../text/json.ts";
import type { Field, Item, ItemType, Json, Resource, Site, Upload } from "../content/resource.ts";
import { SchemaIndex } from "../content/schema_index.ts";
import { bytesAsset, type DemoAsset } from "./project.ts";
import type { StoredItem } from "./stored_item.ts";
import { MemoryProject } from "./memory_project.ts";
import { completeSettings } from "./settings_paths.ts";

/** A request to the real API, and what it answered. */
export interface RecordedExchange {
  /** The HTTP method. */
  readonly method: string;
  /** The URL's path and query. */
  readonly path: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The answer's body. */
  readonly responseBody: Json;
}

/** Which settings' resources are looked for: resource type to URL path. */
const SETTINGS: Readonly<Record<string, string>> = {
  plugin: "/plugins",
  role: "/roles",
  menu_item: "/menu-items",
  webhook: "/webhooks",
  workflow: "/workflows",
};

/**
 * The project that a recording of real traffic ends with: whatever resources its answers showed last,
 * with their attributes exactly as they came.
 *
 * Two things can't be had from a recording and are made up: the bytes of assets (of the recorded size;
 * so `md5` is replaced by that of these bytes), and the site if it was never asked for.
 *
 * @param recording The exchanges, oldest first.
 */
export function projectFromRecording(recording: readonly RecordedExchange[]): MemoryProject {
  const found = collect(recording);
  const of = <T extends Resource>(type: string) => [...found.get(type)?.values() ?? []] as T[];
  const fields = of<Field>("field");
  // The API lists the newest first.
  const itemTypes = of<ItemType>("item_type").toSorted((a, b) => Number(b.id) - Number(a.id));
  const fieldsets = of<Resource>("fieldset");
  const site = of<Site>("site")[0] ?? madeUpSite(itemTypes);
  const { locales } = site.attributes;
  const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });

  const assets = new Map<string, DemoAsset>();
  const uploads = of<Upload>("upload").map((upload) => {
    const asset = madeUpAsset(upload);
    assets.set(upload.attributes.path, asset);
    return { ...upload, attributes: { ...upload.attributes, md5: asset.md5 } };
  });
  const given: Record<string, Resource[]> = {};
  for (const [type, path] of Object.entries(SETTINGS)) given[path] = of(type);

  return new MemoryProject([{
    resource: of("environment")[0] ?? madeUpEnvironment(site),
    site,
    itemTypes,
    fields,
    fieldsets,
    settings: completeSettings(given),
    records: storedItems(of<Item>("item"), publishedItems(recording), schema),
    uploads: uploads.toSorted(byCreation),
  }], assets);
}

/** The latest state of each resource that an answer showed, by type and id. */
function collect(recording: readonly RecordedExchange[]): Map<string, Map<string, Resource>> {
  const found = new Map<string, Map<string, Resource>>();
  for (const { method, path, status, responseBody } of recording) {
    if (status >= 300 || path.includes("version=published")) continue;
    const payload = payloadOf(responseBody);
    const deleted = method === "DELETE";
    for (const resource of resourcesIn(payload)) {
      let known = found.get(resource.type);
      if (!known) found.set(resource.type, known = new Map());
      const gone = deleted || resource.meta?.status === "destroying";
      if (gone) known.delete(resource.id);
      else known.set(resource.id, resource);
    }
  }
  return found;
}

/** An answer's body, or that of the job it tells the result of. */
function payloadOf(body: Json): Json {
  const data = isObject(body) ? body.data : undefined;
  const isJob = isObject(data) && data.type === "job_result" && isObject(data.attributes);
  return isJob ? (data.attributes as { payload: Json }).payload : body;
}

function resourcesIn(payload: Json): Resource[] {
  if (!isObject(payload)) return [];
  const { data = [], included = [] } = payload;
  const all = [...Array.isArray(data) ? data : [data], ...Array.isArray(included) ? included : []];
  return all as unknown as Resource[];
}

function publishedItems(recording: readonly RecordedExchange[]): Map<string, Item> {
  const listings = recording.filter(({ path }) => path.includes("version=published"));
  return new Map(
    listings.flatMap(({ responseBody }) => resourcesIn(responseBody) as Item[])
      .map((item) => [item.id, item]),
  );
}

function storedItems(
  items: readonly Item[],
  published: ReadonlyMap<string, Item>,
  schema: SchemaIndex,
): StoredItem[] {
  const isBlock = (item: Item) => schema.itemTypeOf(item)?.attributes.modular_block === true;
  const currentBlocks = new Map(items.filter(isBlock).map((block) => [block.id, block]));
  const publishedBlocks = new Map([...currentBlocks, ...published]);
  return items.filter((item) => !isBlock(item)).map((item) => {
    const current = nestedItem(item, currentBlocks, schema);
    if (item.meta?.status === "draft") return { current };
    const version = published.get(item.id);
    return { current, published: version ? nestedItem(version, publishedBlocks, schema) : current };
  }).toSorted((a, b) => Number(a.current.id) - Number(b.current.id));
}

/** Puts whole blocks, as nested mode shows them, in place of their ids. */
function nestedItem(item: Item, blocks: ReadonlyMap<string, Item>, schema: SchemaIndex): Item {
  const attributes = { ...item.attributes };
  for (const { attributes: field } of schema.fields(item.relationships.item_type.data.id)) {
    const value = attributes[field.api_key];
    if (value === undefined) continue;
    const nest = (one: Json) =>
      mapBlocks(one, field.field_type, (block) => {
        const whole = typeof block === "string" ? blocks.get(block) : block;
        if (!whole) {
          throw new TypeError(`The recording doesn't show block ${JSON.stringify(block)}.`);
        }
        return nestedBlock(whole, blocks, schema) as unknown as Json;
      });
    attributes[field.api_key] = field.localized && isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([locale, one]) => [locale, nest(one)]))
      : nest(value);
  }
  return { ...item, attributes };
}

function nestedBlock(block: Item, blocks: ReadonlyMap<string, Item>, schema: SchemaIndex): Item {
  const { id, type, attributes, relationships } = nestedItem(block, blocks, schema);
  const { updated_at: _updated, created_at: _created, ...own } = attributes;
  return { id, type, attributes: own, relationships };
}

function madeUpAsset({ attributes }: Upload): DemoAsset {
  const line = new TextEncoder().encode(`Bytes made up in place of ${attributes.path}\n`);
  const bytes = new Uint8Array(Number(attributes.size ?? 0));
  for (let i = 0; i < bytes.length; i += line.length) {
    bytes.set(line.subarray(0, bytes.length - i), i);
  }
  return bytesAsset(bytes, String(attributes.mime_type ?? "application/octet-stream"));
}

function madeUpSite(itemTypes: readonly ItemType[]): Site {
  const item_types = { data: itemTypes.map(({ id }) => ({ id, type: "item_type" })) };
  return {
    id: "64206",
    type: "site",
    attributes: {
      name: "Recorded project",
      locales: ["en"],
      timezone: "Europe/London",
      imgix_host: "www.datocms-assets.com",
      last_data_change_at: "2022-03-01T16:08:21.823Z",
    },
    relationships: { item_types },
  };
}

function madeUpEnvironment({ attributes }: Site): Resource {
  return {
    id: "main",
    type: "environment",
    meta: {
      created_at: attributes.last_data_change_at ?? null,
      status: "ready",
      primary: true,
      last_data_change_at: attributes.last_data_change_at ?? null,
    },
  };
}

function byCreation(a: Upload, b: Upload): number {
  return String(a.attributes.created_at) < String(b.attributes.created_at) ? -1 : 1;
}

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { JsonObject, Resource } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryContent } from "../../src/simulator/memory_environment.ts";
import { MemoryProject } from "../../src/simulator/memory_project.ts";
import { fieldId, itemTypeId, ref } from "../../src/simulator/schema_builder.ts";
import { isObject } from "../../src/text/json.ts";
import type { Taken } from "./restoring.ts";

/** A project as it may have been before October 2023, with what each of its numeric ids is of. */
export interface NumericProject {
  readonly project: MemoryProject;
  /** The type of what has an id, by the id: no two things have one number. */
  readonly types: ReadonlyMap<string, string>;
  /** The id that something has, by the one that the sample project gives it. */
  readonly idOf: (before: string) => string;
}

/** Kinds that DatoCMS gave numbers to, beside models, records and uploads: by their paths. */
const SETTINGS = [
  ...["/workflows", "/plugins", "/upload-collections", "/menu-items", "/schema-menu-items"],
  ...["/item-type-filters", "/upload-filters"],
];

/** The sample project with links of each kind that there is, all of whose ids are numbers. */
export function numericProject(): NumericProject {
  const content = linked();
  const types = new Map<string, string>();
  const numbers = new Map<string, string>();
  const number = (one: { readonly id: string; readonly type: string }) => {
    if (numbers.has(one.id)) return;
    const own = String(7_100_001 + numbers.size);
    numbers.set(one.id, own);
    types.set(own, one.type);
  };
  for (const one of [...content.itemTypes, ...content.fields, ...content.fieldsets]) number(one);
  for (const path of SETTINGS) {
    for (const one of content.settings.get(path) as readonly Resource[]) number(one);
  }
  for (const upload of content.uploads) number(upload);
  // Records, and the blocks in them.
  walk(content.records as unknown as JsonObject[], (value) => {
    if (isObject(value) && value.type === "item" && isObject(value.attributes)) {
      number(value as unknown as Resource);
    }
  });
  const renumbered = <T>(of: T): T =>
    JSON.parse(
      JSON.stringify(of).replace(/"([\w-]{22})"/g, (text, id) => {
        const own = numbers.get(id);
        return own === undefined ? text : `"${own}"`;
      }),
    );
  const { settings, ...rest } = content;
  const own = { ...renumbered(rest), settings: new Map(renumbered([...settings])) };
  const sample = sampleProject();
  const assets = new Map(content.uploads.flatMap(({ attributes: { path } }) => {
    const asset = sample.asset(path);
    return asset ? [[path, asset]] : [];
  }));
  return {
    project: new MemoryProject([own as MemoryContent], assets),
    types,
    idOf: (before) => numbers.get(before) ?? before,
  };
}

/** The sample with what it lacks of kinds of links. */
function linked(): MemoryContent {
  const sample = sampleProject();
  const { primary } = sample;
  const { site, resource, itemTypes, fieldsets, settings } = primary;
  const [upload, other] = primary.uploads.uploads();
  const plugin = entityId("slackwater plugin");
  const filter = entityId("slackwater filter");
  const author = primary.items.records().find(({ current }) => {
    return current.relationships.item_type.data.id === itemTypeId("author");
  })!.current.id;
  const fields = primary.fields.map((field) => {
    if (field.id === fieldId("author", "languages")) {
      const addons = [{ id: plugin, field_extension: "tags", parameters: {} }];
      const look = { editor: plugin, field_extension: "tags", parameters: {}, addons };
      return { ...field, attributes: { ...field.attributes, appearance: look, appeareance: look } };
    }
    return field;
  });
  const all = new Map(settings);
  const listed = (path: string) => settings.get(path) as readonly Resource[];
  all.set(
    "/item-type-filters",
    listed("/item-type-filters").map((one) => ({
      ...one,
      attributes: {
        ...one.attributes,
        filter: { fields: { written_by: { eq: author }, minutes: { gt: "3" } } },
      },
    })),
  );
  all.set(
    "/upload-filters",
    listed("/upload-filters").map((one) => ({
      ...one,
      attributes: {
        ...one.attributes,
        filter: { fields: { upload_collection: { eq: listed("/upload-collections")[0]!.id } } },
      },
    })),
  );
  all.set(
    "/menu-items",
    listed("/menu-items").map((one) =>
      one.id !== entityId("slackwater menu levels") ? one : {
        ...one,
        attributes: { ...one.attributes, external_url: null },
        relationships: {
          ...one.relationships,
          item_type_filter: { data: ref("item_type_filter", filter) },
        },
      }
    ),
  );
  const seo = { title: null, description: null, twitter_card: "summary", image: other!.id };
  return {
    resource,
    site: {
      ...site,
      attributes: {
        ...site.attributes,
        favicon: upload!.id,
        theme: { ...site.attributes.theme as JsonObject, logo: upload!.id },
        global_seo: Object.fromEntries(
          site.attributes.locales.map((locale) => [locale, {
            site_name: "Slackwater",
            title_suffix: null,
            facebook_page_url: null,
            twitter_account: null,
            fallback_seo: seo,
          }]),
        ),
      },
    },
    itemTypes,
    fields,
    fieldsets,
    settings: all,
    records: primary.items.records(),
    // One has no file any more.
    uploads: primary.uploads.uploads().filter(({ attributes }) => sample.asset(attributes.path)),
  };
}

/** The id that takes the place of a numeric one: told by nothing of the program. */
export function newId(project: string, type: string, old: string): string {
  const digest = createHash("sha256").update(JSON.stringify([project, type, old])).digest();
  const bytes = digest.subarray(0, 16);
  bytes[6] = 0x40 | bytes[6]! % 16;
  bytes[8] = 0x80 | bytes[8]! % 64;
  return bytes.toString("base64url");
}

/** All that a snapshot holds, but for what no restore brings back: resources by type and id. */
export async function everything({ snapshot }: Taken): Promise<Map<string, Resource>> {
  const found = new Map<string, Resource>();
  const add = (one: Resource, version = "") => {
    found.set(`${one.type} ${one.type === "site" ? "" : one.id}${version}`, one);
  };
  add(await snapshot.site());
  for (const { model, fields, fieldsets } of await snapshot.models()) {
    for (const one of [model, ...fields, ...fieldsets]) add(one);
  }
  for (const path of SETTINGS) {
    for (const one of await snapshot.settings(path.slice(1).replaceAll("-", "_")) ?? []) add(one);
  }
  for await (const page of snapshot.uploads()) for (const upload of page) add(upload);
  for (const { attributes: { api_key: model } } of (await snapshot.schema()).models) {
    for (const version of ["current", "published"] as const) {
      for await (const page of snapshot.records(model, { version })) {
        for (const item of page) add(item, ` ${version}`);
      }
    }
  }
  return found;
}

/** Calls a function with each value in a value, and where it stands: numbers of lists are left out. */
export function walk(
  value: unknown,
  visit: (value: unknown, path: readonly string[], parent: unknown) => void,
  path: readonly string[] = [],
  parent: unknown = null,
): void {
  visit(value, path, parent);
  if (Array.isArray(value)) { for (const one of value) walk(one, visit, path, value); }
  else if (isObject(value)) {
    for (const [key, one] of Object.entries(value)) walk(one, visit, [...path, key], value);
  }
}

/** Lists whose order is nobody's, and what follows from others. */
const FOLLOWS = /^relationships\/(?:fields|fieldsets|item_types|menu_items|children)\b/;

/**
 * Compares each place where a numeric id stood with what stands there in the target.
 *
 * @param before What the snapshot holds.
 * @param after What the target holds.
 * @param of What an id is of, and the id of the project.
 * @return The kinds of places that were found, each as `<type> <path>`, and those that aren't right.
 */
export function compareLinks(
  before: ReadonlyMap<string, Resource>,
  after: ReadonlyMap<string, Resource>,
  { types, project }: { readonly types: ReadonlyMap<string, string>; readonly project: string },
): { readonly kinds: Set<string>; readonly wrong: string[] } {
  const kinds = new Set<string>();
  const wrong: string[] = [];
  const idOf = (id: string) => {
    const type = types.get(id);
    return type === undefined ? id : newId(project, type, id);
  };
  for (const [key, resource] of before) {
    const [type = "", id = "", version = ""] = key.split(" ");
    const found = after.get(`${type} ${idOf(id)}${version && ` ${version}`}`);
    if (found === undefined) {
      wrong.push(`${key} isn't there`);
      continue;
    }
    const [was, is] = [placesOf(resource), placesOf(found)];
    for (const [place, values] of was) {
      const ids = values.filter((value) => types.has(value));
      if (ids.length === 0 || FOLLOWS.test(place)) continue;
      kinds.add(kindOf(type, place, resource));
      const wanted = values.map(idOf);
      try {
        assert.deepEqual(is.get(place) ?? [], wanted);
      } catch {
        wrong.push(`${key} ${place}: ${wanted} became ${is.get(place)}`);
      }
    }
  }
  return { kinds, wrong };
}

/** Texts by where they stand. */
function placesOf(resource: Resource): Map<string, string[]> {
  const places = new Map<string, string[]>();
  walk(resource, (value, path) => {
    if (typeof value !== "string") return;
    const place = path.join("/");
    const own = places.get(place);
    if (own) own.push(value);
    else places.set(place, [value]);
  });
  return places;
}

/**
 * The ids that stand in places of a kind.
 *
 * @param resource What has the places.
 * @param kind Which, as {@linkcode compareLinks} calls them.
 */
export function idsIn(resource: Resource, kind: string): string[] {
  return [...placesOf(resource)].flatMap(([place, ids]) => {
    return kindOf(resource.type, place, resource) === kind ? ids : [];
  });
}

/** Of records, what matters is what the last keys are called. */
function kindOf(type: string, place: string, resource: Resource): string {
  const keys = place.split("/");
  return type === "item" && keys[0] === "attributes"
    ? `item ${keys.slice(-2).join("/")}`
    : `${resource.type} ${place}`;
}

/**
 * Records for benchmarks: more of them than can be made up one by one.
 *
 * @module
 */
import type { ItemQuery, Listing } from "../src/cma_server/stores.ts";
import type { DemoItems } from "../src/simulator/project.ts";
import type { Item, ItemType, JsonObject, Version } from "../src/content/resource.ts";
import { SchemaIndex } from "../src/content/schema_index.ts";
import type { DemoProject } from "../src/simulator/project.ts";

/** The records of a model that all others of it are copies of. */
interface Patterns {
  readonly model: ItemType;
  /** The model's number. */
  readonly number: number;
  readonly count: number;
  /** Of as many records as there are statuses in turn, the versions. */
  readonly versions: Record<Version, readonly (Item & { readonly place: number })[]>;
  readonly links: readonly string[];
}

/** Statuses in turn of a generated project's records. */
const TURN = 10;
/** Fields of other types are empty, so that records are small. */
const KEPT = new Set(["string", "slug", "file", "link", "rich_text"]);

/**
 * A generated project with as many records as it has, each of about 1 KB: ten of each model are as they were, but for
 * fields that are empty, and the others are copies of them with ids and links of their own.
 *
 * @param project The generated project.
 */
export function withSmallRecords(project: DemoProject): DemoProject {
  const environment = project.environments.get(project.primaryEnvironment)!;
  const { resource, site, itemTypes, fields, fieldsets, settings, uploads } = environment;
  const { locales } = site.attributes;
  const schema = new SchemaIndex({ itemTypes, fields, fieldsets, locales });
  const models = new Map(schema.models.map((model, number) => {
    return [model.id, patternsOf(environment.items, schema, model, number)];
  }));
  const items = {
    list: ({ typeIds, version, offset, limit }: ItemQuery) => {
      return listed(models.get(typeIds![0]!)!, version, offset, limit);
    },
    get: () => undefined,
    schedules: () => [],
  };
  const own = { resource, site, itemTypes, fields, fieldsets, settings, uploads, items };
  const main = { ...own, fork: environment.fork.bind(environment) };
  return { ...project, environments: new Map([[project.primaryEnvironment, main]]) };
}

function patternsOf(
  items: DemoItems,
  schema: SchemaIndex,
  model: ItemType,
  number: number,
): Patterns {
  const fields = schema.fields(model.id);
  const query = {
    typeIds: [model.id],
    blocksToo: false,
    filters: [],
    orderBy: [{ column: "_created_at", direction: "ASC" as const }],
    offset: 0,
    limit: TURN,
  };
  const { page, total: count } = items.list({ ...query, version: "current" });
  const places = new Map(page.map(({ id }, place) => [id, place]));
  const of = (version: Version) =>
    items.list({ ...query, version }).page.flatMap((item) => {
      const place = places.get(item.id);
      if (place === undefined) return [];
      const attributes: JsonObject = { ...item.attributes };
      for (const { attributes: { api_key: key, field_type: type } } of fields) {
        if (!KEPT.has(type)) attributes[key] = null;
      }
      return [{ ...item, attributes, place }];
    });
  const links = fields.filter(({ attributes }) => attributes.field_type === "link")
    .map(({ attributes }) => attributes.api_key);
  const versions = { current: of("current"), published: of("published") };
  return { model, number, count, versions, links };
}

function listed(
  { number, count, versions, links }: Patterns,
  version: Version,
  offset: number,
  limit: number,
): Listing<Item> {
  const patterns = versions[version];
  // A version 4 UUID as the API writes it. Not many digits in a row: those might be a number that takes longer to read.
  const start = `R${number.toString(36).padStart(2, "-")}`;
  const idOf = (n: number) => `${start}${n.toString(36).padStart(5, "-")}Q-C----------A`;
  const page: Item[] = [];
  for (let at = offset; page.length < limit; at++) {
    const { place, ...item } = patterns[at % patterns.length]!;
    const n = Math.floor(at / patterns.length) * TURN + place;
    // All places of the turns before this one are taken, whichever this one is.
    if (n >= count) break;
    const attributes = { ...item.attributes };
    for (const key of links) attributes[key] = idOf(n * 7 % count);
    page.push({ ...item, id: idOf(n), attributes });
  }
  return { total: count, page };
}

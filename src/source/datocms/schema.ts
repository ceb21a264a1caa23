import type {
  Field,
  ItemType,
  Resource,
  ResourceIdentifier,
  Site,
} from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { SchemaIndex } from "../../content/schema_index.ts";
import type { CmaClient } from "./cma_client.ts";
import { printable } from "../../text/printable.ts";
import { CmaError } from "./cma_error.ts";

/** A project's schema, as it was read. */
export interface ProjectSchema {
  /** The project itself. */
  readonly site: Site;
  /** The answer that the site came in, for `site.json`. */
  readonly document: { readonly data: Site; readonly included: readonly Resource[] };
  /** Answers questions about models and fields. */
  readonly schema: SchemaIndex;
  /** The environment that was read, as the API names it; `undefined` if it doesn't. */
  readonly environment: string | undefined;
  /** When it was read, by the API's clock. */
  readonly readAt: Date;
}

/**
 * Reads a project and its whole schema: in one request if the API includes everything, else with one or
 * two more per model.
 *
 * @param client Reads it.
 * @param signal Aborts the reading.
 * @return The project and its schema.
 * @throws {CmaError} If the API refuses, or answers with something else.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/site/self}
 *
 * @example
 * ```ts no-eval
 * import { CmaClient, readSchema } from "@sluice/datocms";
 *
 * const client = new CmaClient({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")! });
 * const { schema } = await readSchema(client);
 * console.log(schema.models.map((model) => model.attributes.api_key));
 * ```
 */
export async function readSchema(client: CmaClient, signal?: AbortSignal): Promise<ProjectSchema> {
  const { body, headers } = await client.get<{ data?: Site; included?: Resource[] }>(
    "/site",
    { include: "item_types,item_types.fields,item_types.fieldsets" },
    { signal },
  );
  const site = body?.data;
  if (site?.type !== "site" || !areTexts(site.attributes?.locales)) {
    throw new CmaError(
      `Expected a DatoCMS project from ${client.transport.baseUrl}/site, but the answer holds none: check the API's address.`,
      { code: "api_address" },
    );
  }
  const included = body.included ?? [];
  assertResources([site, ...Array.isArray(included) ? included : [included]], "/site");
  const byKey = new Map(included.map((resource) => [keyOf(resource), resource]));
  const itemTypes = await allOrRead<ItemType>(byKey, related(site, "item_types"), () => {
    return readList(client, "/item-types", signal);
  });
  for (const itemType of itemTypes) assertAttributes(itemType, ["api_key"]);
  assertDistinct(itemTypes);
  const fields: Field[] = [];
  const fieldsets: Resource[] = [];
  for (const itemType of itemTypes) {
    for (const [kind, found] of [["fields", fields], ["fieldsets", fieldsets]] as const) {
      const resources = await allOrRead(byKey, related(itemType, kind), () => {
        return readList<Resource>(
          client,
          `/item-types/${encodeURIComponent(itemType.id)}/${kind}`,
          signal,
        );
      });
      for (const resource of resources) {
        if (kind === "fields") assertAttributes(resource, ["api_key", "field_type"]);
        assertPartOf(itemType, resource);
      }
      (found as Resource[]).push(...resources);
    }
  }
  const { locales } = site.attributes;
  return {
    site,
    document: { data: site, included },
    schema: new SchemaIndex({ locales, itemTypes, fields, fieldsets }),
    environment: headers.get("x-environment") ?? undefined,
    readAt: serverTime(headers),
  };
}

function areTexts(values: unknown): values is readonly string[] {
  return Array.isArray(values) && values.every((value) => typeof value === "string");
}

/** What a model or field can't be without. */
function assertAttributes({ type, id, attributes }: Resource, names: readonly string[]): void {
  const missing = names.find((name) => typeof attributes?.[name] !== "string");
  if (missing === undefined) return;
  throw new CmaError(
    `Expected ${missing} in the attributes of ${printable(type, 40)} ${
      printable(id, 60)
    } from the DatoCMS API, but there is none.`,
  );
}

/** A field that nobody knows the model of would be missing from it. */
function assertPartOf({ id, attributes: { api_key: key } }: ItemType, part: Resource): void {
  const data = part.relationships?.item_type?.data;
  if (isObject(data) && data.id === id) return;
  throw new CmaError(
    `Expected ${printable(part.type, 40)} ${printable(part.id, 60)} to be of model ${
      printable(key, 60)
    }, in whose list the DatoCMS API names it, but it says another one.`,
  );
}

/** The files of a snapshot are named by it. */
function assertDistinct(itemTypes: readonly ItemType[]): void {
  const taken = new Set<string>();
  for (const { attributes: { api_key: key } } of itemTypes) {
    if (taken.has(key)) {
      throw new CmaError(
        `Expected each model to have an api_key of its own, but two of the project have ${
          JSON.stringify(printable(key))
        }: rename one of them.`,
      );
    }
    taken.add(key);
  }
}

/**
 * The time by the API's clock, or by ours if it doesn't tell.
 *
 * @param headers The headers of an answer that has just come.
 */
export function serverTime(headers: Headers): Date {
  const time = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(time) ? new Date() : new Date(time);
}

/** What a relationship names, if all of it was included; else what `read` finds. */
async function allOrRead<T extends Resource>(
  included: ReadonlyMap<string, Resource>,
  named: readonly ResourceIdentifier[] | undefined,
  read: () => Promise<T[]>,
): Promise<T[]> {
  if (named === undefined) return await read();
  const found = named.map((identifier) => included.get(keyOf(identifier)));
  return found.every((resource) => resource !== undefined) ? found as T[] : await read();
}

function keyOf({ type, id }: ResourceIdentifier): string {
  return `${type}/${id}`;
}

function related(resource: Resource, name: string): readonly ResourceIdentifier[] | undefined {
  const data = resource.relationships?.[name]?.data;
  if (!Array.isArray(data)) return undefined;
  assertResources(data, "/site");
  return data;
}

async function readList<T>(client: CmaClient, path: string, signal?: AbortSignal): Promise<T[]> {
  const { body } = await client.get<{ data?: T[] } | null>(path, {}, { signal });
  if (Array.isArray(body?.data)) {
    assertResources(body.data, path);
    return body.data;
  }
  throw new CmaError(
    `Expected a list of resources from GET ${path}, but the answer has none.`,
  );
}

/**
 * Makes sure that what came are resources, or identifiers of some: objects with a type and an id. All that
 * reads them relies on that.
 */
function assertResources(
  values: readonly unknown[],
  path: string,
): asserts values is readonly ResourceIdentifier[] {
  for (const value of values) {
    if (isObject(value) && typeof value.id === "string" && typeof value.type === "string") continue;
    throw new CmaError(
      `Expected resources with a type and an id in the answer to GET ${path}, but one is ${
        printable(JSON.stringify(value), 100)
      }.`,
    );
  }
}

import type { Resource } from "../content/resource.ts";
import { type Answer, invalidParameter, ok } from "./answer.ts";
import type { ReadCall } from "./read_call.ts";
import { commaList } from "./parameters.ts";

const INCLUDABLE: ReadonlySet<string> = new Set([
  "item_types",
  "item_types.fields",
  "item_types.fieldsets",
  "item_types.singleton_item",
  "account",
]);

/**
 * `GET /site`, with the schema included on demand.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/site/self}
 */
export async function siteHandler(call: ReadCall): Promise<Answer | undefined> {
  if (call.method !== "GET" || call.path.length !== 1) return undefined;
  const include = new Set(commaList(call.parameters, "include"));
  for (const path of include) {
    if (!INCLUDABLE.has(path)) throw invalidParameter("include", `can't include ${path}`);
  }
  const { environment } = call;
  if (include.size === 0) return ok(environment.site);
  return ok(environment.site, { included: await Array.fromAsync(included(call, include)) });
}

/** Each model is followed by what belongs to it, as in the API's answers. */
async function* included(
  { environment, schema, version }: ReadCall,
  include: Set<string>,
): AsyncGenerator<Resource, void> {
  const any = [...include].some((path) => path.startsWith("item_types"));
  if (!any) return;
  const isWhole = !include.has("item_types.singleton_item");
  if (environment.included !== undefined && isWhole) {
    yield* environment.included.filter(({ type }) => {
      return type === "item_type" || include.has(`item_types.${type}s`);
    });
    return;
  }
  for (const itemType of environment.itemTypes) {
    yield itemType;
    if (include.has("item_types.fields")) yield* schema.fields(itemType.id);
    if (include.has("item_types.fieldsets")) yield* schema.fieldsets(itemType.id);
    const singleton = itemType.relationships?.singleton_item?.data;
    if (include.has("item_types.singleton_item") && singleton && "id" in singleton) {
      const item = await environment.items.get(singleton.id, version(undefined));
      if (item) yield item;
    }
  }
}

import type { Item, ItemType, Version } from "../content/resource.ts";
import { regularItem } from "./block_views.ts";
import { type Answer, ApiError, invalidParameter, notFound, ok } from "./answer.ts";
import type { ReadCall } from "./read_call.ts";
import { currentVsPublishedState } from "./current_vs_published_state.ts";
import {
  commaList,
  invalidFilter,
  isTree,
  parseFilters,
  parseOrder,
  parsePage,
  text,
  textFilters,
} from "./parameters.ts";
import { findItemType } from "./schema_handlers.ts";
import type { Filter } from "./stores.ts";

/** The columns that every record has. */
const META_COLUMNS: ReadonlySet<string> = new Set([
  "id",
  "_updated_at",
  "_created_at",
  "_status",
  "_published_at",
  "_first_published_at",
  "_publication_scheduled_at",
  "_unpublishing_scheduled_at",
  "_is_valid",
]);

/**
 * `GET /items`, `/items/:id` and `/items/:id/current-vs-published-state`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/instances}
 */
export async function itemsHandler(call: ReadCall): Promise<Answer | undefined> {
  const { method, path, parameters, environment } = call;
  if (method !== "GET" || path.length > 3) return undefined;
  if (path.length === 3) {
    return path[2] === "current-vs-published-state"
      ? await currentVsPublishedState(call, path[1]!)
      : undefined;
  }
  const version = call.version(parseVersion(text(parameters, "version")));
  const nested = parseBoolean("nested", text(parameters, "nested"));
  const view = (item: Item) => nested ? item : regularItem(item, call.schema);
  const id = path[1];
  if (id !== undefined) {
    const item = await environment.items.get(id, version);
    if (!item) throw notFound();
    return ok(view(item));
  }

  const types = requestedTypes(call);
  const ids = commaList(parameters, "filter", "ids");
  refuseCombinations(call, types, ids);
  const only = types?.length === 1 ? types[0] : undefined;
  const orderBy = parseOrder(parameters, (column) => isColumn(call, only, column));
  if (orderBy.length > 0 && !only) {
    throw invalidParameter("order_by", "needs exactly one model in filter[type]");
  }
  const { total, page } = await environment.items.list({
    typeIds: types?.map((type) => type.id),
    ids,
    version,
    blocksToo: true,
    filters: [
      ...filtersOfAll(call),
      ...parseFilters(
        parameters,
        (column) => isColumn(call, only, column),
        call.takesAllFilters,
      ),
    ],
    orderBy,
    locale: text(parameters, "locale"),
    ...parsePage(parameters, { default: 30, max: nested ? 30 : 500 }),
  });
  return ok(page.map(view), { meta: { total_count: total } });
}

function requestedTypes(call: ReadCall): ItemType[] | undefined {
  return commaList(call.parameters, "filter", "type")?.map((key) => {
    const type = findItemType(call, key);
    if (!type) throw new ApiError(422, "ITEM_TYPE_NOT_FOUND", { details: { item_type: key } });
    return type;
  });
}

/** What the API's documentation says can't go together, and what isn't served here. */
function refuseCombinations(
  { parameters, takesAllFilters }: ReadCall,
  types: readonly ItemType[] | undefined,
  ids: readonly string[] | undefined,
): void {
  const filter = isTree(parameters.filter) ? parameters.filter : {};
  for (const key of Object.keys(filter)) {
    const isTaken = ["type", "ids", "fields"].includes(key) ||
      takesAllFilters && ["query", "only_valid"].includes(key);
    if (!isTaken) throw invalidFilter({ filter: key });
  }
  if (types && ids) throw invalidParameter("filter[ids]", "can't be combined with filter[type]");
  const blocks = types?.some((type) => type.attributes.modular_block);
  if (blocks && filter.fields !== undefined) {
    throw invalidParameter("filter[fields]", "can't be combined with block models in filter[type]");
  }
}

/** What `filter[query]` and `filter[only_valid]` ask for. */
function filtersOfAll({ parameters }: ReadCall): Filter[] {
  const filters = textFilters(parameters);
  const valid = text(parameters, "filter", "only_valid");
  if (parseBoolean("filter[only_valid]", valid)) {
    filters.push({ column: "_is_valid", operator: "neq", value: "false" });
  }
  return filters;
}

function isColumn({ schema }: ReadCall, only: ItemType | undefined, column: string): boolean {
  if (META_COLUMNS.has(column)) return true;
  if (!only) return false;
  const { sortable, tree } = only.attributes;
  if (column === "position") return sortable === true || tree === true;
  if (column === "parent") return tree === true;
  return schema.fields(only.id).some((field) => field.attributes.api_key === column);
}

function parseVersion(value: string | undefined): Version | undefined {
  if (value === undefined || value === "current" || value === "published") return value;
  throw invalidParameter("version", "must be current or published");
}

function parseBoolean(name: string, value: string | undefined): boolean {
  if (value === undefined || value === "true" || value === "false") return value === "true";
  throw invalidParameter(name, "must be true or false");
}

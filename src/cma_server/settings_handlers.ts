import type { Resource } from "../content/resource.ts";
import { type Answer, notFound, ok } from "./answer.ts";
import type { ReadCall } from "./read_call.ts";
import { commaList, parsePage, text } from "./parameters.ts";

/**
 * Everything that is listed whole: `/menu-items`, `/roles/:id`, `/white-label-settings`, ….
 *
 * @param call The request.
 */
export async function settingsHandler(call: ReadCall): Promise<Answer | undefined> {
  const { method, path, parameters, environment } = call;
  const [name, id] = path;
  const value = await environment.settings.get(`/${name}`);
  if (method !== "GET" || value === undefined || path.length > 2) return undefined;
  if (!isList(value)) return id === undefined ? ok(value) : undefined;
  if (id === undefined) {
    const ids = commaList(parameters, "filter", "ids");
    return ok(ids ? value.filter((one) => ids.includes(one.id)) : value);
  }
  const found = value.find((one) => one.id === id);
  if (!found) throw notFound();
  return ok(found);
}

/**
 * `GET /upload-tags` and `/upload-smart-tags`, which are paged and ordered by name.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload-tag/instances}
 */
export async function tagsHandler(call: ReadCall): Promise<Answer | undefined> {
  const { method, path, parameters, environment } = call;
  const value = await environment.settings.get(`/${path[0]}`) ?? [];
  if (method !== "GET" || path.length > 1 || !isList(value)) return undefined;
  const { limit, offset } = parsePage(parameters, { default: 50, max: 500 });
  const query = text(parameters, "filter", "query")?.toLowerCase() ?? "";
  const tags = value.filter((tag) => nameOf(tag).toLowerCase().includes(query))
    .toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : 1);
  return ok(tags.slice(offset, offset + limit), { meta: { total_count: tags.length } });
}

/**
 * Whether there may be several of a kind of settings.
 *
 * @param value The settings.
 */
export function isList(value: readonly Resource[] | Resource): value is readonly Resource[] {
  return Array.isArray(value);
}

function nameOf(tag: Resource): string {
  return String(tag.attributes?.name ?? "");
}

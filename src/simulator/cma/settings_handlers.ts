import type { Resource } from "../../content/resource.ts";
import { type Answer, notFound, ok } from "../../cma_server/answer.ts";
import type { Call } from "./call.ts";
import { commaList, parsePage, text } from "../../cma_server/parameters.ts";

/**
 * Everything that is listed whole: `/menu-items`, `/roles/:id`, `/white-label-settings`, ….
 *
 * @param call The request.
 */
export function settingsHandler(call: Call): Answer | undefined {
  const { method, path, parameters, environment } = call;
  const [name, id] = path;
  const value = environment.settings.get(`/${name}`);
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
export function tagsHandler(call: Call): Answer | undefined {
  const { method, path, parameters, environment } = call;
  const value = environment.settings.get(`/${path[0]}`) ?? [];
  if (method !== "GET" || path.length > 1 || !isList(value)) return undefined;
  const { limit, offset } = parsePage(parameters, { default: 50, max: 500 });
  const query = text(parameters, "filter", "query")?.toLowerCase() ?? "";
  const tags = value.filter((tag) => nameOf(tag).toLowerCase().includes(query))
    .toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : 1);
  return ok(tags.slice(offset, offset + limit), { meta: { total_count: tags.length } });
}

/**
 * `GET /users/me`: the API token, with its role; the project's owner if the project has no such token. The
 * rest is as for other settings.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/user/me}
 */
export function usersHandler(call: Call): Answer | undefined {
  const { method, path, parameters, environment: { settings } } = call;
  if (method !== "GET" || path[1] !== "me" || path.length > 2) return settingsHandler(call);
  const [tokens, roles] = [settings.get("/access_tokens") ?? [], settings.get("/roles") ?? []];
  const me = isList(tokens)
    ? tokens.find(({ attributes }) => attributes?.can_access_cma === true)
    : undefined;
  if (me === undefined || !isList(roles)) return ok({ id: "52759", type: "account" });
  if (text(parameters, "include") !== "role") return ok(me);
  const ref = me.relationships?.role?.data;
  return ok(me, { included: roles.filter(({ id }) => ref && "id" in ref && id === ref.id) });
}

function isList(value: readonly Resource[] | Resource): value is readonly Resource[] {
  return Array.isArray(value);
}

function nameOf(tag: Resource): string {
  return String(tag.attributes?.name ?? "");
}

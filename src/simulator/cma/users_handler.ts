import { type Answer, ok } from "../../cma_server/answer.ts";
import { text } from "../../cma_server/parameters.ts";
import { isList, settingsHandler } from "../../cma_server/settings_handlers.ts";
import type { Call } from "./call.ts";

/**
 * `GET /users/me`: the API token, with its role; the project's owner if the project has no such token. The
 * rest is as for other settings.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/user/me}
 */
export async function usersHandler(call: Call): Promise<Answer | undefined> {
  const { method, path, parameters, environment: { settings } } = call;
  if (method !== "GET" || path[1] !== "me" || path.length > 2) return await settingsHandler(call);
  const [tokens, roles] = [settings.get("/access_tokens") ?? [], settings.get("/roles") ?? []];
  const me = isList(tokens)
    ? tokens.find(({ attributes }) => attributes?.can_access_cma === true)
    : undefined;
  if (me === undefined || !isList(roles)) return ok({ id: "52759", type: "account" });
  if (text(parameters, "include") !== "role") return ok(me);
  const ref = me.relationships?.role?.data;
  return ok(me, { included: roles.filter(({ id }) => ref && "id" in ref && id === ref.id) });
}

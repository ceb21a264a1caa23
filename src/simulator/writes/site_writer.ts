import type { Answer } from "../../cma_server/answer.ts";
import { bodyData, checkAttributes, invalidField, type WriteCall } from "./write_call.ts";

/** What can be written of a project. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  ...["name", "no_index", "favicon", "global_seo", "theme", "locales", "timezone", "require_2fa"],
  ...["ip_tracking_enabled", "force_use_of_sandbox_environments"],
]);

/**
 * `PUT /site` and `PUT /site/assets-cdn-default-settings`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/site/update}
 */
export function siteWriter(call: WriteCall): Answer | undefined {
  const { method, path, environment, jobs } = call;
  if (method !== "PUT" || path.length > 2) return undefined;
  const { site } = environment;
  if (path[1] === "assets-cdn-default-settings") {
    const { attributes } = bodyData(call, "assets_cdn_default_settings");
    checkAttributes(attributes, (name) => name === "assets_cdn_default_settings");
    environment.setSite({ ...site, attributes: { ...site.attributes, ...attributes } });
    return { status: 200, body: { data: environment.site } };
  }
  if (path.length > 1) return undefined;
  const { attributes, meta } = bodyData(call, "site");
  checkAttributes(attributes, (name) => ATTRIBUTES.has(name));
  const { locales = site.attributes.locales, favicon = null, name = "x" } = attributes;
  const isList = Array.isArray(locales) && locales.length > 0 &&
    locales.every((one) => typeof one === "string") && new Set(locales).size === locales.length;
  if (!isList) throw invalidField("locales", "VALIDATION_INVALID");
  if (name === "") throw invalidField("name", "VALIDATION_REQUIRED");
  if (favicon !== null && !environment.uploads.get(String(favicon))) {
    throw invalidField("favicon", "VALIDATION_INVALID_UPLOAD");
  }
  environment.setSite({
    ...site,
    attributes: { ...site.attributes, ...attributes, locales: locales as string[] },
    ...Object.keys(meta).length > 0 ? { meta: { ...site.meta, ...meta } } : {},
  });
  return jobs.start({ status: 200, body: { data: environment.site } });
}

import type { Json, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { listAt } from "./lists.ts";
import { ADAPTER_SETTINGS, PERMITTED, type SettingKind } from "./setting_kinds.ts";
import { invalidField, invalidFormat, type WriteCall } from "./write_call.ts";

/** Where what permissions name is listed; models apart. */
const NAMED = {
  build_trigger: "/build-triggers",
  search_index: "/search-indexes",
  workflow: "/workflows",
  upload_collection: "/upload-collections",
} as const;

/**
 * Checks that a body which makes something has all that it has to have.
 *
 * @param kind The kind.
 * @param attributes The body's attributes.
 * @throws {ApiError} If it lacks something.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/webhook/create}
 */
export function checkSent({ sent = [] }: SettingKind, attributes: JsonObject): void {
  const missing = sent.find((name) => !Object.hasOwn(attributes, name));
  if (missing !== undefined) {
    throw invalidFormat(`data.attributes.${missing}`, "must be there");
  }
}

/**
 * Checks the settings of a build trigger.
 *
 * @param attributes The trigger's attributes.
 * @throws {ApiError} If there is no such adapter, or its settings lack something.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/build-trigger/create}
 */
export function checkAdapter({ adapter, adapter_settings: settings }: JsonObject): void {
  const names = Object.hasOwn(ADAPTER_SETTINGS, String(adapter))
    ? ADAPTER_SETTINGS[String(adapter)]!
    : undefined;
  if (names === undefined) throw invalidFormat("data.attributes.adapter", "must be an adapter");
  const missing = isObject(settings)
    ? names.find((name) => !Object.hasOwn(settings, name))
    : "adapter_settings";
  if (missing !== undefined) throw invalidField("adapter_settings", "VALIDATION_INVALID");
}

/**
 * Checks the permissions of a role: both lists of a kind come together, and what entries name is there.
 *
 * @param call The request.
 * @param given The body's attributes.
 * @throws {ApiError} If they aren't so.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/role}
 */
export function checkPermissions(call: WriteCall, given: JsonObject): void {
  for (const of of PERMITTED) {
    const names = [`positive_${of}_permissions`, `negative_${of}_permissions`];
    const there = names.filter((name) => Object.hasOwn(given, name));
    if (there.length === 1) throw invalidField(there[0]!, "VALIDATION_INVALID");
    for (const name of there) {
      const list = given[name];
      if (!Array.isArray(list)) throw invalidFormat(`data.attributes.${name}`, "must be a list");
      const hasEnvironment = of === "item_type" || of === "upload";
      for (const entry of list) checkEntry(call, name, entry, hasEnvironment);
    }
  }
}

function checkEntry(
  { project }: WriteCall,
  list: string,
  entry: Json,
  hasEnvironment: boolean,
): void {
  const refuse = () => invalidFormat(`data.attributes.${list}`, "names what isn't there");
  if (!isObject(entry)) throw refuse();
  const environment = hasEnvironment
    ? project.environments.get(String(entry.environment))
    : project.primary;
  if (environment === undefined) throw refuse();
  const model = entry.item_type ?? null;
  if (model !== null && !environment.itemTypes.some(({ id }) => id === model)) throw refuse();
  for (const [name, path] of Object.entries(NAMED)) {
    const id = entry[name] ?? null;
    if (id !== null && !listAt(environment, path).some((one) => one.id === id)) throw refuse();
  }
}

/**
 * Checks that a name isn't taken.
 *
 * @param call The request.
 * @param path Where its kind is listed.
 * @param id Its id.
 * @param name Its name.
 * @throws {ApiError} If it is.
 */
export function checkUniqueName(
  { environment }: WriteCall,
  path: string,
  id: string,
  name: Json | undefined,
): void {
  const isTaken = listAt(environment, path).some((one) => {
    return one.id !== id && one.attributes?.name === name;
  });
  if (isTaken) throw invalidField("name", "VALIDATION_UNIQUENESS");
}

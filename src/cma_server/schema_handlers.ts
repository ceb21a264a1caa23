import type { ItemType } from "../content/resource.ts";
import { type Answer, notFound, ok } from "./answer.ts";
import type { ReadCall } from "./read_call.ts";

/**
 * `GET /item-types`, `/item-types/:id`, and the fields and fieldsets of one.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item-type}
 */
export function itemTypesHandler(call: ReadCall): Answer | undefined {
  const [, id, part] = call.path;
  if (call.method !== "GET" || call.path.length > 3) return undefined;
  if (id === undefined) return ok(call.environment.itemTypes);
  const itemType = findItemType(call, id);
  if (!itemType) throw notFound();
  switch (part) {
    case undefined:
      return ok(itemType);
    case "fields":
      return ok(call.schema.fields(itemType.id));
    case "fieldsets":
      return ok(call.schema.fieldsets(itemType.id));
    default:
      return undefined;
  }
}

/**
 * `GET /fields/:id` and `/fieldsets/:id`.
 *
 * @param call The request.
 */
export function fieldsHandler({ method, path, environment }: ReadCall): Answer | undefined {
  const [kind, id] = path;
  if (method !== "GET" || path.length !== 2) return undefined;
  const resources = kind === "fields" ? environment.fields : environment.fieldsets;
  const found = resources.find((one) => one.id === id);
  if (!found) throw notFound();
  return ok(found);
}

/**
 * The model or block model with an id or `api_key`.
 *
 * @param call The request.
 * @param key The id or `api_key`.
 */
export function findItemType({ environment }: ReadCall, key: string): ItemType | undefined {
  return environment.itemTypes.find((one) => one.id === key || one.attributes.api_key === key);
}

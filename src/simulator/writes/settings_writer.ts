import { relatedId } from "../../content/attributes.ts";
import { type Answer, ApiError, notFound } from "../../cma_server/answer.ts";
import type {
  Json,
  JsonObject,
  Relationship,
  Resource,
  ResourceIdentifier,
} from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import type { MemoryEnvironment } from "../memory_environment.ts";
import { listAt, positionAfter, reordered, withChildren } from "./lists.ts";
import { packageAttributes } from "./plugin_packages.ts";
import { checkAdapter, checkPermissions, checkSent, checkUniqueName } from "./project_checks.ts";
import { checkApiKey } from "./schema_checks.ts";
import { SETTING_KINDS, type SettingKind } from "./setting_kinds.ts";
import {
  type BodyData,
  bodyData,
  checkAttributes,
  invalidField,
  invalidFormat,
  newEntityId,
  oneOf,
  type WriteCall,
} from "./write_call.ts";

/**
 * Everything that is listed whole: made, changed, destroyed and put in another order.
 *
 * @param call The request.
 */
export function settingsWriter(call: WriteCall): Answer | undefined {
  const { method, path: [name, id] } = call;
  const path = `/${name}`;
  const kind = SETTING_KINDS[path];
  if (!kind || call.path.length > 2) return undefined;
  if (method === "POST" && id === undefined) return create(call, path, kind);
  if (method === "POST" && id === "reorder" && kind.isTree) return reorder(call, path, kind);
  if (method !== "PUT" && method !== "DELETE") return undefined;
  const found = listAt(call.environment, path).find((one) => one.id === id);
  if (!found) throw notFound();
  return method === "PUT" ? update(call, path, kind, found) : remove(call, path, kind, found);
}

/**
 * `PUT /maintenance-mode/activate` and `deactivate`: of the whole project.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/maintenance-mode}
 */
export function maintenanceWriter(call: WriteCall): Answer | undefined {
  const { method, path } = call;
  const active = path[1] === "activate";
  if (method !== "PUT" || path.length !== 2 || !(active || path[1] === "deactivate")) {
    return undefined;
  }
  const data = { id: "maintenance_mode", type: "maintenance_mode", attributes: { active } };
  for (const { settings } of call.project.environments.values()) {
    settings.set("/maintenance-mode", data);
  }
  return { status: 200, body: { data } };
}

function create(call: WriteCall, path: string, kind: SettingKind): Answer {
  const { environment } = call;
  const data = bodyData(call, kind.type);
  const list = listAt(environment, path);
  if (kind.takesIds === false && data.id !== undefined) {
    throw invalidFormat("data.id", "can't be chosen");
  }
  const id = newEntityId(call, data.id, kind.type, (one) => list.some((other) => other.id === one));
  const early = kind.later?.filter((name) => Object.hasOwn(data.attributes, name)) ?? [];
  if (early.length > 0) {
    throw new ApiError(422, "INVALID_ATTRIBUTES", { details: { extraneous_attributes: early } });
  }
  checkSent(kind, data.attributes);
  if (path === "/roles") checkPermissions(call, data.attributes);
  const resource: Resource = {
    id,
    type: kind.type,
    attributes: attributesOf(kind, {
      ...kind.attributes,
      ...path === "/plugins" ? packageAttributes(data.attributes) : {},
    }, data.attributes),
    ...relationshipsOf(call, kind, data, undefined),
    ...kind.meta ? { meta: kind.meta } : {},
  };
  check(call, path, kind, resource);
  if (path === "/build-triggers") checkAdapter(resource.attributes ?? {});
  if (kind.type === "schema_menu_item" && relatedId(resource, "item_type") !== null) {
    throw new ApiError(422, "CANNOT_CREATE_OR_DESTROY_SCHEMA_MENU_ITEM_LINKED_TO_ITEM_TYPE");
  }
  const position = resource.attributes?.position ?? positionAfter(list, resource);
  const placed = kind.isTree
    ? { ...resource, attributes: { ...resource.attributes, position } }
    : resource;
  put(call, path, kind, [...list, placed]);
  return { status: 201, body: { data: shown(environment, path, id) } };
}

function update(call: WriteCall, path: string, kind: SettingKind, before: Resource): Answer {
  const { environment } = call;
  const data = bodyData(call, kind.type);
  if (path === "/roles") checkPermissions(call, data.attributes);
  const resource: Resource = {
    ...before,
    attributes: attributesOf(kind, before.attributes ?? {}, data.attributes),
    ...relationshipsOf(call, kind, data, before),
  };
  check(call, path, kind, resource);
  if (
    kind.type === "schema_menu_item" && resource.attributes?.kind !== before.attributes?.kind
  ) throw new ApiError(422, "KIND_CANNOT_BE_CHANGED");
  if (kind.isTree) checkTree(environment, path, resource);
  put(
    call,
    path,
    kind,
    listAt(environment, path).map((one) => one.id === resource.id ? resource : one),
  );
  return { status: 200, body: { data: shown(environment, path, resource.id) } };
}

/** What is below a branch of a tree goes with it. */
function remove(call: WriteCall, path: string, kind: SettingKind, resource: Resource): Answer {
  const { environment } = call;
  if (kind.type === "schema_menu_item" && relatedId(resource, "item_type") !== null) {
    throw new ApiError(422, "CANNOT_CREATE_OR_DESTROY_SCHEMA_MENU_ITEM_LINKED_TO_ITEM_TYPE");
  }
  const used = path === "/workflows"
    ? environment.itemTypes.filter((one) => relatedId(one, "workflow") === resource.id)
    : path === "/roles"
    ? ["/users", "/access_tokens", "/roles"].flatMap((other) => listAt(environment, other))
      .filter((one) => relatedId(one, "role") === resource.id)
    : [];
  if (used.length > 0) {
    throw new ApiError(422, "DELETE_RESTRICTION", { details: { ids: used.map(({ id }) => id) } });
  }
  const gone = new Set([resource.id]);
  const list = listAt(environment, path);
  for (let size = 0; kind.isTree && size < gone.size;) {
    size = gone.size;
    for (const one of list) if (gone.has(relatedId(one, "parent") ?? "")) gone.add(one.id);
  }
  put(call, path, kind, list.filter(({ id }) => !gone.has(id)));
  return { status: 200, body: { data: resource } };
}

function reorder(call: WriteCall, path: string, kind: SettingKind): Answer {
  const { content, environment, jobs } = call;
  const places = isObject(content) && Array.isArray(content.data) ? content.data : undefined;
  if (!places?.every((one) => isObject(one) && one.type === kind.type)) {
    throw invalidFormat("data", `must be a list of resources of type ${kind.type}`);
  }
  const list = reordered(listAt(environment, path), places as unknown as Resource[]);
  for (const one of list) checkTree(environment, path, one, list);
  put(call, path, kind, list);
  return jobs.start({ status: 200, body: { data: listAt(environment, path) } });
}

function put(call: WriteCall, path: string, kind: SettingKind, list: readonly Resource[]): void {
  const next = kind.isTree ? withChildren(list) : list;
  const { environment, project } = call;
  const all = kind.isOfProject ? [...project.environments.values()] : [environment];
  for (const each of all) {
    each.settings.set(path, next);
    each.touch();
  }
}

function attributesOf(kind: SettingKind, before: JsonObject, given: JsonObject): JsonObject {
  checkAttributes(given, (name) => Object.hasOwn(kind.attributes, name));
  const attributes: JsonObject = { ...before, ...given };
  for (const name of kind.required) {
    const value = attributes[name] ?? null;
    if (value === null || value === "") throw invalidField(name, "VALIDATION_REQUIRED");
  }
  return attributes;
}

function relationshipsOf(
  { environment }: WriteCall,
  kind: SettingKind,
  data: BodyData,
  before: Resource | undefined,
): { relationships?: Record<string, Relationship> } {
  if (!kind.relationships) return before ? {} : {};
  const relationships: Record<string, Relationship> = { ...before?.relationships };
  const refused = Object.keys(data.relationships)
    .find((name) => !Object.hasOwn(kind.relationships!, name) && name !== "children");
  if (refused !== undefined) throw invalidRelationship(refused);
  for (const [name, path] of Object.entries(kind.relationships)) {
    const there: readonly Resource[] = path === "/item-types"
      ? environment.itemTypes
      : listAt(environment, path);
    if (kind.lists?.includes(name)) {
      const refs = data.relationships[name]?.data ?? relationships[name]?.data ?? [];
      if (!isList(refs) || !refs.every((one) => there.some(({ id }) => id === one.id))) {
        throw invalidRelationship(name);
      }
      relationships[name] = { data: refs };
      continue;
    }
    const found = oneOf(data, name);
    if (found && !there.some(({ id }) => id === found.id)) throw invalidRelationship(name);
    if (found !== undefined || !relationships[name]) relationships[name] = { data: found ?? null };
  }
  if (kind.isTree && !relationships.children) relationships.children = { data: [] };
  for (const name of kind.related ?? []) {
    if (relationships[name]?.data === null) throw invalidField(name, "VALIDATION_REQUIRED");
  }
  return { relationships };
}

/** What only some kinds must be like. */
function check(
  call: WriteCall,
  path: string,
  { hasUniqueNames = false }: SettingKind,
  { id, attributes = {} }: Resource,
): void {
  const { environment } = call;
  if (hasUniqueNames) checkUniqueName(call, path, id, attributes.name);
  if (path === "/workflows") {
    const others = listAt(environment, path).filter((one) => one.id !== id);
    checkApiKey(attributes.api_key ?? null, "Workflow", others);
    const { stages } = attributes;
    const ids = Array.isArray(stages)
      ? stages.map((stage) => isObject(stage) ? stage.id ?? null : null)
      : [];
    if (ids.length === 0 || ids.includes(null) || new Set<Json>(ids).size < ids.length) {
      throw invalidField("stages", "VALIDATION_INVALID");
    }
  }
  if (path === "/plugins" && attributes.package_name === null && attributes.url === null) {
    throw invalidField("url", "VALIDATION_REQUIRED");
  }
}

/** No branch of a tree is below itself. */
function checkTree(
  environment: MemoryEnvironment,
  path: string,
  resource: Resource,
  list: readonly Resource[] = listAt(environment, path),
): void {
  for (let above = relatedId(resource, "parent"); above !== null;) {
    if (above === resource.id) {
      throw new ApiError(422, "INVALID_PARENT", { details: { id: resource.id } });
    }
    const next = list.find(({ id }) => id === above);
    above = next ? relatedId(next, "parent") : null;
  }
}

function isList(
  data: NonNullable<Relationship["data"]>,
): data is readonly ResourceIdentifier[] {
  return Array.isArray(data);
}

function invalidRelationship(name: string): ApiError {
  return new ApiError(422, "INVALID_RELATIONSHIP", { details: { relationship: name } });
}

function shown(environment: MemoryEnvironment, path: string, id: string): Resource {
  return listAt(environment, path).find((one) => one.id === id)!;
}

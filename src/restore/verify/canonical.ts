import type { Resource } from "../../content/resource.ts";
import { isObject, type Json, type JsonObject } from "../../text/json.ts";
import { idsOf } from "../../tools/diff/compare_schema.ts";
import type { LeftOuts } from "./left_out.ts";

/** Times that a resource's meta and attributes hold. */
const TIMES = new Set(["created_at", "updated_at"]);

/**
 * What of a resource is compared: its attributes, what it refers to, and its meta, without what is left out, with
 * keys in one order and dates as instants.
 *
 * @param resource The resource.
 * @param leftOuts What is left out.
 */
export function canonical(resource: Resource, leftOuts: LeftOuts): JsonObject {
  const { type, attributes, relationships, meta } = resource;
  const own: JsonObject = {};
  for (const [name, value] of Object.entries(attributes ?? {})) {
    // The API repeats a record's times among its fields.
    if (type === "item" && TIMES.has(name) && value === (meta?.[name] ?? value)) continue;
    if (value !== null && !leftOuts.has(type, name)) define(own, name, ordered(value));
  }
  const related: JsonObject = {};
  for (const [name, relation] of Object.entries(relationships ?? {})) {
    if (leftOuts.has(type, name)) continue;
    const ids = idsOf(relation?.data);
    if (ids !== null) related[name] = ids;
  }
  const known: JsonObject = {};
  for (const [name, value] of Object.entries(meta ?? {})) {
    if (value !== null && !leftOuts.has(type, `meta/${name}`)) define(known, name, instant(value));
  }
  return { attributes: own, relationships: related, meta: sorted(known) };
}

/** A date as its instant. */
function instant(value: Json): Json {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return ordered(value);
  const time = Date.parse(value);
  return Number.isNaN(time) ? value : new Date(time).toISOString();
}

/** A value whose objects have their keys in order; blocks only have what they hold. */
function ordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  if (value.type === "item" && isObject(value.attributes) && typeof value.id === "string") {
    const attributes = Object.entries(value.attributes).filter(([name, own]) => {
      return own !== null && !TIMES.has(name);
    });
    const relations = isObject(value.relationships) ? value.relationships.item_type : null;
    const model = isObject(relations) ? idsOf(relations.data) : null;
    return { id: value.id, model, attributes: sorted(from(attributes)) };
  }
  return sorted(value);
}

function sorted(object: JsonObject): JsonObject {
  const entries = Object.entries(object).filter(([, value]) => value !== null)
    .sort(([a], [b]) => a < b ? -1 : 1);
  return from(entries.map(([name, value]) => [name, ordered(value)]));
}

function from(entries: readonly (readonly [string, Json])[]): JsonObject {
  const object: JsonObject = {};
  for (const [name, value] of entries) define(object, name, value);
  return object;
}

/** Any name may be a key, also `__proto__`. */
function define(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/**
 * The same as text: equal texts are of what is equal.
 *
 * @param resource The resource.
 * @param leftOuts What is left out.
 */
export function canonicalText(resource: Resource, leftOuts: LeftOuts): string {
  const { attributes, ...rest } = canonical(resource, leftOuts);
  return JSON.stringify([sorted(attributes as JsonObject), rest]);
}

/**
 * What {@linkcode canonical} gives, in one object.
 *
 * @param resource It.
 */
export function flat({ attributes, relationships, meta }: JsonObject): JsonObject {
  return { ...attributes as JsonObject, ...relationships as JsonObject, meta: meta! };
}

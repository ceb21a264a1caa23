import { isObject } from "../content/blocks.ts";
import type { Json, Resource } from "../content/resource.ts";

/**
 * Replaces the values of attributes that hold secrets; their keys, and that they are there, stay.
 *
 * @param resource A resource.
 * @param secrets The names of attributes that hold secrets.
 * @return The resource, or a copy without the secrets.
 *
 * @example
 * ```ts
 * import { redactSecrets } from "./redact.ts";
 *
 * const token = { id: "1", type: "access_token", attributes: { name: "CI", token: "abc" } };
 * console.assert(redactSecrets(token, ["token"]).attributes?.token === "[redacted]");
 * ```
 */
export function redactSecrets<T extends Resource>(resource: T, secrets: readonly string[]): T {
  const { attributes } = resource;
  if (!isObject(attributes) || !secrets.some((name) => name in attributes)) return resource;
  const redacted = Object.entries(attributes).map(([name, value]) => {
    return [name, secrets.includes(name) ? redact(value) : value];
  });
  return { ...resource, attributes: Object.fromEntries(redacted) };
}

function redact(value: Json): Json {
  if (value === null || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(redact);
  if (!isObject(value)) return "[redacted]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redact(inner)]));
}

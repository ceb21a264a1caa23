import { isObject } from "../../text/json.ts";
import type { Json, JsonObject, Resource } from "../../content/resource.ts";
import { looksSecret } from "../../text/secrets/looks_secret.ts";

/** Names of attributes that hold secrets, also of those that the API may get some day. */
const SECRET_NAME =
  /(?:^|_)(?:tokens?|secrets?|passw(?:or)?ds?|passphrase|credentials?|jwt|bearer|authorization)(?:$|_)|(?:api|private|access|signing|encryption|secret|auth)_?keys?(?:$|_)/;

/**
 * Replaces the values of attributes that hold secrets, and of those that look as if they did; their keys, and that
 * they are there, stay.
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
  if (secrets.length === 0 || !isObject(attributes)) return resource;
  const redacted = redactedIn(attributes, (name) => secrets.includes(name));
  return redacted === attributes ? resource : { ...resource, attributes: redacted };
}

/** The same attributes without secrets; themselves if they hold none. */
function redactedIn(attributes: JsonObject, isSecret: (name: string) => boolean): JsonObject {
  let isSame = true;
  const redacted = Object.entries(attributes).map(([name, value]) => {
    const isNamed = isSecret(name) || SECRET_NAME.test(snakeCase(name));
    const next = isNamed ? redact(value) : redactedValue(value);
    isSame &&= next === value;
    return [name, next];
  });
  return isSame ? attributes : Object.fromEntries(redacted);
}

/** A value of an attribute whose name says nothing of a secret. */
function redactedValue(value: Json): Json {
  if (typeof value === "string") return looksSecret(value) ? "[redacted]" : value;
  if (Array.isArray(value)) {
    const redacted = value.map(redactedValue);
    return redacted.every((each, i) => each === value[i]) ? value : redacted;
  }
  return isObject(value) ? redactedIn(value, () => false) : value;
}

function snakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").replaceAll("-", "_").toLowerCase();
}

function redact(value: Json): Json {
  if (value === null || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(redact);
  if (!isObject(value)) return "[redacted]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redact(inner)]));
}

import type { Json, JsonObject } from "./json.ts";

/**
 * An object's own value at a key. Keys come from content, so a plain `object[key]` could answer with
 * something inherited, such as `constructor`.
 *
 * @param object The object to read, or `undefined` for none.
 * @param key The key to read.
 * @return The value, or `undefined` if the object has no such key of its own.
 */
export function getOwn<T = Json>(
  object: Readonly<Record<string, T>> | undefined,
  key: string,
): T | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * Sets an object's own value at a key, also at `__proto__`, where a plain assignment would change the
 * object's prototype instead.
 *
 * @param object The object to change.
 * @param key The key to set.
 * @param value The value to set.
 */
export function setOwn(object: JsonObject, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else {
    object[key] = value;
  }
}

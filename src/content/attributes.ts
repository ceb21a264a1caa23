import { isObject } from "../text/json.ts";
import type { Resource } from "./resource.ts";

/**
 * When a resource was created, in milliseconds since 1970; `NaN` if it doesn't tell.
 *
 * @param resource A record or an upload.
 */
export function createdAt({ meta, attributes }: Resource): number {
  const text = meta?.created_at ?? attributes?.created_at;
  return typeof text === "string" ? Date.parse(text) : NaN;
}

/**
 * A resource that has attributes, for whoever reads them: an API may send one without.
 *
 * @param resource The resource.
 * @return The resource itself, or a copy whose attributes are empty.
 *
 * @example
 * ```ts
 * import { withAttributes } from "./attributes.ts";
 *
 * console.assert(withAttributes({ id: "1", type: "upload" }).attributes !== undefined);
 * ```
 */
export function withAttributes<T extends Resource>(resource: T): T {
  return isObject(resource.attributes) ? resource : { ...resource, attributes: {} };
}

/**
 * The id of the only resource that a relationship refers to.
 *
 * @param resource What has the relationship; an API may send one that holds anything.
 * @param name The relationship's name.
 * @return `null` if it refers to none or to several, or there is no such relationship.
 */
export function relatedId({ relationships }: Resource, name: string): string | null {
  const data = relationships?.[name]?.data;
  return isObject(data) && typeof data.id === "string" ? data.id : null;
}

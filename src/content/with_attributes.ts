import { isObject } from "../text/json.ts";
import type { Resource } from "./resource.ts";

/**
 * A resource that has attributes, for whoever reads them: an API may send one without.
 *
 * @param resource The resource.
 * @return The resource itself, or a copy whose attributes are empty.
 *
 * @example
 * ```ts
 * import { withAttributes } from "./with_attributes.ts";
 *
 * console.assert(withAttributes({ id: "1", type: "upload" }).attributes !== undefined);
 * ```
 */
export function withAttributes<T extends Resource>(resource: T): T {
  return isObject(resource.attributes) ? resource : { ...resource, attributes: {} };
}

import type { JsonObject, Resource, ResourceIdentifier } from "../../content/resource.ts";

/** Relationships, as what they hold. */
export type Links = Readonly<
  Record<string, ResourceIdentifier | readonly ResourceIdentifier[] | null>
>;

/**
 * A resource, with its relationships given as what they hold.
 *
 * @param type The resource's type.
 * @param id The resource's id.
 * @param attributes Its attributes.
 * @param links What its relationships hold.
 * @param meta Its meta attributes.
 */
export function resource(
  type: string,
  id: string,
  attributes: JsonObject,
  links: Links = {},
  meta?: JsonObject,
): Resource {
  const relationships = Object.fromEntries(
    Object.entries(links).map(([name, data]) => [name, { data }]),
  );
  return { id, type, attributes, relationships, ...(meta ? { meta } : {}) };
}

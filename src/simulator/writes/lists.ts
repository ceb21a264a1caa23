import { relatedId } from "../../content/attributes.ts";
import { ApiError } from "../../cma_server/answer.ts";
import type { JsonObject, Resource } from "../../content/resource.ts";
import type { MemoryEnvironment } from "../memory_environment.ts";
import { ref } from "../schema_builder.ts";

/**
 * What an environment lists whole at a path.
 *
 * @param environment The environment.
 * @param path The URL's path, such as `/menu-items`.
 */
export function listAt({ settings }: MemoryEnvironment, path: string): readonly Resource[] {
  const list = settings.get(path) ?? [];
  return isList(list) ? list : [];
}

function isList(value: readonly Resource[] | Resource): value is readonly Resource[] {
  return Array.isArray(value);
}

/**
 * A resource of a tree after the last one of those that have the same parent.
 *
 * @param list The tree's resources.
 * @param resource The resource, whose `parent` may be any or none.
 */
export function positionAfter(list: readonly Resource[], resource: Resource): number {
  const place = siblingsOf(resource);
  const positions = list.filter((one) => siblingsOf(one) === place && one.id !== resource.id)
    .map(({ attributes }) => Number(attributes?.position ?? 0));
  return Math.max(0, ...positions) + 1;
}

/**
 * The list with `children` that agree with each resource's `parent`, ordered by their positions.
 *
 * @param list The tree's resources.
 */
export function withChildren(list: readonly Resource[]): Resource[] {
  return list.map((resource) => {
    if (!resource.relationships || !("parent" in resource.relationships)) return resource;
    const children = list.filter((one) => parentOf(one) === resource.id)
      .toSorted((a, b) => Number(a.attributes?.position) - Number(b.attributes?.position))
      .map(({ id, type }) => ref(type, id));
    return {
      ...resource,
      relationships: { ...resource.relationships, children: { data: children } },
    };
  });
}

/**
 * The list in another order: positions and parents are those that were sent.
 *
 * @param list The tree's resources.
 * @param places What was sent: the resources' ids, positions and parents.
 * @throws {ApiError} If two resources would be at the same place, or one isn't there.
 */
export function reordered(list: readonly Resource[], places: readonly Resource[]): Resource[] {
  const byId = new Map(places.map((place) => [place.id, place]));
  for (const { id } of places) {
    if (!list.some((one) => one.id === id)) throw new ApiError(404, "NOT_FOUND");
  }
  const next = list.map((resource): Resource => {
    const place = byId.get(resource.id);
    if (!place) return resource;
    const attributes: JsonObject = {
      ...resource.attributes,
      position: place.attributes?.position ?? null,
    };
    const relationships = { ...resource.relationships, ...place.relationships };
    return { ...resource, attributes, relationships };
  });
  const taken = new Set<string>();
  for (const resource of next) {
    const place = `${siblingsOf(resource)} ${resource.attributes?.position}`;
    if (taken.has(place) && byId.has(resource.id)) {
      throw new ApiError(422, "DUPLICATE_POSITIONS_FOUND");
    }
    taken.add(place);
  }
  return withChildren(next);
}

/** Models and block models are in trees of their own. */
function siblingsOf(resource: Resource): string {
  return `${parentOf(resource)} ${resource.attributes?.kind ?? ""}`;
}

function parentOf(resource: Resource): string | null {
  return relatedId(resource, "parent") ?? relatedId(resource, "fieldset");
}

import type { Item, Resource } from "../../content/resource.ts";
import { SchemaIndex } from "../../content/schema_index.ts";
import type { SnapshotChange } from "../changed_snapshot.ts";
import { renamedItem } from "./renamed_item.ts";
import { type NewId, renamedResource } from "./renamed_resource.ts";
import type { Renumbering } from "./renumbering.ts";

/**
 * A snapshot as if its numeric ids had always been those that take their place, wherever ids stand.
 *
 * @param before The snapshot's schema.
 * @param ids What ids become.
 */
export function renumbered(before: SchemaIndex, ids: Renumbering): SnapshotChange {
  const newId: NewId = (type, id) => ids.newId(type, id);
  const itemId = (id: string) => newId("item", id);
  const renaming = { record: itemId, block: itemId, other: newId };
  const one = <T extends Resource>(resource: T): T => {
    return resource.type === "item"
      ? renamedItem(resource as unknown as Item, before, renaming) as unknown as T
      : renamedResource(resource, newId, before);
  };
  const schema = new SchemaIndex({
    locales: before.locales,
    itemTypes: before.itemTypes.map(one),
    fields: before.itemTypes.flatMap(({ id }) => before.fields(id)).map(one),
    fieldsets: before.itemTypes.flatMap(({ id }) => before.fieldsets(id)).map(one),
  });
  return { schema, one, oldId: (type, id) => ids.oldId(type, id) };
}

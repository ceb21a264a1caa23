import { ApiError } from "../../cma_server/answer.ts";
import type { ItemType, Json, JsonObject } from "../../content/resource.ts";
import { type StoredItem, withMeta } from "../stored_item.ts";
import type { WriteCall } from "./write_call.ts";

/**
 * The place of a record among those of its model, where the model has places; others make room for it.
 *
 * @param call The request.
 * @param model The record's model.
 * @param id The record's id.
 * @param given The attributes that were sent.
 * @param before The record, if there is one already.
 * @return The attributes `position` and `parent_id`, as far as the model has them.
 * @throws {ApiError} If there can't be such a place.
 */
export function placed(
  call: WriteCall,
  model: ItemType,
  id: string,
  given: JsonObject,
  before: StoredItem | undefined,
): JsonObject {
  const { sortable, tree } = model.attributes;
  if (sortable !== true && tree !== true) return {};
  const { items } = call.environment;
  const old = before?.current.attributes;
  const parent: Json = tree === true ? given.parent_id ?? old?.parent_id ?? null : null;
  const asked = given.parent_id === null ? null : parent;
  if (tree === true && asked !== null) checkParent(call, model, id, asked);
  const position = given.position ?? null;
  if (position !== null && !(Number.isInteger(position) && Number(position) > 0)) {
    throw new ApiError(422, "INVALID_POSITION", { details: { position } });
  }
  const siblings = items.index().recordsOf(model.id)
    .filter(({ current }) => current.id !== id && parentOf(current.attributes) === asked);
  const moved = old === undefined || parentOf(old) !== asked;
  const last = Math.max(0, ...siblings.map(({ current }) => positionOf(current.attributes)));
  const at = position === null ? moved ? last + 1 : positionOf(old) : Number(position);
  if (position !== null || moved) {
    if (siblings.some(({ current }) => positionOf(current.attributes) === at)) {
      for (const sibling of siblings) {
        const was = positionOf(sibling.current.attributes);
        if (was >= at) move(call, sibling, { position: was + 1 });
      }
    }
  }
  if (old !== undefined && moved) closeGap(call, model, id, parentOf(old), positionOf(old));
  return tree === true ? { position: at, parent_id: asked } : { position: at };
}

/**
 * Tells the records above one in a tree whether they have some below them.
 *
 * @param call The request.
 * @param parents The ids of the records above.
 */
export function tellParents(call: WriteCall, parents: readonly Json[]): void {
  const { items } = call.environment;
  for (const id of parents) {
    const record = typeof id === "string" ? items.record(id) : undefined;
    if (!record) continue;
    const meta = { has_children: items.index().childrenOf(record.current.id).length > 0 };
    if (record.current.meta?.has_children !== meta.has_children) items.put(both(record, meta));
  }
}

function checkParent(call: WriteCall, model: ItemType, id: string, parent: Json): void {
  const { items } = call.environment;
  let above: Json = parent;
  while (typeof above === "string") {
    const record = items.record(above);
    const isOfModel = record?.current.relationships.item_type.data.id === model.id;
    if (!record || !isOfModel || above === id) {
      throw new ApiError(422, "INVALID_PARENT_ID", { details: { parent_id: parent } });
    }
    above = parentOf(record.current.attributes);
  }
}

/** Those that stood behind a record which left take one step ahead. */
function closeGap(call: WriteCall, model: ItemType, id: string, parent: Json, gap: number): void {
  for (const record of call.environment.items.index().recordsOf(model.id)) {
    const { attributes } = record.current;
    const was = positionOf(attributes);
    if (record.current.id !== id && parentOf(attributes) === parent && was > gap) {
      move(call, record, { position: was - 1 });
    }
  }
}

/** The place is the same in both versions, and a move makes a new version of the record. */
function move(call: WriteCall, record: StoredItem, place: JsonObject): void {
  const next = both(record, { current_version: call.environment.newId("version") });
  const current = { ...next.current, attributes: { ...next.current.attributes, ...place } };
  const published = next.published === next.current ? current : next.published && {
    ...next.published,
    attributes: { ...next.published.attributes, ...place },
  };
  call.environment.items.put({ ...next, current, published });
}

function both(record: StoredItem, meta: JsonObject): StoredItem {
  const current = withMeta(record.current, meta);
  const { published } = record;
  if (published === record.current) return { ...record, current, published: current };
  return { ...record, current, published: published && withMeta(published, meta) };
}

function positionOf({ position }: JsonObject): number {
  return typeof position === "number" ? position : 0;
}

function parentOf({ parent_id }: JsonObject): Json {
  return parent_id ?? null;
}

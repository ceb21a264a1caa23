import type { Item, JsonObject } from "../../src/content/resource.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { itemTypeId, ref } from "../../src/simulator/schema_builder.ts";
import { checkAgain } from "../../src/simulator/writes/validity.ts";

const DAY = 86_400_000;
const FIRST = Date.UTC(2024, 0, 1);

/** Puts records into a project, whatever its validators say. */
export class RecordMaker {
  readonly #project: MemoryProject;
  #count = 0;

  /** @param project Where they are put. */
  constructor(project: MemoryProject) {
    this.#project = project;
  }

  /**
   * Puts a record, a day after the one before.
   *
   * @param model Its model's `api_key`.
   * @param name What its id is of; see {@linkcode entityId}.
   * @param current What its current version holds.
   * @param published What its public version holds, `true` for the same; none if it isn't given.
   * @return Its id.
   */
  put(model: string, name: string, current: JsonObject, published?: JsonObject | true): string {
    const id = entityId(name);
    const number = ++this.#count;
    const at = (days: number) => `${new Date(FIRST + days * DAY).toISOString().slice(0, -1)}+00:00`;
    const [createdAt, publishedAt] = [at(number), at(number + 0.5)];
    const status = published === undefined ? "draft" : published === true ? "published" : "updated";
    const version = (attributes: JsonObject): Item => ({
      id,
      type: "item",
      attributes: { ...attributes, created_at: createdAt, updated_at: createdAt },
      relationships: {
        item_type: { data: ref("item_type", itemTypeId(model)) },
        creator: { data: ref("account", "52759") },
      },
      meta: {
        created_at: createdAt,
        updated_at: createdAt,
        published_at: published === undefined ? null : publishedAt,
        first_published_at: published === undefined ? null : publishedAt,
        publication_scheduled_at: null,
        unpublishing_scheduled_at: null,
        status,
        is_valid: true,
        is_current_version_valid: true,
        is_published_version_valid: published === undefined ? null : true,
        current_version: entityId(`version ${name}`),
        stage: null,
        has_children: null,
      },
    });
    const own = version(current);
    const open = published === true ? own : published && version(published);
    this.#project.primary.items.put({ current: own, published: open });
    return id;
  }

  /** Lets records say whether validators accept them, and which have others below them in a tree. */
  finish(): void {
    const { items, itemTypes } = this.#project.primary;
    const trees = new Set(
      itemTypes.filter(({ attributes }) => attributes.tree).map(({ id }) => id),
    );
    for (const record of items.records()) {
      const { id, relationships } = record.current;
      if (!trees.has(relationships.item_type.data.id)) continue;
      const meta = { has_children: items.index().childrenOf(id).length > 0 };
      const current = { ...record.current, meta: { ...record.current.meta, ...meta } };
      const published = record.published === record.current
        ? current
        : record.published && { ...record.published, meta: { ...record.published.meta, ...meta } };
      items.put({ ...record, current, published });
    }
    checkAgain(this.#project.primary, itemTypes.map(({ id }) => id));
  }
}

/**
 * A block.
 *
 * @param model Its model's `api_key`.
 * @param name What its id is of.
 * @param attributes What it holds.
 */
export function madeBlock(model: string, name: string, attributes: JsonObject): JsonObject {
  const item_type = { data: { id: itemTypeId(model), type: "item_type" } };
  return { id: entityId(name), type: "item", attributes, relationships: { item_type } };
}

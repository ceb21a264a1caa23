import type { Item, JsonObject } from "../../content/resource.ts";
import { entityId } from "../../simulator/entity_id.ts";
import { scheduled, type ScheduleSketch, type StoredItem } from "../../simulator/stored_item.ts";
import { itemTypeId, ref } from "../../simulator/schema_builder.ts";
import { itemId } from "./ids.ts";

/** A record, as short as it can be told. */
export interface RecordSketch {
  /** What the record is called in here; its id is made from it. */
  readonly key: string;
  /** The model's `api_key`. */
  readonly model: string;
  /** When it was created, in ISO 8601. */
  readonly created: string;
  /** When its current version was saved; like `created` if not given. */
  readonly updated?: string | undefined;
  /** When its public version was published; a record without it is a draft. */
  readonly published?: string | undefined;
  /** What the public version has in place of the current values, if they differ. */
  readonly before?: JsonObject | undefined;
  /** The values of its fields, and `position` and `parent_id` where the model has them. */
  readonly attributes: JsonObject;
  /** The stage of its workflow. */
  readonly stage?: string | undefined;
  /** Whether there are records below it in a tree. */
  readonly hasChildren?: boolean | undefined;
  /** When it is to be published or unpublished, and which part of it. */
  readonly scheduled?: ScheduleSketch & { readonly id: string } | undefined;
  /** The id of the collaborator who created it. */
  readonly creator?: string | undefined;
}

/**
 * A record with its versions, as the API shows them.
 *
 * @param sketch What there is to tell about it.
 */
export function record(sketch: RecordSketch): StoredItem {
  const versions = versionsOf(sketch);
  if (sketch.scheduled === undefined) return versions;
  const { id, ...schedule } = sketch.scheduled;
  return scheduled(versions, schedule, () => id);
}

function versionsOf(sketch: RecordSketch): StoredItem {
  const { published, before, created, updated = created } = sketch;
  const status = !published ? "draft" : before ? "updated" : "published";
  const current = version(sketch, sketch.attributes, updated, status);
  if (!published) return { current };
  if (!before) return { current, published: current };
  const attributes = { ...sketch.attributes, ...before };
  return { current, published: version(sketch, attributes, published, status) };
}

function version(
  sketch: RecordSketch,
  attributes: JsonObject,
  updated: string,
  status: string,
): Item {
  const { key, model, created, published = null, creator = "52759" } = sketch;
  return {
    id: itemId(key),
    type: "item",
    attributes: { ...attributes, updated_at: updated, created_at: created },
    relationships: {
      item_type: { data: ref("item_type", itemTypeId(model)) },
      creator: { data: ref(creator === "52759" ? "account" : "user", creator) },
    },
    meta: {
      created_at: created,
      updated_at: updated,
      published_at: published,
      first_published_at: published,
      publication_scheduled_at: null,
      unpublishing_scheduled_at: null,
      status,
      is_valid: true,
      is_current_version_valid: true,
      is_published_version_valid: published === null ? null : true,
      current_version: entityId(`slackwater version ${key} ${sketch.updated ?? created}`),
      stage: sketch.stage ?? null,
      has_children: sketch.hasChildren ?? null,
    },
  };
}

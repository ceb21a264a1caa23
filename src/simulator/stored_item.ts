import type { Item, JsonObject, Resource } from "../content/resource.ts";
import { ref } from "./schema_builder.ts";

/** A record with its versions, in nested form. */
export interface StoredItem {
  /** The latest version. */
  readonly current: Item;
  /** The public version, if there is one. */
  readonly published?: Item | undefined;
  /** What is scheduled for it: the dates are in the `meta` of its versions, too. */
  readonly schedules?: readonly Resource[] | undefined;
}

/** What is to become of a record, and when. */
export interface ScheduleSketch {
  /** When it is to be published, in ISO 8601; not if it isn't given. */
  readonly publishAt?: string | undefined;
  /** What is to be published of it. @default {null}, which is all of it */
  readonly selective?: {
    readonly content_in_locales: readonly string[];
    readonly non_localized_content: boolean;
  } | undefined;
  /** When it is to be unpublished, in ISO 8601; not if it isn't given. */
  readonly unpublishAt?: string | undefined;
  /** In which locales it is to be unpublished. @default {null}, which is all of it */
  readonly unpublishLocales?: readonly string[] | undefined;
}

/**
 * A record for which something is scheduled.
 *
 * @param record The record.
 * @param sketch What is to become of it.
 * @param newId Gives each scheduled publication and unpublishing its id.
 */
export function scheduled(
  { current, published }: StoredItem,
  { publishAt, selective, unpublishAt, unpublishLocales }: ScheduleSketch,
  newId: () => string,
): StoredItem {
  const relationships = { item: { data: ref("item", current.id) } };
  const resource = (type: string, attributes: JsonObject): Resource => {
    return { id: newId(), type, attributes, relationships };
  };
  const meta = {
    publication_scheduled_at: publishAt ?? null,
    unpublishing_scheduled_at: unpublishAt ?? null,
  };
  const next = withMeta(current, meta);
  return {
    current: next,
    published: published === current ? next : published && withMeta(published, meta),
    schedules: [
      ...publishAt === undefined ? [] : [resource("scheduled_publication", {
        publication_scheduled_at: publishAt,
        selective_publication: selective
          ? { ...selective, content_in_locales: [...selective.content_in_locales] }
          : null,
      })],
      ...unpublishAt === undefined ? [] : [resource("scheduled_unpublishing", {
        unpublishing_scheduled_at: unpublishAt,
        content_in_locales: unpublishLocales ? [...unpublishLocales] : null,
      })],
    ],
  };
}

/**
 * A record whose versions tell of another creation.
 *
 * @param record The record.
 * @param createdAt When it was created, in ISO 8601; as before if it isn't given.
 */
export function dated(record: StoredItem, createdAt: string | undefined): StoredItem {
  if (createdAt === undefined) return record;
  const [current, published] = [record.current, record.published].map((item) => {
    if (!item) return item;
    const attributes = { ...item.attributes, created_at: createdAt };
    return { ...withMeta(item, { created_at: createdAt }), attributes };
  });
  return { current: current!, published };
}

/**
 * A record whose only version is public.
 *
 * @param item The version.
 * @param now When it becomes public, in ISO 8601.
 */
export function published(item: Item, now: string): StoredItem {
  const current = withMeta(item, {
    status: "published",
    published_at: now,
    first_published_at: item.meta?.first_published_at ?? now,
    is_published_version_valid: true,
  });
  return { current, published: current };
}

/**
 * A version with other values in its `meta`.
 *
 * @param item The version; it isn't changed.
 * @param meta The other values.
 */
export function withMeta(item: Item, meta: JsonObject): Item {
  return { ...item, meta: { ...item.meta, ...meta } };
}

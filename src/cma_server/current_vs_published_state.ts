import { isObject } from "../text/json.ts";
import type { Item, Json, Resource } from "../content/resource.ts";
import { type Answer, notFound, ok } from "./answer.ts";
import { regularItem } from "./block_views.ts";
import type { ReadCall } from "./read_call.ts";

/** What a version of a record holds, by locale; what isn't localized is by `undefined`. */
type Content = ReadonlyMap<string | undefined, string>;

/**
 * `GET /items/:id/current-vs-published-state`: how a record's versions differ, and what is scheduled for it.
 *
 * @param call The request.
 * @param id The record's id; a block has no such state.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/current_vs_published_state}
 */
export async function currentVsPublishedState(call: ReadCall, id: string): Promise<Answer> {
  const { items } = call.environment;
  const current = await items.get(id, call.version("current"));
  if (current === undefined || call.schema.itemTypeOf(current)?.attributes.modular_block) {
    throw notFound();
  }
  const published = await items.get(id, "published");
  const [now, before] = [contentOf(current, call), published && contentOf(published, call)];
  const [nowIn, beforeIn] = [localesOf(now), localesOf(before)];
  const schedules = await items.schedules(id);
  const scheduled = (type: string) => {
    const found = schedules.find((one) => one.type === type);
    return { data: found ? { id: found.id, type } : null };
  };
  const version = published && versionOf(published, call);
  const attributes = {
    current_version_locales: nowIn,
    published_version_locales: beforeIn,
    changed_locales: nowIn.filter((locale) => {
      return before?.has(locale) && before.get(locale) !== now.get(locale);
    }),
    added_locales: nowIn.filter((locale) => !beforeIn.includes(locale)),
    removed_locales: beforeIn.filter((locale) => !nowIn.includes(locale)),
    non_localized_fields_changed: before?.get(undefined) !== now.get(undefined),
    current_version_invalid_locales: [],
    current_version_non_localized_fields_invalid: false,
  };
  const relationships = {
    scheduled_publication: scheduled("scheduled_publication"),
    scheduled_unpublishing: scheduled("scheduled_unpublishing"),
    published_version: { data: version ? { id: version.id, type: "item_version" } : null },
  };
  return ok(
    { id, type: "item_current_vs_published_state", attributes, relationships },
    { included: [...schedules, ...version ? [version] : []] },
  );
}

function contentOf(item: Item, { schema }: ReadCall): Content {
  const rest: Json[] = [];
  const byLocale = new Map<string | undefined, Json[]>();
  for (const field of schema.fields(item.relationships.item_type.data.id)) {
    const { api_key: key, localized } = field.attributes;
    const value = item.attributes[key] ?? null;
    if (!localized || !isObject(value)) rest.push(value);
    else {
      for (const [locale, each] of Object.entries(value)) {
        byLocale.set(locale, [...byLocale.get(locale) ?? [], each]);
      }
    }
  }
  byLocale.set(undefined, rest);
  return new Map(Array.from(byLocale, ([locale, values]) => [locale, JSON.stringify(values)]));
}

function localesOf(content: Content | undefined): string[] {
  return [...content?.keys() ?? []].filter((locale) => locale !== undefined);
}

/**
 * A version of a record, as the API has it.
 *
 * @param item The version, in nested form.
 * @param call The request.
 */
export function versionOf(published: Item, { schema }: ReadCall): Resource {
  const { id, meta, relationships } = published;
  return {
    id: String(meta?.current_version),
    type: "item_version",
    attributes: regularItem(published, schema).attributes,
    relationships: {
      item_type: relationships.item_type,
      item: { data: { id, type: "item" } },
      editor: relationships.creator!,
    },
    meta: {
      created_at: meta?.updated_at ?? null,
      is_valid: true,
      is_published: true,
      is_current: meta?.status === "published",
    },
  };
}

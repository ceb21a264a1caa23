import { ApiError, notFound } from "../../cma_server/answer.ts";
import type { Item, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import { type ItemReference, referencesOf, withReferences } from "../../content/item_references.ts";
import type { MemoryEnvironment } from "../memory_environment.ts";
import { published, type StoredItem, withMeta } from "../stored_item.ts";
import { checked, flawsOf } from "./validity.ts";
import { invalidField, type WriteCall } from "./write_call.ts";

/** Which part of a record is published; all of it if it isn't given. */
export interface PublishedPart {
  /** The locales whose content is published. */
  readonly locales: readonly string[];
  /** Whether what isn't localized is published, too. */
  readonly rest: boolean;
}

/** The validators that tell what happens to references, by field type. */
const STRATEGIES: Readonly<Record<string, string>> = {
  link: "item_item_type",
  links: "items_item_type",
  structured_text: "structured_text_links",
};

/** What happens where a validator doesn't tell. */
const DEFAULTS: Readonly<Record<string, string>> = {
  on_publish_with_unpublished_references_strategy: "fail",
  on_reference_unpublish_strategy: "fail",
  on_reference_delete_strategy: "delete_references",
};

/** The time as the API writes it in records. */
export function itemTime({ project }: Pick<WriteCall, "project">): string {
  return project.now().toISOString().replace("Z", "+00:00");
}

/**
 * The record with an id, which may be written to.
 *
 * @param environment The environment.
 * @param id The record's id.
 * @throws {ApiError} If there is none, or somebody has it open.
 */
export function writable(environment: MemoryEnvironment, id: string): StoredItem {
  const record = environment.items.record(id);
  if (!record) throw notFound();
  if (environment.locked.has(id)) throw new ApiError(422, "ITEM_LOCKED", { details: { item: id } });
  return record;
}

/**
 * Makes the current version of a record public, and those it refers to where a field says so.
 *
 * @param call The request.
 * @param id The record's id.
 * @param part Which part of it.
 * @throws {ApiError} If the record isn't valid, or refers to what isn't public.
 */
export function publish(call: WriteCall, id: string, part?: PublishedPart): void {
  const { environment: { items } } = call;
  const plan = publishable(call, writable(call.environment, id), new Map());
  for (const each of plan.values()) {
    items.put(checked(call.environment, {
      schedules: items.record(each.current.id)?.schedules,
      ...part && each.current.id === id
        ? partlyPublished(call, each, part)
        : published(each.current, itemTime(call)),
    }));
  }
}

/**
 * The records that are published along with one, in order, with itself.
 *
 * @param call The request.
 * @param record The record as it is to be published.
 * @param plan Those that are known so far, by id.
 * @throws {ApiError} If one of them can't be published.
 */
export function publishable(
  call: WriteCall,
  record: StoredItem,
  plan: Map<string, StoredItem>,
): Map<string, StoredItem> {
  const { environment, schema } = call;
  const { current } = record;
  plan.set(current.id, record);
  const errors = flawsOf(environment, current);
  if (errors.length > 0) {
    throw new ApiError(422, "INVALID_DRAFT", {
      details: { item: current.id, errors: plain(errors) },
    });
  }
  const { parent_id: parent } = current.attributes;
  if (typeof parent === "string" && !isPublic(environment, parent, plan)) {
    throw new ApiError(422, "UNPUBLISHED_PARENT", { details: { parent } });
  }
  const drafts = referencesOf(current, schema).filter(({ type, id }) =>
    type === "item" && !isPublic(environment, id, plan)
  );
  const links = drafts.filter((one) => {
    return strategyOf(one, "on_publish_with_unpublished_references_strategy") === "fail";
  });
  if (links.length > 0) {
    throw new ApiError(422, "UNPUBLISHED_LINK", {
      details: {
        fields: [...new Set(links.map(({ field }) => field.attributes.api_key))],
        items: [...new Set(links.map(({ id }) => id))],
      },
    });
  }
  for (const { id } of drafts) {
    if (!plan.has(id)) publishable(call, writable(environment, id), plan);
  }
  return plan;
}

function isPublic(
  { items }: MemoryEnvironment,
  id: string,
  plan: ReadonlyMap<string, StoredItem>,
): boolean {
  return plan.has(id) || items.record(id)?.published !== undefined;
}

/** Part of the current content takes its place in the public version. */
function partlyPublished(call: WriteCall, record: StoredItem, part: PublishedPart): StoredItem {
  const { current, published: before } = record;
  const attributes: JsonObject = { ...(before ?? current).attributes };
  for (const field of call.schema.fields(current.relationships.item_type.data.id)) {
    const { api_key: key, localized } = field.attributes;
    const [now, then] = [getOwn(current.attributes, key) ?? null, getOwn(before?.attributes, key)];
    if (!localized || !isObject(now)) {
      setOwn(attributes, key, part.rest ? now : then ?? null);
      continue;
    }
    const locales: JsonObject = { ...(isObject(then) ? then : {}) };
    for (const locale of part.locales) setOwn(locales, locale, getOwn(now, locale) ?? null);
    setOwn(attributes, key, locales);
  }
  const full = published(current, itemTime(call));
  if (JSON.stringify(attributes) === JSON.stringify(current.attributes)) return full;
  const meta = { ...full.current.meta, status: "updated" };
  return { current: { ...current, meta }, published: { ...current, attributes, meta } };
}

/**
 * Takes a record back from the public.
 *
 * @param call The request.
 * @param id The record's id.
 * @param isRecursive Whether records below it in a tree are taken back, too.
 * @throws {ApiError} If public records need it.
 */
export function unpublish(call: WriteCall, id: string, isRecursive: boolean): void {
  const { environment } = call;
  const { items } = environment;
  const { current } = writable(environment, id);
  const children = items.index().childrenOf(id).filter((one) => items.record(one)?.published);
  if (children.length > 0 && !isRecursive) {
    throw new ApiError(422, "PUBLISHED_CHILDREN", { details: { items: children } });
  }
  for (const child of children) unpublish(call, child, true);
  const meta = { status: "draft", published_at: null, is_published_version_valid: null };
  const before = items.record(id)!;
  items.put({ ...before, current: withMeta(current, meta), published: undefined });
  try {
    release(call, id, "on_reference_unpublish_strategy", "PUBLISHED_REFERENCES");
  } catch (error) {
    items.put(before);
    throw error;
  }
  items.put(checked(environment, items.record(id)!));
}

/**
 * Destroys a record and its blocks.
 *
 * @param call The request.
 * @param id The record's id.
 * @throws {ApiError} If other records need it.
 */
export function destroy(call: WriteCall, id: string): void {
  const { environment } = call;
  const { items } = environment;
  const { current } = writable(environment, id);
  const children = items.index().childrenOf(id);
  if (children.length > 0) {
    throw new ApiError(422, "REQUIRED_BY_ASSOCIATION", { details: { items: [...children] } });
  }
  release(call, id, "on_reference_delete_strategy", "REQUIRED_BY_ASSOCIATION");
  items.delete(id);
  const model = current.relationships.item_type.data.id;
  const { itemTypes } = environment;
  const type = itemTypes.find((one) => one.id === model);
  if (type?.attributes.singleton === true) setSingleton(environment, model, null);
}

/**
 * Tells which record is the only one of a model.
 *
 * @param environment The environment.
 * @param model The model's id.
 * @param id The record's id; `null` if there is none.
 */
export function setSingleton(
  environment: MemoryEnvironment,
  model: string,
  id: string | null,
): void {
  const has = { has_singleton_item: id !== null };
  environment.setSchema({
    itemTypes: environment.itemTypes.map((type) =>
      type.id !== model ? type : {
        ...type,
        attributes: { ...type.attributes, ...has },
        relationships: {
          ...type.relationships,
          singleton_item: { data: id === null ? null : { id, type: "item" } },
        },
        meta: { ...type.meta, ...has },
      }
    ),
  });
}

/** Does to the references to a record what their fields' validators say. */
function release(call: WriteCall, id: string, strategy: string, refusal: string): void {
  const { environment, schema } = call;
  const { items } = environment;
  const unpublishing = strategy === "on_reference_unpublish_strategy";
  const touching = (item: Item | undefined) =>
    item ? referencesOf(item, schema).filter((one) => one.type === "item" && one.id === id) : [];
  const referrers = items.index().referrersOf(id).filter((one) => one !== id)
    .map((one) => items.record(one)!)
    .filter(({ published }) => !unpublishing || touching(published).length > 0);
  const isRefused = ({ current, published }: StoredItem) =>
    [...touching(current), ...touching(published)].some((one) =>
      strategyOf(one, strategy) === "fail" || (strategyOf(one, strategy) === "delete_references" &&
        isObject(one.field.attributes.validators) &&
        Object.hasOwn(one.field.attributes.validators, "required"))
    );
  const refused = referrers.filter(isRefused).map(({ current }) => current.id);
  if (refused.length > 0) throw new ApiError(422, refusal, { details: { items: refused } });
  for (const { current } of referrers) {
    const record = items.record(current.id)!;
    const all = [...touching(record.current), ...touching(record.published)];
    if (all.some((one) => strategyOf(one, strategy) === "unpublish")) {
      if (record.published) unpublish(call, current.id, true);
    } else items.put(checked(environment, without(call, record, id)));
  }
}

/** A record whose versions don't refer to another one any more. */
function without(call: WriteCall, record: StoredItem, id: string): StoredItem {
  const strip = (item: Item) =>
    withReferences(item, call.schema, (one) => one.type !== "item" || one.id !== id);
  const now = itemTime(call);
  const current: Item = withMeta(strip(record.current), {
    updated_at: now,
    current_version: call.environment.newId("version"),
  });
  const next = { ...current, attributes: { ...current.attributes, updated_at: now } };
  if (record.published === record.current) return { ...record, current: next, published: next };
  return { ...record, current: next, published: record.published && strip(record.published) };
}

function strategyOf({ field: { attributes } }: ItemReference, strategy: string): string {
  const { validators, field_type: type } = attributes;
  const settings = isObject(validators) ? validators[STRATEGIES[type] ?? ""] : undefined;
  const value = isObject(settings) ? settings[strategy] : undefined;
  if (typeof value === "string") return value;
  const isText = type === "structured_text" && strategy === "on_reference_unpublish_strategy";
  return isText ? "delete_references" : DEFAULTS[strategy]!;
}

/** Takes some locales of a record back from the public. */
export function unpublishLocales(call: WriteCall, id: string, locales: readonly string[]): void {
  const { environment: { items }, schema } = call;
  const { current, published: before } = writable(call.environment, id);
  const fields = schema.fields(current.relationships.item_type.data.id)
    .filter(({ attributes }) => attributes.localized);
  const known = fields.flatMap(({ attributes: { api_key: key } }) => {
    const value = getOwn(before?.attributes, key);
    return isObject(value) ? Object.keys(value) : [];
  });
  if (!before || !locales.every((locale) => known.includes(locale))) {
    throw invalidField("content_in_locales", "VALIDATION_INVALID_LOCALES");
  }
  if (known.every((locale) => locales.includes(locale))) return unpublish(call, id, false);
  const attributes: JsonObject = { ...before.attributes };
  for (const { attributes: { api_key: key } } of fields) {
    const value = attributes[key];
    if (!isObject(value)) continue;
    const left = Object.entries(value).filter(([locale]) => !locales.includes(locale));
    setOwn(attributes, key, Object.fromEntries(left));
  }
  const meta = { status: "updated" };
  items.put(checked(call.environment, {
    ...items.record(id)!,
    current: withMeta(current, meta),
    published: { ...withMeta(before, meta), attributes },
  }));
}

/** Facts as JSON has them, without what is undefined. */
function plain(facts: readonly object[]): JsonObject[] {
  return JSON.parse(JSON.stringify(facts)) as JsonObject[];
}

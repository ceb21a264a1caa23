import { type Answer, ApiError, notFound } from "../../cma_server/answer.ts";
import { blocksOf, regularItem } from "../../cma_server/block_views.ts";
import { text } from "../../cma_server/parameters.ts";
import type { Item, ItemType, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { ref } from "../schema_builder.ts";
import { dated, published, type StoredItem } from "../stored_item.ts";
import { bulkItems } from "./bulk_items.ts";
import { schedule, unschedule } from "./item_schedules.ts";
import { ItemValues } from "./item_values.ts";
import { placed, tellParents } from "./positions.ts";
import {
  destroy,
  itemTime,
  publish,
  publishable,
  setSingleton,
  unpublish,
  unpublishLocales,
  writable,
} from "./publication.ts";
import { checkIdle } from "./schema_checks.ts";
import { checkStage, initialStage } from "./stages.ts";
import { checked, flawsOf } from "./validity.ts";
import {
  type BodyData,
  bodyData,
  invalidField,
  invalidFormat,
  newEntityId,
  oneOf,
  type WriteCall,
  writerOf,
} from "./write_call.ts";

/** The most blocks that a record may have. */
const MOST_BLOCKS = 500;

/**
 * Everything below `/items` that changes records, and `GET /items/:id/references`.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item}
 */
export function itemsWriter(call: WriteCall): Answer | undefined {
  const { method, path } = call;
  const [, id, action] = path;
  if (id === undefined) return method === "POST" ? create(call) : undefined;
  if (id === "bulk" && path.length === 3 && method === "POST") return bulkItems(call, action!);
  if (path.length > 3) return undefined;
  switch (`${method} ${action ?? ""}`) {
    case "PUT ":
      return update(call, id);
    case "DELETE ":
      return remove(call, id);
    case "PUT publish":
      return publishOne(call, id);
    case "PUT unpublish":
      return unpublishOne(call, id);
    case "GET references":
      return references(call, id);
    case "POST scheduled-publication":
    case "POST scheduled-unpublishing":
      return schedule(call, id, action!);
    case "DELETE scheduled-publication":
    case "DELETE scheduled-unpublishing":
      return unschedule(call, id, action!);
    default:
      return undefined;
  }
}

function create(call: WriteCall): Answer {
  const { environment, schema } = call;
  const { items } = environment;
  const data = bodyData(call, "item");
  const type = oneOf(data, "item_type");
  const model = type ? schema.itemType(type.id) : undefined;
  if (!model || model.attributes.modular_block) {
    throw new ApiError(422, "INVALID_TYPE", { details: { item_type: type?.id ?? null } });
  }
  checkIdle(call, model.id);
  const id = newEntityId(
    call,
    data.id,
    "item",
    (one) => items.record(one) !== undefined || items.index().ownerOf(one) !== undefined,
  );
  if (model.attributes.singleton === true && items.index().recordsOf(model.id).length > 0) {
    throw new ApiError(422, "DUPLICATE_SINGLETON", { details: { item_type: model.id } });
  }
  const attributes = new ItemValues(call, id).read(model, data.attributes, undefined);
  const now = itemTime(call);
  const createdAt = date(data.meta, "created_at") ?? now;
  const item: Item = {
    id,
    type: "item",
    attributes: { ...attributes, updated_at: now, created_at: createdAt },
    relationships: {
      item_type: { data: ref("item_type", model.id) },
      creator: { data: creatorOf(call, data) ?? writerOf(call) },
    },
    meta: {
      created_at: createdAt,
      updated_at: now,
      published_at: null,
      first_published_at: date(data.meta, "first_published_at") ?? null,
      publication_scheduled_at: null,
      unpublishing_scheduled_at: null,
      status: "draft",
      is_valid: true,
      is_current_version_valid: true,
      is_published_version_valid: null,
      current_version: environment.newId("version"),
      stage: initialStage(environment, model),
      has_children: model.attributes.tree === true ? false : null,
    },
  };
  save(call, model, item, data.attributes, undefined);
  if (model.attributes.singleton === true) setSingleton(environment, model.id, id);
  return shown(call, id, 201);
}

function update(call: WriteCall, id: string): Answer {
  const { environment, schema } = call;
  const record = writable(environment, id);
  const data = bodyData(call, "item");
  if (data.id !== undefined && data.id !== id) {
    throw invalidFormat("data.id", "must be the id of the URL");
  }
  const model = schema.itemTypeOf(record.current)!;
  const type = oneOf(data, "item_type");
  if (type && type.id !== model.id) {
    throw new ApiError(422, "ITEM_TYPE_CANNOT_BE_CHANGED", { details: { item: id } });
  }
  checkIdle(call, model.id);
  const { current_version: version, stage } = data.meta;
  if (version !== undefined && version !== record.current.meta?.current_version) {
    throw new ApiError(422, "STALE_ITEM_VERSION", {
      details: { current_version: record.current.meta?.current_version ?? null },
    });
  }
  if (stage !== undefined) checkStage(environment, model, stage);
  const attributes = new ItemValues(call, id).read(model, data.attributes, record.current);
  const now = itemTime(call);
  const { current, published: before } = dated(record, date(data.meta, "created_at"));
  const first = date(data.meta, "first_published_at");
  const creator = creatorOf(call, data);
  const item: Item = {
    ...current,
    attributes: { ...current.attributes, ...attributes, updated_at: now },
    relationships: { ...current.relationships, ...creator ? { creator: { data: creator } } : {} },
    meta: {
      ...current.meta,
      ...first === undefined ? {} : { first_published_at: first },
      ...stage === undefined ? {} : { stage },
      updated_at: now,
      status: before ? "updated" : "draft",
      current_version: environment.newId("version"),
    },
  };
  const published = before && {
    ...before,
    relationships: { ...before.relationships, ...creator ? { creator: { data: creator } } : {} },
    meta: {
      ...before.meta,
      ...first === undefined ? {} : { first_published_at: first },
      ...stage === undefined ? {} : { stage },
      status: "updated",
    },
  };
  save(call, model, item, data.attributes, { ...record, current, published });
  return shown(call, id, 200);
}

/** Puts a version in place, if it may be: a model without drafts publishes it at once. */
function save(
  call: WriteCall,
  model: ItemType,
  item: Item,
  given: JsonObject,
  before: StoredItem | undefined,
): void {
  const { environment } = call;
  const { draft_mode_active: drafts, draft_saving_active: invalidDrafts } = model.attributes;
  if (blocksOf(item, environment.schema).length > MOST_BLOCKS) {
    throw new ApiError(422, "TECHNICAL_LIMIT_REACHED", { details: { blocks: MOST_BLOCKS } });
  }
  const flaws = flawsOf(environment, item);
  if (flaws.length > 0 && !(drafts === true && invalidDrafts === true)) {
    const [first, ...others] = flaws.map(({ field, locale, code }) =>
      invalidField(field, code, locale === undefined ? {} : { locale })
    );
    throw new ApiError(422, first!.code, { ...first!.options, others });
  }
  const asDraft = { current: { ...item, attributes: { ...item.attributes, ...parentIn(given) } } };
  const plan = drafts === true ? undefined : publishable(call, asDraft, new Map());
  const { schedules, published: publicBefore, current: old } = before ?? {};
  const place = placed(call, model, item.id, given, before);
  const next: Item = { ...item, attributes: { ...item.attributes, ...place } };
  const others = { ...publicBefore!, attributes: { ...publicBefore?.attributes, ...place } };
  environment.items.put(checked(environment, {
    schedules,
    ...plan
      ? published(next, itemTime(call))
      : { current: next, published: publicBefore && others },
  }));
  plan?.delete(item.id);
  for (const id of plan?.keys() ?? []) publish(call, id);
  if (model.attributes.tree === true) {
    tellParents(call, [place.parent_id ?? null, old?.attributes.parent_id ?? null]);
  }
}

function parentIn({ parent_id }: JsonObject): JsonObject {
  return parent_id === undefined ? {} : { parent_id };
}

function remove(call: WriteCall, id: string): Answer {
  const { environment, jobs } = call;
  const record = writable(environment, id);
  const data = view(call, record.current);
  destroy(call, id);
  tellParents(call, [record.current.attributes.parent_id ?? null]);
  return jobs.start({ status: 200, body: { data } });
}

function publishOne(call: WriteCall, id: string): Answer {
  writable(call.environment, id);
  const attributes = isObject(call.content)
    ? bodyData(call, "selective_publish_operation").attributes
    : undefined;
  if (!attributes) publish(call, id);
  else {
    publish(call, id, {
      locales: localesOf(attributes),
      rest: attributes.non_localized_content === true,
    });
  }
  return shown(call, id, 200);
}

function unpublishOne(call: WriteCall, id: string): Answer {
  writable(call.environment, id);
  if (isObject(call.content)) {
    const { attributes } = bodyData(call, "selective_unpublish_operation");
    unpublishLocales(call, id, localesOf(attributes));
  } else unpublish(call, id, text(call.parameters, "recursive") === "true");
  return shown(call, id, 200);
}

function localesOf({ content_in_locales: locales }: JsonObject): string[] {
  if (Array.isArray(locales) && locales.every((one) => typeof one === "string")) return locales;
  throw invalidFormat("data.attributes.content_in_locales", "must be a list of locales");
}

function references(call: WriteCall, id: string): Answer {
  const { items } = call.environment;
  if (!items.record(id)) throw notFound();
  const data = items.index().referrersOf(id).map((one) => view(call, items.record(one)!.current));
  return { status: 200, body: { data } };
}

function creatorOf(call: WriteCall, data: BodyData): ReturnType<typeof oneOf> {
  const creator = oneOf(data, "creator");
  if (!creator) return undefined;
  const { settings, site } = call.environment;
  const account = site.relationships?.account?.data;
  const people = ["/users", "/access_tokens", "/sso-users"].flatMap((path) =>
    settings.get(path) ?? []
  );
  const isKnown = [...people, account, writerOf(call)]
    .some((one) => one && "id" in one && one.id === creator.id && one.type === creator.type);
  if (isKnown) return { id: creator.id, type: creator.type };
  throw new ApiError(422, "INVALID_RELATIONSHIP", {
    details: { relationship: "creator", id: creator.id },
  });
}

function date(meta: JsonObject, name: string): string | undefined {
  const value = meta[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === "string" && !Number.isNaN(Date.parse(value))) return value;
  throw new ApiError(422, "INVALID_DATE", { details: { field: `meta.${name}` } });
}

function shown(call: WriteCall, id: string, status: number): Answer {
  const { current } = call.environment.items.record(id)!;
  const { schema } = call.environment;
  const included = [schema.itemTypeOf(current)!];
  return { status, body: { data: view(call, current), included } };
}

function view({ parameters, environment: { schema } }: WriteCall, item: Item): Item {
  return text(parameters, "nested") === "true" ? item : regularItem(item, schema);
}

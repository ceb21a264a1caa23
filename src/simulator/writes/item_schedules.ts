import { type Answer, ApiError, notFound } from "../../cma_server/answer.ts";
import type { JsonObject, Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { ref } from "../schema_builder.ts";
import { type StoredItem, withMeta } from "../stored_item.ts";
import { writable } from "./publication.ts";
import { bodyData, invalidField, invalidFormat, type WriteCall } from "./write_call.ts";

/** The attribute that tells when, by the URL's last segment. */
const DATES: Readonly<Record<string, string>> = {
  "scheduled-publication": "publication_scheduled_at",
  "scheduled-unpublishing": "unpublishing_scheduled_at",
};

/**
 * `POST /items/:id/scheduled-publication` and `scheduled-unpublishing`. No version of the record is another
 * one then.
 *
 * @param call The request.
 * @param id The record's id.
 * @param kind The URL's last segment.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/scheduled-publication/create}
 */
export function schedule(call: WriteCall, id: string, kind: string): Answer {
  const record = writable(call.environment, id);
  const type = kind.replace("-", "_");
  const date = DATES[kind]!;
  const { attributes } = bodyData(call, type);
  const at = attributes[date];
  if (typeof at !== "string" || Number.isNaN(Date.parse(at))) {
    throw new ApiError(422, "INVALID_DATE", { details: { field: date } });
  }
  if (Date.parse(at) <= call.project.now().getTime()) {
    throw invalidField(date, "VALIDATION_FUTURE", { value: at });
  }
  if (kind === "scheduled-unpublishing" && !record.published) {
    throw invalidField(date, "VALIDATION_PUBLISHED", { item: id });
  }
  const resource: Resource = {
    id: call.environment.newId(type),
    type,
    attributes: kind === "scheduled-publication"
      ? { [date]: at, selective_publication: selective(attributes) }
      : { [date]: at, content_in_locales: attributes.content_in_locales ?? null },
    relationships: { item: { data: ref("item", id) } },
  };
  put(call, record, type, { [date]: at }, [resource]);
  return { status: 200, body: { data: resource } };
}

/**
 * `DELETE /items/:id/scheduled-publication` and `scheduled-unpublishing`.
 *
 * @param call The request.
 * @param id The record's id.
 * @param kind The URL's last segment.
 */
export function unschedule(call: WriteCall, id: string, kind: string): Answer {
  const record = writable(call.environment, id);
  const type = kind.replace("-", "_");
  if (!record.schedules?.some((one) => one.type === type)) throw notFound();
  put(call, record, type, { [DATES[kind]!]: null }, []);
  return { status: 200, body: { data: call.environment.items.record(id)!.current } };
}

/** What was scheduled of the same kind is so no more. */
function put(
  call: WriteCall,
  record: StoredItem,
  type: string,
  meta: JsonObject,
  more: readonly Resource[],
): void {
  const current = withMeta(record.current, meta);
  const published = record.published === record.current
    ? current
    : record.published && withMeta(record.published, meta);
  const others = (record.schedules ?? []).filter((one) => one.type !== type);
  const schedules = [...others, ...more].toSorted((a, b) => a.type < b.type ? -1 : 1);
  call.environment.items.put({ current, published, schedules });
}

function selective({ selective_publication: part = null }: JsonObject): JsonObject | null {
  if (part === null) return null;
  if (isObject(part) && Array.isArray(part.content_in_locales)) {
    return {
      content_in_locales: part.content_in_locales,
      non_localized_content: part.non_localized_content === true,
    };
  }
  throw invalidFormat("data.attributes.selective_publication", "must name locales");
}

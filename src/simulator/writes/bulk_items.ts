import { type Answer, ApiError } from "../../cma_server/answer.ts";
import { isObject } from "../../text/json.ts";
import { withMeta } from "../stored_item.ts";
import { tellParents } from "./positions.ts";
import { destroy, publish, unpublish, writable } from "./publication.ts";
import { checkStage } from "./stages.ts";
import { bodyData, invalidFormat, type WriteCall } from "./write_call.ts";

/** The most resources that one request may be about. */
const MOST = 200;

/** What is done to each record, by the URL's last segment. */
const OPERATIONS: Readonly<Record<string, (call: WriteCall, id: string, stage: string) => void>> = {
  "publish": (call, id) => publish(call, id),
  "unpublish": (call, id) => unpublish(call, id, false),
  "destroy": (call, id) => {
    const parent = call.environment.items.record(id)?.current.attributes.parent_id ?? null;
    destroy(call, id);
    tellParents(call, [parent]);
  },
  "move-to-stage": (call, id, stage) => {
    const { environment, schema } = call;
    const record = writable(environment, id);
    checkStage(environment, schema.itemTypeOf(record.current)!, stage);
    const current = withMeta(record.current, { stage });
    const published = record.published === record.current
      ? current
      : record.published && withMeta(record.published, { stage });
    environment.items.put({ ...record, current, published });
  },
};

/**
 * `POST /items/bulk/publish`, `unpublish`, `destroy` and `move-to-stage`: each record on its own, in the
 * order given, and the job's result tells how many failed.
 *
 * @param call The request.
 * @param action The URL's last segment.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/bulk_publish}
 */
export function bulkItems(call: WriteCall, action: string): Answer | undefined {
  const operate = OPERATIONS[action];
  if (!operate) return undefined;
  const type = `item_bulk_${action.replaceAll("-", "_")}_operation`;
  const { stage = "" } = bodyData(call, type).attributes;
  const counts = { successful: 0, failed: 0 };
  for (const id of bulkIds(call, type, "items")) {
    try {
      operate(call, id, String(stage));
      counts.successful++;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      counts.failed++;
    }
  }
  return call.jobs.start({ status: 200, body: { data: [], meta: counts } });
}

/**
 * The ids of the resources that a bulk operation is about.
 *
 * @param call The request.
 * @param type The operation's type.
 * @param name The relationship that holds them.
 * @throws {ApiError} If there are none, or more than the API takes.
 */
export function bulkIds(call: WriteCall, type: string, name: string): string[] {
  const found = bodyData(call, type).relationships[name]?.data;
  if (!Array.isArray(found) || found.length === 0) {
    throw invalidFormat(`data.relationships.${name}`, "must be a list of resources");
  }
  if (found.length > MOST) throw new ApiError(422, "TOO_MANY_OPERATIONS");
  return found.map((one: unknown) => {
    if (isObject(one) && typeof one.id === "string") return one.id;
    throw invalidFormat(`data.relationships.${name}`, "must be a list of resources");
  });
}

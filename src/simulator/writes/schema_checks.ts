import { ApiError } from "../../cma_server/answer.ts";
import type { Json, Resource } from "../../content/resource.ts";
import { invalidField, type WriteCall } from "./write_call.ts";

/**
 * Checks the `api_key` of a model or field.
 *
 * @param key The `api_key`.
 * @param record What it is of, such as `ItemType`.
 * @param others The other ones, none of which may have it.
 * @throws {ApiError} If it isn't one, or is taken.
 */
export function checkApiKey(key: Json, record: string, others: readonly Resource[]): void {
  const more = { record_type: record };
  if (typeof key !== "string" || key === "") {
    throw invalidField("api_key", "VALIDATION_REQUIRED", more);
  }
  if (!/^[a-z](?:[a-z0-9_]*[a-z0-9])?$/.test(key)) {
    throw invalidField("api_key", "VALIDATION_FORMAT", more);
  }
  if (others.some(({ attributes }) => attributes?.api_key === key)) {
    throw invalidField("api_key", "VALIDATION_UNIQUENESS", more);
  }
}

/**
 * Checks that the records of a model aren't being checked again.
 *
 * @param call The request.
 * @param model The model's id.
 * @throws {ApiError} If they are; the same request may succeed later.
 */
export function checkIdle({ environment }: WriteCall, model: string): void {
  const until = environment.checking.get(model);
  if (until === undefined || until <= performance.now()) return;
  throw new ApiError(422, "CONCURRENT_ITEM_TYPE_UPDATE", {
    transient: true,
    details: { item_type: model },
  });
}

import { entityId } from "../../simulator/entity_id.ts";

/** The id of the sample project. */
export const SITE_ID = "48213";

/**
 * The id of a record of the sample project.
 *
 * @param key What the record is called in here.
 */
export function itemId(key: string): string {
  return entityId(`slackwater item ${key}`);
}

/**
 * The id of an upload of the sample project.
 *
 * @param key What the upload is called in here.
 */
export function uploadId(key: string): string {
  return entityId(`slackwater upload ${key}`);
}

/**
 * The id of an upload collection of the sample project.
 *
 * @param key What the collection is called in here.
 */
export function collectionId(key: string): string {
  return entityId(`slackwater collection ${key}`);
}

/**
 * The id of a workflow of the sample project.
 *
 * @param key What the workflow is called in here.
 */
export function workflowId(key: string): string {
  return entityId(`slackwater workflow ${key}`);
}

import type { Resource } from "../../content/resource.ts";
import { isObject, type JsonObject } from "../../text/json.ts";
import type { AssetChange } from "./changes.ts";
import { compareJson } from "./compare_json.ts";
import type { EntryPair } from "./compare_listings.ts";
import { compareRelationships } from "./compare_schema.ts";

/** Attributes that say nothing of their own: a time, and an address that follows from the path. */
const FOLLOWING = new Set(["updated_at", "url"]);

/**
 * What of an upload is compared, as text.
 *
 * @param upload The upload.
 * @param meta Whether all counts that is known of it.
 */
export function uploadText({ attributes, relationships, meta }: Resource, all: boolean): string {
  if (all) return JSON.stringify([attributes, relationships, meta]);
  return JSON.stringify([ownOf(attributes), relationships]);
}

function ownOf(attributes: unknown): JsonObject {
  if (!isObject(attributes)) return {};
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !FOLLOWING.has(key)));
}

/**
 * Compares two uploads.
 *
 * @param pair The upload.
 * @param all Whether all counts that is known of it.
 * @return `undefined` if nothing differs.
 */
export function compareUploads(
  { id, before: [before], after: [after] }: EntryPair<Resource>,
  all: boolean,
): AssetChange | undefined {
  const filename = filenameOf(after ?? before);
  const head = { kind: "asset", id, filename } as const;
  if (before === undefined) return { ...head, change: "added", fields: [] };
  if (after === undefined) return { ...head, change: "removed", fields: [] };
  const fields = [
    ...all
      ? compareJson(before.attributes, after.attributes, [])
      : compareJson(ownOf(before.attributes), ownOf(after.attributes), []),
    ...compareRelationships(before, after),
    ...all ? compareJson(before.meta, after.meta, ["meta"]) : [],
  ];
  if (fields.length === 0) return undefined;
  return { ...head, change: isReplaced(before, after) ? "replaced" : "changed", fields };
}

function filenameOf(upload: Resource | undefined): string | null {
  const { filename, path } = upload?.attributes ?? {};
  if (typeof filename === "string") return filename;
  return typeof path === "string" ? path.slice(path.lastIndexOf("/") + 1) : null;
}

/** Whether an upload's bytes are others: by what is known of them, or else by their place, which is new then. */
function isReplaced(before: Resource, after: Resource): boolean {
  const [a, b] = [before.attributes ?? {}, after.attributes ?? {}];
  if (typeof a.md5 === "string" && typeof b.md5 === "string") return a.md5 !== b.md5;
  return a.size !== b.size || a.path !== b.path;
}

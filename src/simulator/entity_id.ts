import { createHash } from "node:crypto";

/** Ids that were made, by name: those of models and of small projects are asked for again and again. */
const KNOWN = new Map<string, string>();
/** How many are kept at most: larger projects make theirs whenever they are read. */
const MOST_KNOWN = 10_000;

/**
 * An id in the form that the API uses (an RFC 4122 version 4 UUID in URL-safe base64, 22 characters),
 * always the same for the same name.
 *
 * @param name What the id is for: any text that is unique in the project.
 *
 * @example
 * ```ts
 * import { entityId } from "./entity_id.ts";
 *
 * console.assert(entityId("article") === entityId("article"));
 * console.assert(entityId("article").length === 22);
 * ```
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/errors#INVALID_ENTITY_ID}
 */
export function entityId(name: string): string {
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const id = bytes.toString("base64url");
  if (KNOWN.size < MOST_KNOWN) KNOWN.set(name, id);
  return id;
}

import type { Resource } from "./resource.ts";

/**
 * When a resource was created, in milliseconds since 1970; `NaN` if it doesn't tell.
 *
 * @param resource A record or an upload.
 */
export function createdAt({ meta, attributes }: Resource): number {
  const text = meta?.created_at ?? attributes?.created_at;
  return typeof text === "string" ? Date.parse(text) : NaN;
}

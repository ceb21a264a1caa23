/**
 * Writes keys and indexes as a JSON Pointer.
 *
 * @param path The keys and indexes from the document down to the value.
 * @return The pointer: `""` for the document itself.
 *
 * @example
 * ```ts
 * import { jsonPointer } from "./json_pointer.ts";
 *
 * console.assert(jsonPointer(["attributes", "a/b", 0]) === "/attributes/a~1b/0");
 * ```
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6901}
 */
export function jsonPointer(path: readonly (string | number)[]): string {
  let pointer = "";
  for (const segment of path) {
    pointer += "/" + (typeof segment === "number" ? segment : escape(segment));
  }
  return pointer;
}

function escape(segment: string): string {
  return /[~/]/.test(segment) ? segment.replaceAll("~", "~0").replaceAll("/", "~1") : segment;
}

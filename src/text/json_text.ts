/**
 * A value as JSON that is safe to print: what `JSON.stringify` leaves alone, but a terminal obeys or a reader
 * of logs takes for the end of a line, is escaped. It parses to the same value.
 *
 * @param value The value.
 * @param indent How far each level is indented, in blanks. @default All is in one line
 *
 * @example
 * ```ts
 * import { printableJson } from "./json_text.ts";
 *
 * console.assert(printableJson({ name: "\x9b2J" }) === '{"name":"\\u009b2J"}');
 * ```
 */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(
    /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu,
    // A character of two units is escaped as two.
    (char) =>
      char.split("").map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
}

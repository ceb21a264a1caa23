/**
 * Makes text from elsewhere safe to print: control characters, which could move the cursor, change
 * colours or fake a line of ours, are shown as escapes; text that is too long is cut.
 *
 * @param text Text that a server or an editor chose.
 * @param maxLength The longest text to return, in UTF-16 code units.
 * @return The text, safe for a terminal, a log line or an error message.
 *
 * @example
 * ```ts
 * import { printable } from "./printable.ts";
 *
 * console.assert(printable("a\x1b[2Jb") === "a\\u001b[2Jb");
 * ```
 */
export function printable(text: string, maxLength = 300): string {
  const shown = text.slice(0, maxLength + 1).replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const cut = shown.length > maxLength ? `${shown.slice(0, maxLength - 1)}…` : shown;
  return cut.toWellFormed();
}

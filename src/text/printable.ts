import { fileURLToPath } from "node:url";

/**
 * Control characters, line breaks and whatever reorders text, and characters that nobody sees: of zero width, soft
 * hyphens, tags. Those that an emoji is made of are seen.
 */
const UNSAFE =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]|(?!(?<=\p{Emoji})\ufe0f|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?)\u200d(?=\p{Extended_Pictographic}))\p{Default_Ignorable_Code_Point}/gu;

/**
 * Makes text from elsewhere safe to print: characters that could move the cursor, change colours, fake a line of
 * ours or hide something are shown as escapes; text that is too long is cut.
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
  const shown = text.slice(0, maxLength + 1).replace(UNSAFE, (char) => {
    const code = char.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
  const cut = shown.length > maxLength ? `${shown.slice(0, maxLength - 1)}…` : shown;
  return cut.toWellFormed();
}

/**
 * A value as JSON that is safe to print: what `JSON.stringify` leaves alone, but a terminal obeys or a reader
 * of logs takes for the end of a line, is escaped. It parses to the same value.
 *
 * @param value The value.
 * @param indent How far each level is indented, in blanks. @default All is in one line
 *
 * @example
 * ```ts
 * import { printableJson } from "./printable.ts";
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

/**
 * Names the first of many, safe to print.
 *
 * @param names The names.
 * @param most How many are named.
 *
 * @example
 * ```ts
 * import { fewNames } from "./printable.ts";
 *
 * console.assert(fewNames(["article", "page"]) === "article, page");
 * ```
 */
export function fewNames(names: readonly string[], most = 10): string {
  const few = names.slice(0, most).map((name) => printable(name));
  return (names.length > most ? [...few, "…"] : few).join(", ");
}

/**
 * An address as people write it: the path of a `file:` URL, any other URL as it is.
 *
 * @param url The address.
 */
export function shownAddress(url: string): string {
  return printable(url.startsWith("file:") ? pathOf(url) : url, 1000);
}

/** An address has names in it that a server chose: what can't be a path is shown as it is. */
function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

/**
 * Text as one word of a shell's command line.
 *
 * @param text The text.
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

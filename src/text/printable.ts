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

/** Made for the first text that needs it: it takes a while, and `--help` has none. */
let segmenter: Intl.Segmenter | undefined;
const INVISIBLE = /^[\p{Mark}\p{Cf}]+$/u;
/** East Asian Wide and Fullwidth, roughly, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

/**
 * How many columns text takes in a terminal.
 *
 * @param text Text without control characters.
 */
export function textWidth(text: string): number {
  // Almost all text is ASCII, and this is asked ten times a second.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/**
 * Cuts text to a number of columns; what is cut ends with `…`.
 *
 * @param text Text without control characters.
 * @param columns The most columns that it may take.
 */
export function cutToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let width = 0;
  for (const { segment } of graphemes(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * Fills text up to a number of columns.
 *
 * @param text Text without control characters.
 * @param columns The least columns that it takes.
 * @param side Where it is filled up.
 */
export function padToWidth(text: string, columns: number, side: "start" | "end" = "end"): string {
  const fill = " ".repeat(Math.max(0, columns - textWidth(text)));
  return side === "start" ? fill + text : text + fill;
}

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

function graphemeWidth(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

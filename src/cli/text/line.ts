import { cutToWidth, textWidth } from "./width.ts";

/** How a part of a line is shown. */
export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** A part of a line: plain text, or text with a style. */
export type Span = string | readonly [Style, string];

const CODES: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
};

/** How lines are shown. */
export interface LineOptions {
  /** The most columns that a line may take. */
  readonly columns: number;
  /** Whether styles are shown. */
  readonly color: boolean;
}

/**
 * Renders a line, cut to its width.
 *
 * @param spans Its parts, without control characters.
 * @param options The width, and whether there are colours.
 */
export function renderLine(spans: readonly Span[], { columns, color }: LineOptions): string {
  let line = "";
  let left = columns;
  for (const span of spans) {
    const [style, text] = typeof span === "string" ? [undefined, span] : span;
    const cut = cutToWidth(text, left);
    line += color && style !== undefined && cut !== "" ? `\x1b[${CODES[style]}m${cut}\x1b[0m` : cut;
    if (cut !== text) break;
    left -= textWidth(cut);
  }
  return line;
}

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

/** A word, whatever its styles, and the blanks before it. */
interface Word {
  readonly blanks: number;
  readonly parts: Span[];
  width: number;
}

/**
 * Breaks a line into lines between its words.
 *
 * @param spans Its parts, without control characters.
 * @param columns The most columns of a line; a longer word is in a line of its own.
 * @param indent How many columns further lines begin with.
 */
export function wrapSpans(spans: readonly Span[], columns: number, indent: number): Span[][] {
  const lines: Span[][] = [[]];
  let width = 0;
  for (const { blanks, parts, width: wide } of wordsOf(spans)) {
    const isFull = width + blanks + wide > columns && width > (lines.length > 1 ? indent : 0);
    if (isFull) lines.push([]);
    const before = isFull ? indent : blanks;
    append(lines.at(-1)!, " ".repeat(before), parts);
    width = (isFull ? 0 : width) + before + wide;
  }
  return lines;
}

/** Adds a word to a line; blanks within a style have it, too. */
function append(line: Span[], blanks: string, [first, ...parts]: readonly Span[]): void {
  const last = line.at(-1);
  if (typeof last === "object" && typeof first === "object" && last[0] === first[0]) {
    line[line.length - 1] = [last[0], last[1] + blanks + first[1]];
  } else line.push(blanks, first!);
  line.push(...parts);
}

function wordsOf(spans: readonly Span[]): Word[] {
  const words: Word[] = [{ blanks: 0, parts: [], width: 0 }];
  let blanks = 0;
  for (const span of spans) {
    const [style, text] = typeof span === "string" ? [undefined, span] : span;
    for (const [piece] of text.matchAll(/ +|[^ ]+/g)) {
      if (piece.startsWith(" ")) {
        blanks += piece.length;
        continue;
      }
      if (blanks > 0) words.push({ blanks, parts: [], width: 0 });
      blanks = 0;
      const word = words.at(-1)!;
      word.parts.push(style === undefined ? piece : [style, piece]);
      word.width += textWidth(piece);
    }
  }
  return words.filter(({ width }) => width > 0);
}

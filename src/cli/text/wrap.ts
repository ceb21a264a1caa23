import { textWidth } from "./width.ts";

/**
 * Breaks text into lines, between words.
 *
 * @param text The text, or its words: these may have blanks in them.
 * @param columns The most columns of a line; a longer word gets a line of its own.
 * @return The lines; none if there is no word.
 */
export function wrap(text: string | readonly string[], columns: number): string[] {
  const words = typeof text === "string" ? text.split(/\s+/) : text;
  const lines: string[] = [];
  let line = "";
  for (const word of words.filter((word) => word !== "")) {
    if (line !== "" && textWidth(`${line} ${word}`) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/**
 * Breaks a list into lines, between its entries.
 *
 * @param entries The entries; those of a line are separated by commas.
 * @param columns The most columns of a line; a longer entry gets a line of its own.
 * @return The lines; none if there is no entry.
 */
export function wrapList(entries: readonly string[], columns: number): string[] {
  return wrap(entries.map((entry, i) => i < entries.length - 1 ? `${entry},` : entry), columns);
}

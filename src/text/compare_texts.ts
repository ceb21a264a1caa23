/** A part of two texts. */
export interface TextPart {
  /** Whether both texts have it, only the earlier one, or only the later one. */
  readonly kind: "same" | "removed" | "added";
  /** What it says. */
  readonly text: string;
}

/** The most words of one text times those of the other that are compared while somebody waits. */
const MOST_PAIRS = 1_000_000;

/**
 * Tells where two texts differ, word by word. Texts that differ in too many words differ as a whole.
 *
 * @param before The earlier text.
 * @param after The later text.
 *
 * @example
 * ```ts
 * import { compareTexts } from "./compare_texts.ts";
 *
 * const parts = compareTexts("The old lock", "The new lock");
 * console.assert(parts.map(({ text }) => text).join("|") === "The |old|new| lock");
 * ```
 */
export function compareTexts(before: string, after: string): TextPart[] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    [endA, endB] = [endA - 1, endB - 1];
  }
  const parts: { kind: TextPart["kind"]; text: string }[] = [];
  const push = (kind: TextPart["kind"], words: readonly string[]) => {
    if (words.length === 0) return;
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += words.join("");
    else parts.push({ kind, text: words.join("") });
  };
  push("same", a.slice(0, start));
  let [i, j] = [start, start];
  for (const [x, y] of common(a.slice(start, endA), b.slice(start, endB))) {
    push("removed", a.slice(i, start + x));
    push("added", b.slice(j, start + y));
    push("same", [a[start + x]!]);
    [i, j] = [start + x + 1, start + y + 1];
  }
  push("removed", a.slice(i, endA));
  push("added", b.slice(j, endB));
  push("same", a.slice(endA));
  return parts;
}

/** Words, and what is between them. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}_]+|\s+|./gsu) ?? [];
}

/** The longest sequence of words that both have, as pairs of indexes. */
function common(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length * b.length > MOST_PAIRS) return [];
  const width = b.length + 1;
  // How many words can be kept from here on.
  const most = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      most[i * width + j] = a[i] === b[j]
        ? most[(i + 1) * width + j + 1]! + 1
        : Math.max(most[(i + 1) * width + j]!, most[i * width + j + 1]!);
    }
  }
  const pairs: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (most[(i + 1) * width + j]! >= most[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}

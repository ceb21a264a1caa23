/** A text as it is read after its escapes are resolved. */
export interface Unescaped {
  /** The text. */
  readonly text: string;
  /** Where each of its characters begins in the text that was given, and where that ends. */
  readonly at: readonly number[];
}

/** Escapes of addresses, of JSON and of XML. */
const ESCAPE =
  /%([0-9a-f]{2})|\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\(["'\\/bfnrt])|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(amp|lt|gt|quot|apos);/gi;

const NAMED: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** What is in an address in JSON in JSON is escaped three times. */
const MOST = 4;

/**
 * A text as it is, and as it is read after each time that its escapes are resolved. Bytes in addresses become
 * characters of one byte each.
 *
 * @param text The text.
 *
 * @example
 * ```ts
 * import { unescaped } from "./unescaped.ts";
 *
 * const texts = [...unescaped("a%2Fb")].map(({ text }) => text);
 * console.assert(texts.join() === "a%2Fb,a/b");
 * ```
 */
export function* unescaped(text: string): Generator<Unescaped, void> {
  let current: Unescaped = { text, at: [] };
  yield current;
  for (let times = 0; times < MOST; times++) {
    const next = resolved(current);
    if (next === undefined) return;
    yield current = next;
  }
}

/**
 * Where a character begins in the text that was given.
 *
 * @param view The text that is read.
 * @param index The character's place in it; its length for its end.
 */
export function placeOf({ at }: Unescaped, index: number): number {
  return at[index] ?? index;
}

/** The text without its escapes; `undefined` if it has none. */
function resolved(view: Unescaped): Unescaped | undefined {
  const { text } = view;
  if (!/[%\\&]/.test(text)) return undefined;
  const at: number[] = [];
  let plain = "";
  let from = 0;
  const keep = (to: number) => {
    for (let i = from; i < to; i++) at.push(placeOf(view, i));
    plain += text.slice(from, to);
  };
  for (const { 0: escape, index, ...groups } of text.matchAll(ESCAPE)) {
    const { 1: byte, 2: braced, 3: unit, 4: hex, 5: sign, 6: xmlHex, 7: xml, 8: name } = groups;
    const code = byte ?? braced ?? unit ?? hex ?? xmlHex;
    const number = code === undefined ? Number(xml) : parseInt(code, 16);
    const named = sign ?? name?.toLowerCase();
    if (named === undefined && !(number <= 0x10ffff)) continue;
    const meant = named === undefined ? String.fromCodePoint(number) : NAMED[named] ?? named;
    keep(index);
    for (let i = 0; i < meant.length; i++) at.push(placeOf(view, index));
    plain += meant;
    from = index + escape.length;
  }
  if (from === 0) return undefined;
  keep(text.length);
  at.push(placeOf(view, text.length));
  return { text: plain, at };
}

/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** What `JSON.parse` and `JSON.rawJSON` can do that TypeScript's library doesn't know yet. */
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse(
    text: string,
    reviver?: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/**
 * Parses JSON so that `JSON.stringify` writes the same numbers again: a number with more digits than a
 * double holds is kept as the text it came in.
 *
 * @param text The JSON text.
 * @return The value.
 * @throws {SyntaxError} If the text isn't JSON.
 *
 * @example
 * ```ts
 * import { parseJson } from "./json.ts";
 *
 * console.assert(JSON.stringify(parseJson("[12345678901234567890]")) === "[12345678901234567890]");
 * ```
 */
export function parseJson(text: string): unknown {
  // A reviver is called with every value, and costs several times as much as the parsing.
  if (!holdsInexact(text)) return parse(text);
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || isExact(value, source)) return value;
    return rawJSON(source);
  });
}

/** Where a number of more than fifteen digits may begin, or one that is very large or small. */
const TOO_MUCH = /(?:^|[[:,\s])-?(?:\d[\d.eE+-]{15}|\d[\d.]*[eE][+-]?\d{3})/g;
const REST = /[\d.eE+-]*/y;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether a double can't hold one of the numbers that aren't in strings. */
function holdsInexact(text: string): boolean {
  /** An index that is in no string. */
  let outside = 0;
  TOO_MUCH.lastIndex = 0;
  for (let found = TOO_MUCH.exec(text); found; found = TOO_MUCH.exec(text)) {
    const start = found.index + (/^[\d-]/.test(found[0]) ? 0 : 1);
    REST.lastIndex = TOO_MUCH.lastIndex;
    REST.test(text);
    const end = TOO_MUCH.lastIndex = REST.lastIndex;
    // Most are exact: what is in strings needs to be told from the rest only where it matters.
    const token = text.slice(start, end);
    if (!NUMBER.test(token) || isExact(Number(token), token)) continue;
    while (outside <= start) {
      const opening = text.indexOf('"', outside);
      if (opening < 0 || opening > start) return true;
      outside = endOfString(text, opening);
    }
  }
  return false;
}

/** The index behind the string that begins at a quote. */
function endOfString(text: string, opening: number): number {
  for (let end = opening + 1;; end++) {
    end = text.indexOf('"', end);
    if (end < 0) return text.length;
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return end + 1;
  }
}

function isExact(value: number, source: string): boolean {
  const written = String(value);
  return written === source ||
    (Number.isFinite(value) && normalized(written) === normalized(source));
}

/** A number's sign, digits and exponent: the same for `1.50`, `15e-1` and `1.5`. */
function normalized(number: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  // Not `replace(/0+$/, "")`: that takes minutes for many zeros that aren't at the end.
  const significant = /^\d*[1-9]/.exec(digits)?.[0] ?? "";
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return significant && `${sign}${significant}e${power}`;
}

/**
 * Whether a value is a JSON object: neither `null` nor an array, nor a number with more digits than a double
 * holds, which is kept as its text.
 *
 * @param value Any value.
 */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawJSON(value);
}

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
  // Looking at every number costs as much as the parsing: only where one may be too much for a double.
  if (!TOO_MUCH.some((pattern) => pattern.test(text))) return parse(text);
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || isExact(value, source)) return value;
    return rawJSON(source);
  });
}

/**
 * Where a number of more than fifteen digits may be, or one that is very large or small. Several
 * patterns, because engines search for each of them much faster than for all in one.
 */
const TOO_MUCH = [
  /\d{16}/,
  /\d\.\d{8}|(?<=\d{8})\.\d/,
  /(?:^|[[:,\s])-?\d+(?:\.\d+)?[eE][+-]?\d{3}/,
];

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

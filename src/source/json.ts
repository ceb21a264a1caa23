/** What `JSON.parse` and `JSON.rawJSON` can do that TypeScript's library doesn't know yet. */
const { parse, rawJSON } = JSON as unknown as {
  parse(
    text: string,
    reviver?: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
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
  // Looking at every number costs as much as the parsing: only where some number is that long.
  if (!/\d{16}/.test(text) && !/\d\.\d*\d{15}/.test(text)) return parse(text);
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || source.length < 16) return value;
    return String(value) === source ? value : rawJSON(source);
  });
}

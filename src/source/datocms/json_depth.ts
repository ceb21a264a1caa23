/**
 * Whether a JSON text nests deeper than a number of levels. What nests much deeper than anything that people
 * write can be parsed, but not walked through or written again: the stack would overflow.
 *
 * @param text The text in UTF-8; what isn't JSON gives either answer.
 * @param levels How many objects and arrays may be in each other.
 *
 * @example
 * ```ts
 * import { isDeeperThan } from "./json_depth.ts";
 *
 * const text = new TextEncoder().encode('{"a":["[[["]}');
 * console.assert(isDeeperThan(text, 1) && !isDeeperThan(text, 2));
 * ```
 */
export function isDeeperThan(text: Uint8Array, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === BRACKET || byte === BRACE) {
      if (++depth > levels) return true;
    } else if (byte === END_BRACKET || byte === END_BRACE) depth--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const END_BRACKET = 0x5d;
const BRACE = 0x7b;
const END_BRACE = 0x7d;

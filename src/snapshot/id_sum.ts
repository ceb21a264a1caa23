/** The sum of no ids. */
export const NO_IDS = "";

/**
 * Adds ids to what stands for a set of them, in whichever order: two sets have the same sum if they are the
 * same, and else once in 2^64 cases. An id that is added twice is taken away again.
 *
 * @param sum What stands for the set so far: hexadecimal digits.
 * @param ids The ids that are added.
 *
 * @example
 * ```ts
 * import { NO_IDS, plusIds } from "./id_sum.ts";
 *
 * console.assert(plusIds(NO_IDS, ["a", "b"]) === plusIds(plusIds(NO_IDS, ["b"]), ["a"]));
 * ```
 */
export function plusIds(sum: string, ids: Iterable<string>): string {
  let high = parseInt(sum.slice(0, 8) || "0", 16);
  let low = parseInt(sum.slice(8) || "0", 16);
  for (const id of ids) {
    const [a, b] = hash(id);
    high ^= a;
    low ^= b;
  }
  const digits = [high, low].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
  return digits === "0".repeat(16) ? NO_IDS : digits;
}

/** 64 bits, many times faster than what is safe against whoever chooses texts: these ids say nothing. */
function hash(text: string): [number, number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ a >>> 16, 0x85ebca6b) ^ Math.imul(b ^ b >>> 13, 0xc2b2ae35);
  b = Math.imul(b ^ b >>> 16, 0x85ebca6b) ^ Math.imul(a ^ a >>> 13, 0xc2b2ae35);
  return [a, b];
}

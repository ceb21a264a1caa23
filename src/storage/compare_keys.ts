/**
 * Compares keys as S3 orders them: by their UTF-8 bytes, which is the order of code points. JavaScript's
 * `<` compares UTF-16 units instead, and so puts an emoji before `"\uff5e"`.
 *
 * @param a A key.
 * @param b Another key.
 * @return A negative number if `a` comes first, a positive one if `b` does, 0 if they are equal.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 *
 * @example
 * ```ts
 * import { compareKeys } from "./compare_keys.ts";
 *
 * console.assert(["\uff5e", "😀", "a"].sort(compareKeys).join() === "a,\uff5e,😀");
 * ```
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

import { closest, distance } from "fastest-levenshtein";

/**
 * The choice that was probably meant.
 *
 * @param given What was given.
 * @param choices What there is.
 * @return The nearest choice, or `undefined` if none is near.
 *
 * @example
 * ```ts
 * import { nearest } from "./nearest.ts";
 *
 * console.assert(nearest("artcle", ["article", "page"]) === "article");
 * ```
 */
export function nearest(given: string, choices: readonly string[]): string | undefined {
  if (choices.length === 0) return undefined;
  const choice = closest(given, choices);
  // Two edits turn any short word into any other.
  const near = Math.min(Math.max(2, given.length / 3), given.length - 1);
  return distance(given, choice) <= near ? choice : undefined;
}

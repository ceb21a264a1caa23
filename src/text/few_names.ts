import { printable } from "./printable.ts";

/**
 * Names the first of many, safe to print.
 *
 * @param names The names.
 * @param most How many are named.
 *
 * @example
 * ```ts
 * import { fewNames } from "./few_names.ts";
 *
 * console.assert(fewNames(["article", "page"]) === "article, page");
 * ```
 */
export function fewNames(names: readonly string[], most = 10): string {
  const few = names.slice(0, most).map((name) => printable(name));
  return (names.length > most ? [...few, "…"] : few).join(", ");
}

/** The most files that may be deleted at a time: a number, or a share of the files that there are. */
export type MaxDelete = number | `${number}%`;

/** Number of files that may always be deleted, and share of all files, unless another limit is given. */
const FILES = 100;
const PERCENT = 10;

/**
 * How many files may be deleted.
 *
 * @param max The most files that may be, or `undefined` for 100 files or 10 %, whichever is more.
 * @param files How many files there are.
 *
 * @example
 * ```ts
 * import { mostDeleted } from "./max_delete.ts";
 *
 * console.assert(mostDeleted(undefined, 5000) === 500);
 * console.assert(mostDeleted("2%", 5000) === 100 && mostDeleted(3, 5000) === 3);
 * ```
 */
export function mostDeleted(max: MaxDelete | undefined, files: number): number {
  if (max === undefined) return Math.max(FILES, mostDeleted(`${PERCENT}%`, files));
  return typeof max === "number" ? max : Math.floor(files * Number(max.slice(0, -1)) / 100);
}

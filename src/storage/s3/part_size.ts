const MiB = 1024 * 1024;

/** The smallest size of a part but the last, in bytes. */
export const MIN_PART_SIZE: number = 5 * MiB;
/** The biggest size of a part, in bytes. */
export const MAX_PART_SIZE: number = 5 * 1024 * MiB;
/** The most parts that an upload can have. */
export const MAX_PARTS = 10_000;
/** Parts of an object of unknown size after which they double: ten times, before the parts run out. */
const DOUBLE_AFTER = 900;

/**
 * The size of an upload's part, so that {@linkcode MAX_PARTS} parts suffice.
 *
 * If the object's size is known, all of its parts are of one size. If it isn't, parts get bigger as more
 * of them are used: 10,000 parts that begin at 5 MiB hold 10 TB.
 *
 * @param number The part's number, from 1.
 * @param atLeast The size that parts have if nothing else demands bigger ones, in bytes.
 * @param objectSize The object's size in bytes, if known.
 * @return The size in bytes.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 *
 * @example
 * ```ts
 * import { partSize } from "./part_size.ts";
 *
 * const MiB = 1024 * 1024;
 * console.assert(partSize(1, 8 * MiB) === 8 * MiB);
 * console.assert(partSize(1, 8 * MiB, 500_000 * MiB) === 50 * MiB);
 * ```
 */
export function partSize(number: number, atLeast: number, objectSize?: number): number {
  const wanted = objectSize === undefined
    ? atLeast * 2 ** Math.floor((number - 1) / DOUBLE_AFTER)
    : Math.max(atLeast, Math.ceil(objectSize / MAX_PARTS / MiB) * MiB);
  return Math.min(wanted, MAX_PART_SIZE);
}

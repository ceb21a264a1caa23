import { type ByteRange, StorageError } from "./storage.ts";

/**
 * Checks a range, so that no storage reads something else than was meant.
 *
 * @param range The range.
 * @return It, with an end.
 * @throws {StorageError} If its offsets aren't whole numbers from 0, or it ends before it starts.
 */
export function assertRange(
  { start, end = Infinity }: ByteRange,
): { readonly start: number; readonly end: number } {
  const isOffset = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (isOffset(start) && (end === Infinity || isOffset(end)) && start <= end) return { start, end };
  throw new StorageError(
    `A range must be two offsets in bytes, from 0 and in order, but is ${start} to ${end}.`,
  );
}

/**
 * How many pages a listing is read in, if nothing changes meanwhile and answers don't get too large. A
 * listing without resources takes a page too; each further one begins with the last one's end, and after a
 * full page there is always another, which proves that it was the last.
 *
 * @param total How many resources there are.
 * @param limit The most resources in a page.
 */
export function pageCount(total: number, limit: number): number {
  return 1 + Math.max(0, Math.floor((total - 1) / (limit - 1)));
}

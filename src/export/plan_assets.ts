import type { Upload } from "../content/resource.ts";
import type { CmaClient } from "../source/datocms/cma_client.ts";
import { listingReader } from "../source/datocms/listing.ts";

/** Uploads in a page, and the most pages that are looked at. */
const [LIMIT, MOST_PAGES] = [500, 4];
/** How large an answer may be (bytes). */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Finds out how large the asset files of a project are: from its uploads, or from 2,000 of them that lie
 * all over their listing.
 *
 * @param client Reads the API.
 * @param total How many uploads there are.
 * @param signal Aborts it.
 * @return How many bytes they have, and whether that is concluded from some of them.
 * @throws {CmaError} If the API can't be read.
 */
export async function planAssets(
  client: CmaClient,
  total: number,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly isEstimate: boolean }> {
  const reader = listingReader<Upload>(client, { path: "/uploads", maxLimit: LIMIT });
  const pages = Math.min(Math.ceil(total / LIMIT), MOST_PAGES);
  let [bytes, seen] = [0, 0];
  for (let page = 0; page < pages; page++) {
    const step = total <= LIMIT * MOST_PAGES ? LIMIT : (total - LIMIT) / (MOST_PAGES - 1);
    const offset = Math.floor(page * step);
    const { data } = await reader.read({ offset, limit: LIMIT, signal, maxBytes: MOST_BYTES });
    for (const { attributes } of data) {
      const size: unknown = attributes?.size;
      if (typeof size === "number" && size > 0) bytes += size;
    }
    seen += data.length;
  }
  const isEstimate = seen < total;
  return { bytes: isEstimate && seen > 0 ? Math.round(bytes / seen * total) : bytes, isEstimate };
}

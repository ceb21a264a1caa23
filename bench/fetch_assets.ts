/**
 * Fetches asset files as exports do, verified and flushed to the disk, and says what that took.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { syncAssets } from "../src/assets/asset_sync.ts";
import { assetClient, fetchAsset } from "../src/source/datocms/asset_fetch.ts";
import type { Upload } from "../src/content/resource.ts";
import { LocalStorage } from "../src/storage/local/local_storage.ts";
import { assetBytes } from "./asset_files.ts";
import { tell } from "./measured.ts";

/** What is fetched, and how. */
export interface FetchedAssets {
  readonly url: string;
  readonly files: number;
  readonly bytes: number;
  readonly concurrency: number;
  /** Where to; what is there is removed. */
  readonly root: string;
  /** Whether the platform's client is used, which speaks HTTP/2 where it is offered. */
  readonly http2: boolean;
}

const { url, root, files, bytes, concurrency, http2 } = JSON.parse(Deno.args[0]!) as FetchedAssets;
const uploads = Array.from({ length: files }, (_, number): Upload => {
  const md5 = createHash("md5").update(assetBytes(number, bytes)).digest("hex");
  const path = `/1/${number}.bin`;
  return {
    id: String(number),
    type: "upload",
    attributes: { url: url + path, path, filename: `${number}.bin`, size: bytes, md5 },
  };
});
try {
  using client = http2 ? undefined : assetClient();
  await tell(async () => {
    const outcomes = syncAssets(ReadableStream.from([uploads]), new LocalStorage(root), {
      concurrency,
      files: { find: () => undefined },
      key: ({ id }) => `assets/1/${id}.bin`,
      fetch: (upload, how) => fetchAsset(upload, { ...how, assetHost: url, client }),
    });
    const all = (await Array.fromAsync(outcomes)).flat();
    const fetched = all.filter(({ outcome }) => outcome === "downloaded").length;
    if (fetched !== files) throw new Error(`Fetched ${fetched} of ${files}: ${all[0]?.reason}`);
  });
} finally {
  await Deno.remove(root, { recursive: true });
}

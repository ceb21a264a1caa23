import { createHash } from "node:crypto";
import { IndexReader } from "../../snapshot/index/index_reader.ts";
import { IndexMaker } from "../../snapshot/index/make_index.ts";
import { RECORD_INDEX, UPLOAD_INDEX } from "../../snapshot/layout.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import { ObjectNotFoundError } from "../../storage/storage.ts";
import { batchOf } from "./known_ids.ts";
import type { Check } from "./check.ts";

/**
 * Makes the indexes of a snapshot anew from its batches, and compares them: each row has to lead to its entry, and
 * each entry needs a row. Holds at most 60 bytes for each version of a record.
 *
 * @param check The verification.
 * @param manifest The snapshot's manifest.
 * @param isThere Whether an object is there.
 * @throws {StorageError} If something can't be read.
 */
export async function checkIndexes(
  check: Check,
  { objects }: Manifest,
  isThere: (path: string) => boolean,
): Promise<void> {
  for (const path of [RECORD_INDEX, UPLOAD_INDEX]) {
    const listed = objects.find((object) => object.path === path);
    if (listed === undefined || !isThere(path)) continue;
    const isOf = (path: string) => (batchOf(path) === "uploads") === (listed.path === UPLOAD_INDEX);
    const expected = objects.filter(({ path }) => batchOf(path) !== undefined && isOf(path));
    try {
      const { head } = await open(check, path, listed.size);
      const named = JSON.stringify(head.batches.map(({ path, size }) => `${path} ${size}`).sort());
      if (named !== JSON.stringify(expected.map(({ path, size }) => `${path} ${size}`).sort())) {
        check.add("dangling", path, "it isn't of the batches that the manifest lists");
        continue;
      }
      const { storage, prefix, signal } = check;
      const maker = new IndexMaker(path);
      await maker.make({ storage, prefix, batches: head.batches, signal });
      const hash = createHash("sha256");
      for (const bytes of maker.bytes(head.batches, head.sums !== undefined)) hash.update(bytes);
      if (hash.digest("hex") !== listed.sha256) {
        check.add("dangling", path, "it doesn't lead to the entries of the batches as they are");
      }
    } catch (error) {
      check.signal.throwIfAborted();
      // What a batch lacks was added when it was read the first time.
      if (error instanceof ObjectNotFoundError || error instanceof TypeError) continue;
      if (!(error instanceof SyntaxError)) throw error;
      check.add("unparsable", path, "it, or a batch that it is of, can't be read");
    }
  }
}

async function open(
  { storage, prefix, signal }: Check,
  path: string,
  size: number,
): Promise<IndexReader> {
  const read = async (start: number, end: number) => {
    const bytes = await storage.get(`${prefix}/${path}`, { range: { start, end }, signal });
    return await new Response(bytes).bytes();
  };
  return await IndexReader.open(read, size, signal);
}

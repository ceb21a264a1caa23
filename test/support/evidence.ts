import { createHash } from "node:crypto";
import type { Storage } from "../../src/storage/storage.ts";
import { bytesIn } from "../storage/bodies.ts";

/** What keys of objects of a made-up project's snapshots begin with. */
export const SNAPSHOT = /^content\/project_900001\/snapshot_\d+\//;

/**
 * What is there of snapshots and of asset files: of which bytes, and since when.
 *
 * @param storage Where they are.
 */
export async function evidence(storage: Storage): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const page of storage.list("")) {
    for (const { key, size, etag, modifiedAt } of page) {
      if (!SNAPSHOT.test(key) && !key.startsWith("assets/")) continue;
      const digest = createHash("sha256").update(await bytesIn(await storage.get(key))).digest(
        "hex",
      );
      found[key] = [size, etag, modifiedAt?.toISOString(), digest].join(" ");
    }
  }
  return found;
}

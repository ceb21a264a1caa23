import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { CANARY, MANIFEST } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { objectDigest } from "./object_digest.ts";
import { readManifest } from "./read_manifest.ts";

/**
 * Completes a snapshot whose export was ended right before that: its manifest is there, and all that it lists
 * and nothing else, but not its canary.
 *
 * @param storage Where it is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts it.
 * @return Whether it is complete now.
 * @throws {StorageError} If it can't be read or written.
 */
export async function finishSeal(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<boolean> {
  const manifest = await readManifest(storage, prefix, signal).catch(nothingIfUnreadable);
  if (manifest === undefined) return false;
  await storage.clear?.(`${prefix}/`, { signal });
  if (!await holds(storage, prefix, manifest, signal)) return false;
  const canary = new TextEncoder().encode(`${manifest.endedAt}\n`);
  await storage.put(`${prefix}/${CANARY}`, canary, { signal, replaces: null });
  return true;
}

/** Whether a folder holds just what a manifest lists. */
async function holds(
  storage: Storage,
  prefix: string,
  { objects, leftovers = [] }: Manifest,
  signal: AbortSignal,
): Promise<boolean> {
  const expected = new Map(objects.map(({ path, size }) => [`${prefix}/${path}`, size]));
  const others = new Set([MANIFEST, ...leftovers].map((path) => `${prefix}/${path}`));
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const { key, size } of page) {
      if (expected.get(key) === size) expected.delete(key);
      else if (!others.has(key)) return false;
    }
  }
  if (expected.size > 0) return false;
  for (const { path, sha256 } of objects) {
    const found = await objectDigest(storage, `${prefix}/${path}`, signal);
    if (found.sha256 !== sha256) return false;
  }
  return true;
}

function nothingIfUnreadable(error: unknown): undefined {
  if (!(error instanceof ObjectNotFoundError) && !(error instanceof SyntaxError)) throw error;
}

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { AssetOutcome } from "../../src/assets/asset_download.ts";
import { isTemporary } from "../../src/storage/object_key.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { type Manifest, manifestSchema } from "../../src/snapshot/manifest.ts";
import { bytesIn, collect } from "../storage/bodies.ts";

/**
 * Checks that each snapshot that has a seal holds all that its manifest says, asset files included.
 *
 * @param storage Where the snapshots are.
 * @param seen The seals of snapshots that were checked before, which isn't done again; new ones are added.
 * @return How many have a seal.
 */
export async function assertSealedAreWhole(
  storage: Storage,
  seen: Set<string> = new Set(),
): Promise<number> {
  const keys = (await collect(storage.list("content/"))).flat().map(({ key }) => key);
  const seals = keys.filter((key) => key.endsWith("/canary.txt"));
  for (const seal of seals.filter((seal) => !seen.has(seal))) {
    seen.add(seal);
    const prefix = seal.slice(0, -"/canary.txt".length);
    const manifest = manifestSchema.parse(await jsonAt(storage, `${prefix}/manifest.json`));
    const own = keys.filter((key) => key.startsWith(`${prefix}/`)).map((key) =>
      key.slice(prefix.length + 1)
    );
    // Half-written files aren't listed by a storage.
    const leftovers = manifest.leftovers?.filter((path) => !isTemporary(path)) ?? [];
    assert.deepEqual(
      own.filter((path) => !isAside(path)).sort(),
      [...manifest.objects.map(({ path }) => path), ...leftovers].sort(),
    );
    for (const { path, size, sha256 } of manifest.objects) {
      const bytes = await bytesIn(await storage.get(`${prefix}/${path}`));
      assert.equal(bytes.length, size, path);
      assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256, path);
    }
    await assertAssets(storage, prefix, manifest);
  }
  return seals.length;
}

/** What seals a snapshot isn't listed in it. */
function isAside(path: string): boolean {
  return ["canary.txt", "manifest.json"].includes(path);
}

/** The lines of a snapshot's list of assets. */
export async function assetsOf(storage: Storage, prefix: string): Promise<AssetOutcome[]> {
  const { assets } = manifestSchema.parse(await jsonAt(storage, `${prefix}/manifest.json`));
  const bytes = await bytesIn(await storage.get(`${prefix}/${assets?.index ?? "assets.ndjson"}`));
  const lines = new TextDecoder().decode(bytes).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

async function assertAssets(storage: Storage, prefix: string, manifest: Manifest): Promise<void> {
  const { assets } = manifest;
  if (assets === undefined) return;
  const outcomes = await assetsOf(storage, prefix);
  const { downloaded, kept, withdrawn, failed } = assets;
  assert.equal(outcomes.length, downloaded.count + kept.count + withdrawn + failed);
  for (const { key, size, md5, outcome } of outcomes) {
    if (outcome !== "downloaded" && outcome !== "kept") continue;
    const bytes = await bytesIn(await storage.get(key));
    assert.equal(bytes.length, size, key);
    assert.equal(createHash("md5").update(bytes).digest("hex"), md5, key);
  }
}

async function jsonAt(storage: Storage, key: string): Promise<unknown> {
  return await new Response(await storage.get(key)).json();
}

import { createHash } from "node:crypto";
import type { Manifest } from "../../src/snapshot/manifest.ts";
import { manifestText, withDigest } from "../../src/snapshot/manifest_digest.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { MemoryStorage } from "./memory_storage.ts";

const ENCODER = new TextEncoder();

/** Copies all objects of a storage into memory, where they can be damaged. */
export async function copyOf(storage: Storage): Promise<MemoryStorage> {
  const copy = new MemoryStorage();
  for await (const page of storage.list("")) {
    for (const { key } of page) {
      copy.objects.set(key, await new Response(await storage.get(key)).bytes());
    }
  }
  return copy;
}

/** The folder of the only snapshot of a storage, without a trailing slash. */
export function prefixIn(storage: MemoryStorage): string {
  return [...storage.objects.keys()].find((key) => key.endsWith("/canary.txt"))!.replace(
    /\/[^/]+$/,
    "",
  );
}

/** Changes an object, and runs something meanwhile. */
export async function damaged<T>(
  { objects }: MemoryStorage,
  key: string,
  bytes: Uint8Array<ArrayBuffer> | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const before = objects.get(key);
  if (bytes === undefined) objects.delete(key);
  else objects.set(key, bytes);
  try {
    return await run();
  } finally {
    if (before === undefined) objects.delete(key);
    else objects.set(key, before);
  }
}

/** Writes an object of a snapshot, and a manifest and seal that say that it was so from the beginning. */
export function forge(
  { objects }: MemoryStorage,
  prefix: string,
  path: string,
  text: string | Uint8Array<ArrayBuffer>,
  count?: number,
): void {
  const bytes = typeof text === "string" ? ENCODER.encode(text) : text;
  objects.set(`${prefix}/${path}`, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  editManifest({ objects }, prefix, (manifest) => ({
    ...manifest,
    objects: manifest.objects.map((object) => {
      return object.path === path
        ? { ...object, size: bytes.length, sha256, ...(count !== undefined && { count }) }
        : object;
    }),
  }));
}

/** Writes another manifest, which is sealed as if it had always been so. */
export function editManifest(
  { objects }: Pick<MemoryStorage, "objects">,
  prefix: string,
  edit: (manifest: Manifest) => Manifest,
): void {
  const key = `${prefix}/manifest.json`;
  const manifest = edit(JSON.parse(new TextDecoder().decode(objects.get(key))));
  objects.set(key, ENCODER.encode(manifestText(withDigest(manifest))));
}

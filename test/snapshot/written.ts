import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Storage } from "../../src/storage/storage.ts";
import { type SnapshotObject, SnapshotWriter } from "../../src/snapshot/snapshot_writer.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";

/** A model's id. */
export const MODEL = "m1";

/** A snapshot in a storage. */
export function newSnapshot(storage: Storage, signal?: AbortSignal): Promise<SnapshotWriter> {
  return SnapshotWriter.create(storage, {
    projectId: "1",
    startedAt: new Date("2026-01-02T03:04:05Z"),
    claim: {},
    signal,
  });
}

/** What a snapshot's objects below a folder hold, by path. */
export function textsOf(
  storage: MemoryStorage,
  { prefix }: SnapshotWriter,
  folder: string,
): Record<string, string> {
  const start = `${prefix}/${folder}`;
  return Object.fromEntries(
    [...storage.objects.keys()].filter((key) => key.startsWith(start)).sort()
      .map((key) => [key.slice(prefix.length + 1), storage.text(key)!]),
  );
}

/** Fails unless what was noted of the objects is true, and nothing is there that wasn't noted. */
export function assertNoted(
  storage: MemoryStorage,
  { prefix, objects }: SnapshotWriter,
  countOf: (text: string, path: string) => number | undefined,
): void {
  for (const { path, size, sha256, count } of objects) {
    const bytes = storage.objects.get(`${prefix}/${path}`);
    assert.ok(bytes, path);
    assert.equal(size, bytes.length, path);
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"), path);
    assert.equal(count, countOf(storage.text(`${prefix}/${path}`)!, path), path);
  }
  assert.deepEqual(
    objects.map(({ path }) => `${prefix}/${path}`).sort(),
    [...storage.objects.keys()].sort(),
  );
}

/**
 * The snapshot as another run finds it that only knows what was noted at some time: later objects are
 * deleted, those that were amended are looked at, but nobody tells it their spans.
 */
export async function reopened(
  storage: MemoryStorage,
  prefix: string,
  objects: readonly SnapshotObject[],
  countOf: (text: string, path: string) => number | undefined,
): Promise<SnapshotWriter> {
  const known = new Set(objects.map(({ path }) => `${prefix}/${path}`));
  await storage.delete([...storage.objects.keys()].filter((key) => !known.has(key)));
  const found = objects.map((object): SnapshotObject => {
    const key = `${prefix}/${object.path}`;
    const bytes = storage.objects.get(key)!;
    const count = countOf(storage.text(key)!, object.path);
    return {
      ...object,
      size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      ...(count !== undefined && { count }),
    };
  });
  return SnapshotWriter.resume(storage, prefix, found);
}

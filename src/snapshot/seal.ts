import { withGrace } from "../storage/grace.ts";
import { type ObjectInfo, type Storage, StorageError } from "../storage/storage.ts";
import { shownAddress } from "../text/shown_address.ts";
import { CANARY, MANIFEST, RESUME_FOLDER } from "./layout.ts";
import type { Manifest, ManifestObject } from "./manifest.ts";
import { objectDigest } from "./object_digest.ts";

/** What a storage says of an object as it was written. */
export interface Fingerprint {
  /** Its tag, if the storage has tags. */
  readonly etag?: string;
  /** When it was written, in milliseconds since 1970, if the storage tells. */
  readonly modifiedAt?: number;
}

/** A manifest, but for what its writer knows itself. */
export type ManifestContent = Omit<Manifest, "formatVersion" | "objects" | "leftovers">;

/** Options of {@linkcode sealSnapshot}. */
export interface SealOptions {
  /** What the storage said of what was written, by path. */
  readonly written: ReadonlyMap<string, Fingerprint>;
  /** What the manifest says; asked again if something was left. */
  readonly manifest: () => ManifestContent;
  /** Called with what isn't the snapshot's and can't be removed from it, by path, and why. */
  readonly onLeftovers?: ((paths: readonly string[], reason: string) => void) | undefined;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a seal that has begun continues once it is cancelled, in milliseconds. */
const GRACE_MS = 30_000;
/** Objects deleted at a time. */
const AT_A_TIME = 1000;

const ENCODER = new TextEncoder();
const NEVER = new AbortController().signal;

/** What a snapshot that is being written offers to whoever seals it. */
interface Unsealed {
  readonly storage: Storage;
  readonly prefix: string;
  readonly objects:
    readonly (ManifestObject & { readonly spans?: unknown; readonly records?: unknown })[];
  putAside(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

/**
 * Seals a snapshot. Half-written files go first, so that nobody who wakes up can finish one; then what is
 * there is looked at. The checkpoint goes when the manifest is there: from then on that one tells that only
 * the canary is missing.
 *
 * @param snapshot The snapshot.
 * @param options What the manifest says, and what was written.
 * @return The whole manifest.
 * @throws {StorageError} If it can't be written, or something isn't there any more.
 */
export async function sealSnapshot(
  snapshot: Unsealed,
  { written, manifest: describe, onLeftovers, signal = NEVER }: SealOptions,
): Promise<Manifest> {
  const { storage, prefix } = snapshot;
  const leftovers: string[] = [];
  const leave = (keys: readonly string[], reason: string) => {
    if (keys.length === 0) return;
    const paths = keys.map((key) => key.slice(prefix.length + 1));
    leftovers.push(...paths);
    onLeftovers?.(paths, reason);
  };
  leave(await storage.clear?.(`${prefix}/`, { signal }) ?? [], "the storage refuses it");
  const { extra, aside } = await scan(snapshot, written, signal);
  await remove(storage, extra, leave, signal);

  const objects = snapshot.objects
    .map(({ spans: _spans, records: _records, ...object }): ManifestObject => object)
    .sort((a, b) => a.path < b.path ? -1 : 1);
  const putManifest = async (signal: AbortSignal): Promise<Manifest> => {
    const left = leftovers.length > 0 && { leftovers: leftovers.toSorted() };
    const manifest: Manifest = { formatVersion: 1, ...describe(), objects, ...left };
    const text = JSON.stringify(manifest, null, 2) + "\n";
    await snapshot.putAside(MANIFEST, ENCODER.encode(text), { signal });
    return manifest;
  };
  let manifest = await putManifest(signal);
  // Whoever cancels now is too late: nothing could be resumed any more.
  await withGrace(signal, GRACE_MS, async (signal) => {
    const before = leftovers.length;
    await remove(storage, aside, leave, signal);
    if (leftovers.length > before) manifest = await putManifest(signal);
    await snapshot.putAside(CANARY, ENCODER.encode(`${manifest.endedAt}\n`), { signal });
  });
  return manifest;
}

/** What is there besides the snapshot's objects. */
interface Found {
  /** What nobody needs. */
  readonly extra: readonly string[];
  /** What an export that isn't complete needs to continue. */
  readonly aside: readonly string[];
}

/** Makes sure that all objects are there as they were written, and finds what else is. */
async function scan(
  { storage, prefix, objects }: Unsealed,
  written: ReadonlyMap<string, Fingerprint>,
  signal: AbortSignal,
): Promise<Found> {
  const missing = new Map(objects.map((object) => [`${prefix}/${object.path}`, object]));
  const extra: string[] = [];
  const aside: string[] = [];
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const info of page) {
      const { key } = info;
      const path = key.slice(prefix.length + 1);
      const object = missing.get(key);
      if (object !== undefined && isAsWritten(info, object, written.get(path))) missing.delete(key);
      else if (path.startsWith(`${RESUME_FOLDER}/`)) aside.push(key);
      else if (object === undefined) extra.push(key);
    }
  }
  for (const [key, object] of missing) {
    // A listing may be late, and something may have been written again with the same bytes.
    const found = await storage.stat(key, { signal });
    if (found === undefined) throw changed("deleted", key);
    if (found.size !== object.size) {
      throw changed(`changed from ${object.size} to ${found.size} bytes`, key);
    }
    if (isAsWritten(found, object, written.get(object.path))) continue;
    if ((await objectDigest(storage, key, signal)).sha256 !== object.sha256) {
      throw changed("changed to other bytes", key);
    }
  }
  return { extra, aside };

  function changed(how: string, key: string): StorageError {
    return new StorageError(
      `The snapshot ${shownAddress(`${storage.url}/${prefix}`)} can't be sealed, because ${
        JSON.stringify(key)
      } was ${how} since it was written: see what does that, as a lifecycle rule may, then export again.`,
    );
  }
}

/** Whether an object is certainly the one that was written. */
function isAsWritten(
  { size, etag, modifiedAt }: ObjectInfo,
  object: ManifestObject,
  fingerprint?: Fingerprint,
) {
  if (size !== object.size) return false;
  if (fingerprint?.etag !== undefined && etag !== undefined) return fingerprint.etag === etag;
  if (fingerprint?.modifiedAt === undefined || modifiedAt === undefined) return true;
  return fingerprint.modifiedAt === modifiedAt.getTime();
}

/** Deletes objects, and tells of those that are still there. */
async function remove(
  storage: Storage,
  keys: readonly string[],
  leave: (keys: readonly string[], reason: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_A_TIME) {
    const some = keys.slice(at, at + AT_A_TIME);
    try {
      await storage.delete(some, { signal });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const left: string[] = [];
      for (const key of some) {
        if (await storage.stat(key, { signal }) !== undefined) left.push(key);
      }
      leave(left, error.message.replace(/\.$/, ""));
    }
  }
}

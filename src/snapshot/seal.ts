import { withGrace } from "../storage/grace.ts";
import { deleteIfAllowed } from "../storage/delete_if_allowed.ts";
import {
  type ObjectInfo,
  ObjectNotFoundError,
  type Storage,
  StorageError,
} from "../storage/storage.ts";
import { shownAddress } from "../text/printable.ts";
import { CANARY, CHECKPOINT, MANIFEST, RESUME_FOLDER } from "./layout.ts";
import type { Manifest, ManifestObject } from "./manifest.ts";
import { manifestText, withDigest } from "./manifest_digest.ts";
import { objectDigest } from "./object_digest.ts";
import { readManifest } from "./read_manifest.ts";

/** What a storage says of an object as it was written. */
export interface Fingerprint {
  /** Its tag, if the storage has tags. */
  readonly etag?: string;
  /** When it was written, in milliseconds since 1970, if the storage tells. */
  readonly modifiedAt?: number;
}

/** A manifest, but for what its writer knows itself. */
export type ManifestContent = Omit<Manifest, "formatVersion" | "objects" | "leftovers" | "sha256">;

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
  readonly objects: readonly (ManifestObject & { readonly spans?: unknown })[];
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

  const objects = objectsOf(snapshot);
  const write = async (signal: AbortSignal): Promise<Manifest> => {
    const left = leftovers.length > 0 && { leftovers: leftovers.toSorted() };
    return await putManifest(
      snapshot,
      { formatVersion: 1, ...describe(), objects, ...left },
      signal,
    );
  };
  let manifest = await write(signal);
  // Whoever cancels now is too late: nothing could be resumed any more.
  await withGrace(signal, GRACE_MS, async (signal) => {
    const before = leftovers.length;
    await remove(storage, aside, leave, signal);
    if (leftovers.length > before) manifest = await write(signal);
    await putCanary(snapshot, manifest, signal);
  });
  return manifest;
}

/** Options of {@linkcode resealSnapshot}. */
export interface ResealOptions {
  /** The new manifest; its objects are the snapshot's. */
  readonly manifest: Manifest;
  /** The paths of the objects that aren't the snapshot's any more. */
  readonly replaced: readonly string[];
  /** Makes sure that nobody else writes the snapshot, before each manifest is written. */
  readonly confirm: () => Promise<void>;
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Renews the seal of a snapshot in which some objects have come in place of others. It is complete all the
 * while: what isn't its own any more goes when the new manifest is there, or is named in it as left.
 *
 * @param snapshot The snapshot.
 * @param options What the new manifest says, and what was replaced.
 * @return The whole manifest.
 * @throws {StorageError} If it can't be written.
 */
export async function resealSnapshot(
  snapshot: Unsealed,
  { manifest, replaced, confirm, signal = NEVER }: ResealOptions,
): Promise<Manifest> {
  const renewed = { ...manifest, objects: objectsOf(snapshot) };
  const write = async (manifest: Manifest): Promise<Manifest> => {
    await confirm();
    const written = await putManifest(snapshot, manifest, signal);
    await putCanary(snapshot, written, signal);
    return written;
  };
  const sealed = await write(renewed);
  const { storage, prefix } = snapshot;
  const left: string[] = [];
  for (const path of replaced) {
    if (!await deleteIfAllowed(storage, [`${prefix}/${path}`], { signal })) left.push(path);
  }
  if (left.length === 0) return sealed;
  return await write({ ...renewed, leftovers: [...manifest.leftovers ?? [], ...left].sort() });
}

/**
 * Completes a snapshot whose export was ended right before that: its manifest is there, and all that it lists
 * and nothing else but what it was resumed with, but not its canary.
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
  const aside = await asideOf(storage, prefix, manifest, signal);
  if (aside === undefined || !await deleteIfAllowed(storage, aside, { signal })) return false;
  await storage.put(`${prefix}/${CANARY}`, canaryOf(manifest), { signal, replaces: null });
  return true;
}

/** A snapshot's objects, as its manifest lists them. */
function objectsOf({ objects }: Pick<Unsealed, "objects">): ManifestObject[] {
  return kept(objects)
    .map(({ spans: _spans, ...object }): ManifestObject => object)
    .sort((a, b) => a.path < b.path ? -1 : 1);
}

async function putManifest(
  snapshot: Pick<Unsealed, "putAside">,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Manifest> {
  const digested = withDigest(manifest);
  await snapshot.putAside(MANIFEST, ENCODER.encode(manifestText(digested)), { signal });
  return digested;
}

async function putCanary(
  snapshot: Pick<Unsealed, "putAside">,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<void> {
  await snapshot.putAside(CANARY, canaryOf(manifest), { signal });
}

function canaryOf({ endedAt }: Manifest): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(`${endedAt}\n`);
}

/** The objects that stay: what tables alone were made of goes. */
function kept(objects: Unsealed["objects"]): Unsealed["objects"] {
  return objects.filter(({ path }) => !path.startsWith(`${RESUME_FOLDER}/`));
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
  snapshot: Unsealed,
  written: ReadonlyMap<string, Fingerprint>,
  signal: AbortSignal,
): Promise<Found> {
  const { storage, prefix } = snapshot;
  const missing = new Map(
    kept(snapshot.objects).map((object) => [`${prefix}/${object.path}`, object]),
  );
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
  // Without a checkpoint the manifest tells that only the canary is missing.
  aside.sort((a, b) => Number(b.endsWith(CHECKPOINT)) - Number(a.endsWith(CHECKPOINT)));
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

/** What was only needed to resume; `undefined` if a folder doesn't hold just that and what a manifest lists. */
async function asideOf(
  storage: Storage,
  prefix: string,
  { objects, leftovers = [] }: Manifest,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const expected = new Map(objects.map(({ path, size }) => [`${prefix}/${path}`, size]));
  const others = new Set([MANIFEST, ...leftovers].map((path) => `${prefix}/${path}`));
  const aside: string[] = [];
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const { key, size } of page) {
      if (expected.get(key) === size) expected.delete(key);
      else if (others.has(key)) continue;
      else if (key.startsWith(`${prefix}/${RESUME_FOLDER}/`)) aside.push(key);
      else return undefined;
    }
  }
  if (expected.size > 0) return undefined;
  for (const { path, sha256 } of objects) {
    const found = await objectDigest(storage, `${prefix}/${path}`, signal);
    if (found.sha256 !== sha256) return undefined;
  }
  return aside;
}

function nothingIfUnreadable(error: unknown): undefined {
  if (!(error instanceof ObjectNotFoundError) && !(error instanceof SyntaxError)) throw error;
}

import type { Resource } from "../../content/resource.ts";
import { deleteIfAllowed } from "../../storage/delete_if_allowed.ts";
import type { ObjectInfo, Storage } from "../../storage/storage.ts";
import {
  type Amendable,
  type Checkpoint,
  type FoundCheckpoint,
  readCheckpoint,
} from "./checkpoint.ts";
import {
  type Claimant,
  type FoundClaim,
  readClaim,
  renewClaim,
  type WrittenClaim,
} from "../../snapshot/lock/claim.ts";
import { noteLatest } from "../../snapshot/latest.ts";
import { finishSeal } from "../../snapshot/seal.ts";
import { findSnapshots } from "../../snapshot/find_snapshots.ts";
import {
  CANARY,
  CHECKPOINT,
  CLAIM,
  journalPath,
  RESUME_FOLDER,
  type SnapshotPlace,
  snapshotsPrefix,
} from "../../snapshot/layout.ts";
import { batchEntries } from "../../snapshot/batch_entries.ts";
import { readText } from "../../snapshot/read_text.ts";
import { objectDigest } from "../../snapshot/object_digest.ts";
import { type SnapshotObject, SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { spanOf } from "../../snapshot/span.ts";
import { unionSpans } from "../converge/union_spans.ts";

/** A snapshot that isn't complete, and how far it is. */
export interface Reopened {
  /** Continues to write it. */
  readonly snapshot: SnapshotWriter;
  /** How far it is. */
  readonly checkpoint: Checkpoint;
}

/** Options of {@linkcode reopenSnapshot}. */
export interface ReopenOptions {
  /** Who resumes it. */
  readonly claimant: Claimant;
  /** Aborts the reading, and what is written later. */
  readonly signal: AbortSignal;
}

/** Why there is nothing to resume; without a reason, every snapshot is complete. */
export interface NotReopened {
  /** What keeps the newest snapshot from being resumed: a clause. */
  readonly reason?: string;
}

/**
 * Opens the newest snapshot of a project and environment again, if it isn't complete and was written with
 * the same options and schema. Whoever wrote it before can't any more: its claim is another one's then. What
 * was written after its checkpoint is removed, and what may have been changed since is looked at.
 *
 * @param storage Where snapshots are.
 * @param place Which project and environment.
 * @param fingerprint What has to be the same.
 * @param options Who continues, and the signal; it aborts the reading, and what is written later.
 * @throws {StorageError} If it can't be read.
 */
export async function reopenSnapshot(
  storage: Storage,
  place: SnapshotPlace,
  fingerprint: Checkpoint["fingerprint"],
  options: ReopenOptions,
): Promise<Reopened | NotReopened> {
  const { claimant, signal } = options;
  const { snapshots: [prefix] } = await findSnapshots(storage, snapshotsPrefix(place), signal);
  if (prefix === undefined) return {};
  if (await storage.stat(`${prefix}/${CANARY}`, { signal }) !== undefined) {
    await tidy(storage, prefix, signal);
    return {};
  }
  const first = await readCheckpoint(storage, prefix, signal);
  if (first === undefined) {
    // One that was ended before its first checkpoint holds nothing to resume.
    if (await isOnlyClaimed(storage, prefix, signal)) return {};
    if (await finishSeal(storage, prefix, signal)) {
      await noteLatest(storage, prefix, signal);
      return {};
    }
    return { reason: `${prefix} has no checkpoint that can be read` };
  }
  const other = Object.keys({ ...fingerprint, ...first.checkpoint.fingerprint })
    .filter((name) => fingerprint[name] !== first.checkpoint.fingerprint[name]);
  if (other.length > 0) {
    return { reason: `${prefix} was begun with another ${other.join(" and ")}` };
  }
  const claim = await readClaim(storage, prefix, signal);
  const resumedFrom = first.sha256;
  const mine = await renewClaim(storage, prefix, claim, { claimant, resumedFrom, signal });
  // Now that nobody else begins to write anything there, what was begun is ended.
  await storage.clear?.(`${prefix}/`, { signal });
  const latest = await readCheckpoint(storage, prefix, signal);
  if (latest === undefined) return { reason: `${prefix} has no checkpoint that can be read` };
  const found = await verified(storage, prefix, { ...latest, claim, mine }, signal);
  if (typeof found === "string") return { reason: found };
  const { objects, infos } = found;
  const snapshot = SnapshotWriter.resume(storage, prefix, objects, signal, infos);
  return { snapshot, checkpoint: latest.checkpoint };
}

/** Deletes what is left in a complete snapshot if its export was ended just before it did that. */
async function tidy(storage: Storage, prefix: string, signal: AbortSignal): Promise<void> {
  for await (const page of storage.list(`${prefix}/${RESUME_FOLDER}/`, { signal })) {
    await deleteIfAllowed(storage, page.map(({ key }) => key), { signal });
  }
}

async function isOnlyClaimed(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    if (page.some(({ key }) => key !== `${prefix}/${CLAIM}`)) return false;
  }
  return true;
}

/** What is there of a snapshot. */
interface Verified {
  /** Its objects as they are now. */
  readonly objects: readonly SnapshotObject[];
  /** What the storage says of all that is there. */
  readonly infos: readonly ObjectInfo[];
}

/** How far a snapshot is, and whose it is. */
interface State extends FoundCheckpoint {
  /** The claim as it was found. */
  readonly claim: FoundClaim;
  /** One's own claim, in its place. */
  readonly mine: WrittenClaim;
}

/** What is there, or what is wrong with it. */
async function verified(
  storage: Storage,
  prefix: string,
  { checkpoint, sha256, claim, mine }: State,
  signal: AbortSignal,
): Promise<Verified | string> {
  const known = new Map(checkpoint.objects.map((object) => [`${prefix}/${object.path}`, object]));
  const found = new Map<string, ObjectInfo>();
  const infos: ObjectInfo[] = [];
  const journal = new Map(
    checkpoint.journal.map(({ number, size }) => [`${prefix}/${journalPath(number)}`, size]),
  );
  const late: ObjectInfo[] = [];
  let written: Date | undefined;
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const info of page) {
      if (info.key === `${prefix}/${CHECKPOINT}`) written = info.modifiedAt;
      const isOfJournal = journal.get(info.key) === info.size;
      if (isOfJournal) journal.delete(info.key);
      if (known.has(info.key)) found.set(info.key, info);
      const isKnown = isOfJournal || known.has(info.key) ||
        isAssetList(info.key, prefix, checkpoint);
      (isKnown ? infos : late).push(info);
    }
  }
  infos.push(...await removed(storage, late, signal));
  for (const key of journal.keys()) return `${key} isn't what was written there`;
  const claimed = known.get(`${prefix}/${CLAIM}`);
  // A checkpoint of somebody who has lost the snapshot since says nothing of what came later.
  const isLatest = claimed?.sha256 === claim.sha256 || sha256 === claim.content.resumedFrom;
  const objects: SnapshotObject[] = [];
  for (const [key, object] of known) {
    const info = found.get(key);
    if (info === undefined) return `${key} is missing`;
    if (object === claimed) {
      objects.push({ ...object, size: mine.bytes.byteLength, sha256: mine.sha256 });
      continue;
    }
    // Its clock is the storage's for both; what is as old as the checkpoint may be younger.
    const isOlder = written !== undefined && info.modifiedAt !== undefined &&
      info.modifiedAt < written;
    const seen = isLatest && isOlder && info.size === object.size
      ? object
      : await scanned(storage, key, object, signal);
    const mayDiffer = !isOlder &&
      checkpoint.amending.some((what) => AMENDED[what].test(object.path));
    if (seen === undefined || seen !== object && !mayDiffer) {
      return `${key} isn't what was written there`;
    }
    objects.push(seen);
  }
  return { objects, infos };
}

/** Deletes objects. Those that can't be deleted are given back: they are written over, or left at the seal. */
async function removed(
  storage: Storage,
  infos: readonly ObjectInfo[],
  signal: AbortSignal,
): Promise<readonly ObjectInfo[]> {
  for (let at = 0; at < infos.length; at += 1000) {
    const keys = infos.slice(at, at + 1000).map(({ key }) => key);
    if (!await deleteIfAllowed(storage, keys, { signal })) return infos;
  }
  return [];
}

/** The checkpoint itself and its lists of assets. */
function isAssetList(key: string, prefix: string, { assetLists }: Checkpoint): boolean {
  const path = key.slice(prefix.length + 1);
  if (path === CHECKPOINT) return true;
  const number = /^(\w+)\/assets_(\d+)\.ndjson$/.exec(path);
  return number?.[1] === RESUME_FOLDER && Number(number[2]) < assetLists;
}

/** The batches that may be changed after they were written. */
const AMENDED: Readonly<Record<Amendable, RegExp>> = {
  records: /^(resume\/)?records\/.*\d\.[\w.]+$/,
  uploads: /^uploads\/.*\d\.[\w.]+$/,
};

/**
 * An object as it is, after it may have been amended; `undefined` if it can't be read as what it is. It may
 * hold more than its spans told before.
 */
async function scanned(
  storage: Storage,
  key: string,
  object: SnapshotObject,
  signal: AbortSignal,
): Promise<SnapshotObject | undefined> {
  const { size, sha256 } = await objectDigest(storage, key, signal);
  if (sha256 === object.sha256) return object;
  if (object.count === undefined) return { ...object, size, sha256 };
  try {
    return { size, sha256, ...await counts() };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }

  async function counts(): Promise<Omit<SnapshotObject, "size" | "sha256">> {
    let count = 0;
    let { spans } = object;
    for await (const page of batchEntries<Resource>(storage, key, signal)) {
      count += page.length;
      spans = spans?.[0] && unionSpans(spans, spanOf(spans[0].of, page));
    }
    const plainSize = object.plainSize === undefined
      ? undefined
      : await sizeOf(await readText(storage, key, signal));
    const sized = plainSize !== undefined && { plainSize };
    return { path: object.path, count, ...sized, ...(spans && { spans }) };
  }
}

async function sizeOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number> {
  let size = 0;
  for await (const chunk of bytes) size += chunk.byteLength;
  return size;
}

import type { Resource } from "../content/resource.ts";
import { deleteIfAllowed } from "../sink/delete_if_allowed.ts";
import type { ObjectInfo, Storage } from "../sink/storage.ts";
import { type Amendable, type Checkpoint, readCheckpoint } from "./checkpoint.ts";
import { findSnapshots } from "./find_snapshots.ts";
import {
  CANARY,
  CHECKPOINT,
  CLAIM,
  journalPath,
  RESUME_FOLDER,
  type SnapshotPlace,
  snapshotsPrefix,
} from "./layout.ts";
import { batchEntries } from "./batch_entries.ts";
import { countRecords } from "./count_records.ts";
import { objectDigest } from "./object_digest.ts";
import { type SnapshotObject, SnapshotWriter } from "./snapshot_writer.ts";
import { spanOf } from "./span.ts";
import { idColumn, partRows } from "./table_part.ts";
import { widened } from "./widened.ts";

/** A snapshot that isn't complete, and how far it is. */
export interface Reopened {
  /** Goes on writing it. */
  readonly snapshot: SnapshotWriter;
  /** How far it is. */
  readonly checkpoint: Checkpoint;
}

/** Why there is nothing to go on with; without a reason, every snapshot is complete. */
export interface NotReopened {
  /** What keeps the newest snapshot from being gone on with: a clause. */
  readonly reason?: string;
}

/**
 * Opens the newest snapshot of a project and environment again, if it isn't complete and was written with
 * the same options and schema. What was written after its checkpoint is removed, and what may have been
 * changed since is looked at.
 *
 * @param storage Where snapshots are.
 * @param place Which project and environment.
 * @param fingerprint What has to be the same.
 * @param signal Aborts the reading, and what is written later.
 * @throws {StorageError} If it can't be read.
 */
export async function reopenSnapshot(
  storage: Storage,
  place: SnapshotPlace,
  fingerprint: Checkpoint["fingerprint"],
  signal: AbortSignal,
): Promise<Reopened | NotReopened> {
  const { snapshots: [prefix] } = await findSnapshots(storage, snapshotsPrefix(place), signal);
  if (prefix === undefined) return {};
  if (await storage.stat(`${prefix}/${CANARY}`, { signal }) !== undefined) {
    await tidy(storage, prefix, signal);
    return {};
  }
  const checkpoint = await readCheckpoint(storage, prefix, signal);
  if (checkpoint === undefined) {
    // One that was ended before its first checkpoint holds nothing to go on with.
    if (await isOnlyClaimed(storage, prefix, signal)) return {};
    return { reason: `${prefix} has no checkpoint that can be read` };
  }
  const other = Object.keys({ ...fingerprint, ...checkpoint.fingerprint })
    .filter((name) => fingerprint[name] !== checkpoint.fingerprint[name]);
  if (other.length > 0) {
    return { reason: `${prefix} was begun with another ${other.join(" and ")}` };
  }
  const objects = await verified(storage, prefix, checkpoint, signal);
  if (typeof objects === "string") return { reason: objects };
  return { snapshot: SnapshotWriter.resume(storage, prefix, objects, signal), checkpoint };
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

/** The objects as they are now, or what is wrong with them. */
async function verified(
  storage: Storage,
  prefix: string,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<SnapshotObject[] | string> {
  const known = new Map(checkpoint.objects.map((object) => [`${prefix}/${object.path}`, object]));
  const found = new Map<string, ObjectInfo>();
  const journal = new Map(
    checkpoint.journal.map(({ number, size }) => [`${prefix}/${journalPath(number)}`, size]),
  );
  const late: string[] = [];
  let written: Date | undefined;
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const info of page) {
      if (info.key === `${prefix}/${CHECKPOINT}`) written = info.modifiedAt;
      if (known.has(info.key)) found.set(info.key, info);
      else if (journal.get(info.key) === info.size) journal.delete(info.key);
      else if (!isAssetList(info.key, prefix, checkpoint)) late.push(info.key);
    }
  }
  for (let at = 0; at < late.length; at += 1000) {
    await deleteIfAllowed(storage, late.slice(at, at + 1000), { signal });
  }
  for (const key of journal.keys()) return `${key} isn't what was written there`;
  const objects: SnapshotObject[] = [];
  for (const [key, object] of known) {
    const info = found.get(key);
    if (info === undefined) return `${key} is missing`;
    // Its clock is the storage's for both; what is as old as the checkpoint may be younger.
    const isOlder = written !== undefined && info.modifiedAt !== undefined &&
      info.modifiedAt < written;
    const seen = isOlder && info.size === object.size
      ? object
      : await lookedAt(storage, key, object, signal);
    const mayDiffer = !isOlder &&
      checkpoint.amending.some((what) => AMENDED[what].test(object.path));
    if (seen === undefined || seen !== object && !mayDiffer) {
      return `${key} isn't what was written there`;
    }
    objects.push(seen);
  }
  return objects;
}

/** The checkpoint itself and its lists of assets. */
function isAssetList(key: string, prefix: string, { assetLists }: Checkpoint): boolean {
  const path = key.slice(prefix.length + 1);
  if (path === CHECKPOINT) return true;
  const number = /^(\w+)\/assets_(\d+)\.ndjson$/.exec(path);
  return number?.[1] === RESUME_FOLDER && Number(number[2]) < assetLists;
}

/** What may be changed after it was written: batches, and parts of tables. */
const AMENDED: Readonly<Record<Amendable, RegExp>> = {
  records: /^(records|tables\/(records|blocks|links))\/.*\d\.\w+$/,
  uploads: /^(tables\/)?uploads\/.*\d\.\w+$/,
};

/**
 * An object as it is, after it may have been amended; `undefined` if it can't be read as what it is. It may
 * hold more than its spans told before.
 */
async function lookedAt(
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
    const { path } = object;
    if (!path.startsWith("tables/")) {
      let count = 0;
      let { spans } = object;
      for await (const page of batchEntries<Resource>(storage, key, signal)) {
        count += page.length;
        spans = spans?.[0] && widened(spans, spanOf(spans[0].of, page));
      }
      return { path, count, ...(spans && { spans }) };
    }
    // A part of a table is at most some megabytes.
    const bytes = await new Response(await storage.get(key, { signal })).bytes();
    const { rows } = partRows(bytes, path.endsWith(".csv") ? "csv" : "ndjson", idColumn(path));
    const records = countRecords(path.slice("tables/".length), rows.map(({ ids }) => ids[0]));
    return { path, count: rows.length, records };
  }
}

import { limited } from "../../async/limited.ts";
import type { Upload } from "../../content/resource.ts";
import { type Facts, SluiceError } from "../../error.ts";
import { mostDeleted } from "./max_delete.ts";
import { type AssetIndexEntry, fileNameOf, readAssetIndex } from "../../assets/asset_index.ts";
import type { Storage } from "../../storage/storage.ts";
import { AssetNames } from "../../assets/asset_names.ts";
import { ExportLock } from "../../snapshot/lock/export_lock.ts";
import { findSnapshots, newestWithAssets } from "../../snapshot/find_snapshots.ts";
import { isListWhole } from "../../snapshot/is_list_whole.ts";
import { ORPHANED_ASSETS, type SnapshotPlace, snapshotsPrefix } from "../../snapshot/layout.ts";
import type { Tally } from "../../snapshot/manifest.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import { mayHideUploads } from "../../source/datocms/restrictions.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import { UPLOADS_AT_A_TIME, uploadsById } from "../../source/datocms/uploads_by_id.ts";
import { hashNumber } from "../../text/hash_number.ts";
import { UnfinishedError } from "../unfinished.ts";
import type { Emit } from "../events.ts";
import type { ExportSettings } from "../export_settings.ts";
import type { ExportedAssets } from "./export_assets.ts";

/** What became of the asset files no longer used by any upload. */
export interface AssetDeletion {
  /** The files that were deleted. */
  readonly deleted: Tally;
  /** Why files that should have been deleted weren't, in a sentence. */
  readonly problem?: string | undefined;
  /** What is known of that: the `maxDelete` that would let them be deleted. */
  readonly facts?: Facts | undefined;
}

/** What {@linkcode deleteOrphans} uses. */
export interface OrphanParts {
  /** Asks the API. */
  readonly client: CmaClient;
  /** Whose files they are. */
  readonly project: Pick<ProjectSchema, "environment">;
  /** Which project and environment the snapshot is of. */
  readonly place: SnapshotPlace;
  /** The snapshot, which lists them. */
  readonly snapshot: Pick<SnapshotWriter, "prefix">;
  /** Where they are, and how many may be deleted. */
  readonly settings: Pick<ExportSettings, "storage" | "maxDelete">;
  /** Keeps others from writing to the same place. */
  readonly lock: Pick<ExportLock, "confirm">;
  /** Called with what happens. */
  readonly emit: Emit;
}

/** A file that is to be deleted. */
type Orphan = Pick<AssetIndexEntry, "upload_id" | "key" | "size">;

/** Files deleted at a time. */
const AT_A_TIME = UPLOADS_AT_A_TIME;
/** How long it may take to see what a deletion that failed has deleted, in milliseconds. */
const LOOK_MS = 1000;

/**
 * Deletes the asset files no longer used by any upload. The new snapshot has to be sealed.
 *
 * Only what an earlier snapshot lists as its own is deleted, and only if the snapshots of no other
 * environment refer to it and DatoCMS, asked for just these uploads, doesn't know them any more. When in
 * doubt, nothing is deleted: what fails here is told, and not thrown, as the snapshot is complete.
 *
 * @param parts What is asked, and where the files are.
 * @param assets What was exported of the assets.
 * @param signal Ends the deletion.
 */
export async function deleteOrphans(
  parts: OrphanParts,
  assets: ExportedAssets,
  signal: AbortSignal,
): Promise<AssetDeletion> {
  const deleted = { count: 0, bytes: 0 };
  const add = (some: readonly Orphan[]) => {
    deleted.count += some.length;
    deleted.bytes += some.reduce((sum, { size }) => sum + (size ?? 0), 0);
  };
  let isSure = true;
  const { lock, emit, settings: { storage } } = parts;
  try {
    if (assets.manifest.orphaned?.count) {
      const orphans = await selectDeletable(parts, assets, signal);
      for (let at = 0; at < orphans.length; at += AT_A_TIME) {
        await lock.confirm();
        // One that has begun since may keep a file that is to be deleted.
        await quietPlaces(parts, signal);
        const some = orphans.slice(at, at + AT_A_TIME);
        try {
          await storage.delete(some.map(({ key }) => key), { signal });
        } catch (error) {
          const missing = await missingOf(storage, some);
          isSure = missing !== undefined;
          add(missing ?? []);
          throw error;
        }
        add(some);
      }
    }
    emit({ type: "deleted", ...deleted });
    return { deleted };
  } catch (error) {
    const reason = reasonOf(error, signal);
    const what = !isSure
      ? "Not all asset files that should have been were"
      : deleted.count > 0
      ? `Only ${deleted.count === 1 ? "one asset file was" : `${deleted.count} asset files were`}`
      : "No asset file was";
    const problem = `${what} deleted: ${reason.replace(/\.$/, "")}.`;
    emit({ type: "deleted", ...deleted });
    const { code, facts } = error instanceof SluiceError ? error : {};
    const advice = code === "too_many_deletions" ? { facts } : {};
    emit({ type: "warning", code: "deletion_refused", message: problem, ...advice });
    return { deleted, problem, ...advice };
  }
}

/** Those that aren't there any more; `undefined` if that can't be told soon. */
async function missingOf(
  storage: Storage,
  orphans: readonly Orphan[],
): Promise<readonly Orphan[] | undefined> {
  try {
    return await limited(LOOK_MS, undefined, async (signal) => {
      const found = await Promise.all(orphans.map(({ key }) => storage.stat(key, { signal })));
      return orphans.filter((_, at) => found[at] === undefined);
    });
  } catch {
    return undefined;
  }
}

/** The files that may be deleted. */
async function selectDeletable(
  parts: OrphanParts,
  assets: ExportedAssets,
  signal: AbortSignal,
): Promise<readonly Orphan[]> {
  const { manifest: { prefix }, uploads, filesBefore } = assets;
  const { snapshot, settings: { storage, maxDelete } } = parts;
  if (!uploads.isWhole) throw refused("the list of uploads wasn't complete, so export again");
  if (uploads.batches.length === 0 && maxDelete === undefined) {
    throw refused(
      "the project has no uploads at all; if that is right, allow all to be deleted",
      "100%",
    );
  }
  const places = await quietPlaces(parts, signal);
  const elsewhere = await namesIn(places, storage, prefix, signal);
  const most = mostDeleted(maxDelete, filesBefore);
  const orphans: Orphan[] = [];
  let count = 0;
  const list = `${snapshot.prefix}/${ORPHANED_ASSETS}`;
  for await (const page of readAssetIndex(storage, list, prefix, signal)) {
    for (const { upload_id, key, size } of page) {
      if (elsewhere.has(fileNameOf(key, prefix)!)) continue;
      // What is too many isn't deleted, and so needn't be remembered.
      if (count++ < most) orphans.push({ upload_id, key, size });
    }
  }
  if (count > most) {
    throw refused(
      `${count} files are no longer used by any upload, and no more than ${most} may be deleted; if that is ` +
        `right, allow ${count}`,
      count,
    );
  }
  if (count === 0) return [];
  await assertAllSeen(parts, count, signal);
  return await withoutUpload(parts, orphans, assets, signal);
}

/** Makes sure that the API token's role sees all uploads. */
async function assertAllSeen(
  { client, project: { environment }, settings: { maxDelete } }: OrphanParts,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const mayHide = await mayHideUploads(client, environment, signal);
  if (mayHide === undefined) {
    if (maxDelete !== undefined) return;
    throw refused(
      "the API doesn't say whether the API token's role may read all uploads; if it may, allow " +
        `${count} to be deleted`,
      count,
    );
  }
  if (!mayHide) return;
  throw refused(
    "the API token's role may not read all uploads, and what it may not read looks like deleted; in " +
      "Project settings → Roles, let it read all of them",
  );
}

/** Where the snapshots of the project's other environments lie, none of which is being exported. */
async function quietPlaces(
  { place, settings: { storage } }: OrphanParts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const own = snapshotsPrefix(place);
  const primary = snapshotsPrefix({ projectId: place.projectId });
  const { sandboxes } = await findSnapshots(storage, primary, signal);
  const places = [primary, ...sandboxes].filter((place) => place !== own);
  for (const place of places) {
    if (await ExportLock.isHeld(storage, place, signal)) {
      throw refused("another environment is being exported, so export again when that is done");
    }
  }
  return places;
}

/** The file names that the newest snapshots of some environments refer to. */
async function namesIn(
  places: readonly string[],
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<AssetNames> {
  const names = new AssetNames();
  for (const place of places) {
    const { snapshots } = await findSnapshots(storage, place, signal);
    const newest = await newestWithAssets(storage, snapshots, signal, Infinity);
    if (newest === undefined) continue;
    if (!await isListWhole(storage, newest, signal)) {
      throw refused(`${newest.index} isn't as its manifest says; export that environment again`);
    }
    for await (const page of readAssetIndex(storage, newest.index, prefix, signal)) {
      for (const { key } of page) names.add(fileNameOf(key, prefix)!);
    }
  }
  return names;
}

/**
 * Those whose upload is gone, or has another file now. An upload can be missing from a listing that was
 * read while others were deleted: so each is asked for by its id.
 */
async function withoutUpload(
  parts: OrphanParts,
  orphans: readonly Orphan[],
  { manifest, names }: ExportedAssets,
  signal: AbortSignal,
): Promise<readonly Orphan[]> {
  const lacking = await lackingIn(parts, manifest, signal);
  const sure: Orphan[] = [];
  for (let at = 0; at < orphans.length; at += AT_A_TIME) {
    const some = orphans.slice(at, at + AT_A_TIME);
    const ids = some.map(({ upload_id }) => upload_id);
    const uploads = await uploadsById(parts.client, ids, signal);
    if (uploads === undefined) {
      throw refused(`the API was asked for ${ids.length} uploads by their ids, and sent others`);
    }
    sure.push(...some.filter(({ upload_id, key }) => {
      const upload = uploads.get(upload_id);
      if (upload === undefined) return true;
      return hasAnother(upload, key, names) && !lacking.has(hashNumber(upload_id));
    }));
  }
  return sure;
}

/** Numbers of the uploads whose file isn't there: until it is, an older one is better than none. */
async function lackingIn(
  { snapshot, settings: { storage } }: OrphanParts,
  { index, prefix, failed, withdrawn, notServed = 0 }: ExportedAssets["manifest"],
  signal: AbortSignal,
): Promise<ReadonlySet<number>> {
  const lacking = new Set<number>();
  if (failed + withdrawn + notServed === 0) return lacking;
  for await (
    const page of readAssetIndex(storage, `${snapshot.prefix}/${index}`, prefix, signal)
  ) {
    for (const { upload_id, size } of page) if (size === null) lacking.add(hashNumber(upload_id));
  }
  return lacking;
}

/** Whether an upload has another file, which the new snapshot refers to. */
function hasAnother(upload: Upload, key: string, names: AssetNames): boolean {
  const name = key.slice(key.lastIndexOf("/") + 1);
  return names.has(AssetNames.plain(upload)) && !AssetNames.mayBe(upload, name);
}

/** Why nothing is deleted; and which `maxDelete` would let it be, if one would. */
function refused(reason: string, maxDelete?: string | number): SluiceError {
  return new SluiceError(
    reason,
    undefined,
    maxDelete === undefined ? {} : { code: "too_many_deletions", facts: { maxDelete } },
  );
}

/** Why, in a clause. That there is no more time says nothing about the snapshot, which is complete. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  const isItsOwn = error instanceof SluiceError && !(error instanceof UnfinishedError);
  if (signal.aborted && !isItsOwn) return "the export was cancelled";
  return error instanceof Error ? error.message : String(error);
}

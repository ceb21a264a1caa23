import { concurrently } from "../../async/concurrently.ts";
import type { Upload } from "../../content/resource.ts";
import { SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import type { Snapshot, SnapshotAsset } from "../../tools/open.ts";
import { derivedId } from "../ids/renamed_item.ts";
import { Lot } from "../some_records.ts";
import type { Target } from "../target.ts";
import { UploadPaths } from "../uploads/paths.ts";
import { sent } from "../uploads/write_uploads.ts";

/** How files were sent as new uploads. */
export interface TriedAssets {
  /** How many were sent. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** What went wrong, each in a sentence. */
  readonly problems: readonly string[];
}

/** What files are tried with. */
export interface TrialOptions {
  /** The snapshot. */
  readonly snapshot: Snapshot;
  /** Where they are sent. */
  readonly target: Target;
  /** The environment, for the ids of the new uploads. */
  readonly environment: string;
  /** The uploads that are there, whose paths no other file may get. */
  readonly there: Snapshot;
  /** How many files at most. */
  readonly most: number;
  /** Chooses them. */
  readonly seed: string;
  /** The most requests at a time. */
  readonly concurrency: number;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/** Requests that one file takes: its address, itself, the upload made, looked at and destroyed. */
export const REQUESTS_EACH = 5;

/**
 * Sends some files of a snapshot as new uploads, compares what has become of them by MD5 and size, and destroys the
 * uploads again.
 *
 * @param options Which files, and where to.
 * @throws {CmaError} If the API can't be reached.
 */
export async function tryAssets(options: TrialOptions): Promise<TriedAssets> {
  const { target, there, concurrency, signal } = options;
  const chosen = await chosenAssets(options);
  if (chosen.length === 0) return { files: 0, bytes: 0, problems: [] };
  const paths: string[] = [];
  for await (const page of there.uploads({ signal })) {
    for (const { attributes } of page) paths.push(attributes.path);
  }
  const used = new UploadPaths(paths, target.clock);
  const problems: string[] = [];
  let bytes = 0;
  await concurrently(
    chosen.map((asset) => async (signal: AbortSignal) => {
      try {
        const problem = await tried(asset, used, options, signal);
        if (problem !== undefined) problems.push(problem);
      } catch (error) {
        if (signal.aborted || !(error instanceof SluiceError)) throw error;
        problems.push(`The file of the asset ${nameOf(asset)} can't be sent: ${error.message}`);
      }
      bytes += Number(asset.file?.size ?? 0);
    }),
    concurrency,
    signal,
  );
  return { files: chosen.length, bytes, problems: problems.sort() };
}

/** Some uploads with their files. */
async function chosenAssets(
  { snapshot, most, seed, signal }: TrialOptions,
): Promise<readonly SnapshotAsset[]> {
  // Some may have no file.
  const lot = new Lot<string>(2 * most, seed);
  for await (const page of snapshot.uploads({ signal })) {
    for (const { id } of page) lot.add(id, id);
  }
  const assets: SnapshotAsset[] = [];
  for (const id of lot.chosen) {
    if (assets.length === most) break;
    const asset = await snapshot.asset(id, { signal });
    if (asset?.file !== undefined) assets.push(asset);
  }
  return assets;
}

/** What is wrong with what has become of one; `undefined` if nothing is. */
async function tried(
  asset: SnapshotAsset,
  used: UploadPaths,
  { target, environment }: TrialOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { upload, file } = asset;
  const path = await sent({ target, signal }, used, upload, file);
  const id = derivedId("drill", environment, upload.id);
  const at = `/uploads/${encodeURIComponent(id)}`;
  await target.create("/uploads", { id, type: "upload", attributes: { path } }, { signal });
  const made = await target.find(at, { signal }) as unknown as Upload | undefined;
  await target.destroy(at, { signal });
  if (made === undefined) {
    return `The file of the asset ${nameOf(asset)} was sent, but the new upload isn't there.`;
  }
  const wanted = {
    md5: file?.md5 ?? upload.attributes.md5,
    size: file?.size ?? upload.attributes.size,
  };
  for (const key of ["md5", "size"] as const) {
    const [before, after] = [wanted[key], made.attributes[key]];
    if ((before ?? after ?? null) === null) continue;
    if (String(before).toLowerCase() === String(after).toLowerCase()) continue;
    return `The file of the asset ${nameOf(asset)} was sent, but the new upload has the ${key} ${
      printable(String(after), 60)
    } instead of ${printable(String(before), 60)}.`;
  }
  return undefined;
}

function nameOf({ upload: { id, attributes: { filename } } }: SnapshotAsset): string {
  return typeof filename === "string" ? `${printable(filename, 60)} (${id})` : id;
}

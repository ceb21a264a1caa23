import { assertCreatable } from "../ids/check_ids.ts";
import type { Upload } from "../../content/resource.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import { compareListings } from "../../tools/diff/compare_listings.ts";
import { readableSide } from "../../tools/diff/diff_side.ts";
import type { Snapshot, SnapshotAsset } from "../../tools/open.ts";
import { isEditedSince, mayOverwrite } from "../living.ts";
import type { PlanInput, Step } from "../plan.ts";
import { hasSameFile, uploadChanges, type UploadForm, uploadText } from "./upload_body.ts";
import { changesUploads, createsUploads } from "./write_uploads.ts";

/** How uploads come back. */
export interface UploadsPlan {
  /** What is written. */
  readonly steps: readonly Step[];
  /** The ids of uploads that neither the snapshot has a file of nor the target has: references to them are lost. */
  readonly missing: ReadonlySet<string>;
  /** The ids of uploads that have another file in the target, as the snapshot has none of them. */
  readonly replaced: ReadonlySet<string>;
}

/** The most uploads that are named one by one. */
const NAMED = 20;

/**
 * Plans how the uploads of a snapshot come back, with their files: those that the target lacks are sent there, those
 * whose file is another one get theirs, of the others only what people wrote about them is put back. None is ever
 * destroyed.
 *
 * Held are the ids of those that are written and the paths of those that the target has: 100 bytes each at most.
 *
 * @param input The snapshot and the target.
 * @throws {SluiceError} If a snapshot can't be read, or files are missing that have to be there.
 */
export async function planUploads(input: PlanInput): Promise<UploadsPlan> {
  const { snapshot, target, missingAssets, onLoss, signal } = input;
  const form = await formOf(input);
  const [before, after] = [
    await readableSide(input.present, signal),
    await readableSide(input.wanted, signal),
  ];
  const pairs = compareListings<Upload>({
    before,
    after,
    listings: [{ before: before.uploads, after: after.uploads }],
    textOf: (upload) => uploadText(upload as Upload, form),
    signal,
  });
  const created: string[] = [];
  const changed: string[] = [];
  const replaced: string[] = [];
  const missing = new Set<string>();
  const placeholders = new Set<string>();
  const others = new Set<string>();
  for await (const { id, before: [now], after: [upload] } of pairs) {
    if (upload === undefined) continue;
    if (now === undefined && input.isInScope?.("upload", id) === false) continue;
    const isChanged = now !== undefined && uploadChanges(upload, now, form) !== undefined;
    if (now !== undefined && hasSameFile(upload, now)) {
      if (isChanged && mayChange(upload, now, input)) changed.push(id);
      continue;
    }
    if (now !== undefined && !mayChange(upload, now, input)) continue;
    if (now !== undefined && input.living !== undefined && !input.isOwn) {
      // Nobody could undo that: DatoCMS keeps no file that was replaced.
      if (isChanged) changed.push(id);
      others.add(id);
      onLoss({
        code: "asset_file_other",
        message:
          `The asset ${nameOf(upload)} has another file in the target, and keeps it: files are ` +
          "never replaced where editors work.",
        type: "upload",
        id,
      });
      continue;
    }
    const asset = await snapshot.asset(id, { signal });
    if (asset?.file !== undefined) (now === undefined ? created : replaced).push(id);
    else if (now === undefined && missingAssets === "placeholder") {
      created.push(id);
      placeholders.add(id);
      onLoss({
        code: "asset_placeholder",
        message: `The asset ${nameOf(upload)} is a small image: the snapshot has no file of it${
          because(asset)
        }.`,
        type: "upload",
        id,
      });
    } else if (now === undefined) {
      missing.add(id);
      onLoss({
        code: "asset_file_missing",
        message: `The asset ${nameOf(upload)} can't come back: the snapshot has no file of it${
          because(asset)
        }.`,
        type: "upload",
        id,
      });
    } else {
      if (isChanged) changed.push(id);
      others.add(id);
      onLoss({
        code: "asset_file_other",
        message:
          `The asset ${
            nameOf(upload)
          } has another file in the target, and keeps it: the snapshot has no ` +
          "file of it.",
        type: "upload",
        id,
      });
    }
  }
  for (const id of created) input.onTouch?.("created", "upload", id);
  for (const id of [...changed, ...replaced]) input.onTouch?.("changed", "upload", id);
  assertCreatable(created.map((id) => ({ type: "upload", id })));
  if (missing.size > 0 && missingAssets === "fail") throw refused(missing);
  input.urls?.expect([...created, ...replaced]);
  const paths = () => pathsOf(target, signal);
  const seen = input.living === undefined ? undefined : target;
  const source = { snapshot, form, placeholders, seen, urls: input.urls };
  return {
    steps: [
      ...created.length > 0 ? [createsUploads(created, source, paths)] : [],
      ...changed.length + replaced.length > 0
        ? [changesUploads(changed, replaced, source, paths)]
        : [],
    ],
    missing,
    replaced: placeholders.union(others),
  };
}

function mayChange(upload: Upload, now: Upload, input: PlanInput): boolean {
  const isEdited = isEditedSince(now.attributes, upload.attributes);
  const { filename } = upload.attributes;
  const name = typeof filename === "string" ? filename : null;
  return mayOverwrite(input, { type: "upload", id: upload.id, name, isEdited });
}

async function formOf(
  { snapshot, target, isOtherProject, keepsCreators = !isOtherProject, signal }: PlanInput,
): Promise<UploadForm> {
  const [site, now] = [await snapshot.site({ signal }), await target.site({ signal })];
  const collections = [
    ...await snapshot.settings("upload_collections", { signal }) ?? [],
    ...await target.settings("upload_collections", { signal }) ?? [],
  ];
  return {
    locales: site.attributes.locales,
    // The target is switched over where the snapshot's project was.
    isByName: [site, now].some(({ meta }) => meta?.non_localized_focal_points === true),
    keepsCreators,
    collections: new Set(collections.map(({ id }) => id)),
  };
}

/** The paths of the uploads of a target. */
async function pathsOf(target: Snapshot, signal: AbortSignal): Promise<string[]> {
  const paths: string[] = [];
  for await (const page of target.uploads({ signal })) {
    for (const { attributes: { path } } of page) paths.push(path);
  }
  return paths;
}

function nameOf({ id, attributes: { filename } }: Upload): string {
  return typeof filename === "string" ? `${printable(filename, 60)} (${id})` : id;
}

/** Why there is no file, as far as somebody says. */
function because(asset: SnapshotAsset | undefined): string {
  return asset?.reason === undefined ? "" : ` (${printable(asset.reason, 200)})`;
}

function refused(missing: ReadonlySet<string>): SluiceError {
  const named = [...missing].slice(0, NAMED).map((id) => printable(id, 40)).join(", ");
  const more = missing.size > NAMED ? ` and ${missing.size - NAMED} more` : "";
  return new SluiceError(
    `Expected the files of all assets in the snapshot, but it has none of ${named}${more}: restore another snapshot, ` +
      "or let the references to them be dropped.",
    EXIT.usage,
    { code: "assets_missing" },
  );
}

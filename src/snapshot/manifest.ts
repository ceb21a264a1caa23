import * as z from "zod";
import { isAssetIndex } from "./layout.ts";

/** How many there are, and how many bytes they take. */
export interface Tally {
  /** How many there are. */
  readonly count: number;
  /** How many bytes they take. */
  readonly bytes: number;
}

/** A finding, warning or failure in a manifest. */
export interface ManifestNote {
  /** A stable name of what happened. */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** What an export noted. */
export interface ExportNotes {
  /** What doesn't add up, such as a listing that was shorter than announced. */
  readonly findings: readonly ManifestNote[];
  /** What the user should know, but loses nothing. */
  readonly warnings: readonly ManifestNote[];
  /** What is missing from the snapshot. */
  readonly failures: readonly ManifestNote[];
}

/** An object's entry in a manifest. */
export interface ManifestObject {
  /** Its path, relative to the snapshot. */
  readonly path: string;
  /** Its size in bytes. */
  readonly size: number;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** How many entries it holds, if it is a batch or a part of a table. */
  readonly count?: number | undefined;
  /** The size in bytes of the text that it is if it is decompressed, if it is compressed. */
  readonly plainSize?: number | undefined;
}

/** An asset that couldn't be had. */
export interface FailedAsset {
  /** The upload's id. */
  readonly upload_id: string;
  /** The key that its file would have in the storage. */
  readonly key: string;
  /** Why. */
  readonly reason: string;
  /** How often it was tried, the last time. */
  readonly attempts: number;
}

/** The code of the failures of assets that couldn't be fetched. */
export const ASSET_FAILURE = "asset_failed";

/** The code of those that failed for the same reason in the snapshot before. */
export const KNOWN_ASSET_FAILURE = "asset_failed_known";

/** What became of a project's asset files. */
export interface ManifestAssets {
  /** The object with a line for each upload: its file, and what became of it. */
  readonly index: string;
  /** Where the files lie in the storage. */
  readonly prefix: string;
  /** Fetched and verified by this export, in whichever of its runs. */
  readonly downloaded: Tally;
  /** Were there already when the export came to them, with the right bytes. */
  readonly kept: Tally;
  /** How many DatoCMS itself doesn't serve any more. */
  readonly withdrawn: number;
  /** How many videos DatoCMS doesn't serve the raw file of; older manifests don't tell. */
  readonly notServed?: number | undefined;
  /** How many couldn't be had. */
  readonly failed: number;
  /** The first thousand that couldn't be had; the object named `index` has all. */
  readonly failures?: readonly FailedAsset[] | undefined;
  /** When those that had failed were last tried again, in ISO 8601. */
  readonly retriedAt?: string | undefined;
  /** Files of earlier snapshots that were still there, no longer used by any upload. */
  readonly orphaned?: Tally | undefined;
}

/** Whether a snapshot has all that was asked for. */
export type SnapshotStatus = "complete" | "partial";

/** The content of `manifest.json`. */
export interface Manifest extends ExportNotes {
  /** The version of the snapshot format. */
  readonly formatVersion: 1;
  /** What wrote the snapshot. */
  readonly tool: { readonly name: "sluice"; readonly version: string };
  /** The project. */
  readonly project: { readonly id: string; readonly name: string | null };
  /** The environment; its `id` is `null` if the API didn't tell the primary one's. */
  readonly environment: { readonly id: string | null; readonly primary: boolean };
  /** The project's locales. */
  readonly locales: readonly string[];
  /**
   * Whether all is there that was asked for; where it isn't, `failures` says what is missing. Manifests of
   * before had none: {@linkcode statusOf} tells.
   */
  readonly status?: SnapshotStatus | undefined;
  /** What somebody noted of the snapshot, by name, if anything. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** When the export began, in ISO 8601. */
  readonly startedAt: string;
  /** When it ended, in ISO 8601. */
  readonly endedAt: string;
  /** The options that shaped the snapshot; no secrets. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How many resources of each kind were read; for one that was left out, why. */
  readonly resources: Record<string, Tally | { readonly skipped: string }>;
  /** How many records of each model were read, by `api_key` and version. */
  readonly records: Record<
    string,
    { current?: Tally | undefined; published?: Tally | undefined }
  >;
  /**
   * How the published versions of each model were had, by `api_key`: `derived` from the current ones where
   * records are published and unchanged since, or each `read` by itself. Left out where there are none;
   * manifests of before had none.
   */
  readonly published?: Readonly<Record<string, "derived" | "read">> | undefined;
  /**
   * SHA-256 of what decides how the records of each model look, in hexadecimal by `api_key`: its fields, those of
   * the block models that may be in them, and the locales. Left out without records; manifests of before had none.
   */
  readonly shapes?: Readonly<Record<string, string>> | undefined;
  /**
   * How many snapshots there are since the last one for which all records were read, this one included: 0 if they
   * were for this one. Left out without records; manifests of before had none.
   */
  readonly sinceFull?: number | undefined;
  /**
   * The version of the tables' form, if there are any: 2. Manifests of before had none, which is version 1.
   */
  readonly tablesVersion?: number | undefined;
  /** Every object of the snapshot but `manifest.json` and `canary.txt`, by path. */
  readonly objects: readonly ManifestObject[];
  /** Paths of what isn't part of the snapshot, but couldn't be deleted from its folder, if there is any. */
  readonly leftovers?: readonly string[] | undefined;
  /** What became of the asset files, if they were asked for. */
  readonly assets?: ManifestAssets | undefined;
  /**
   * SHA-256 of the manifest's own text without this key, in hexadecimal: `isAsSealed` in manifest_digest.ts
   * checks it. Manifests of before had none.
   */
  readonly sha256?: string | undefined;
}

/**
 * Whether a snapshot has all that was asked for, also by a manifest that doesn't say so itself.
 *
 * @param manifest The manifest, or what will be in it.
 */
export function statusOf(
  { status, failures }: Pick<Manifest, "status" | "failures">,
): SnapshotStatus {
  return status ?? (failures.length === 0 ? "complete" : "partial");
}

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const tally = z.object({ count, bytes: count });

/** Checks findings, warnings and failures. */
export const manifestNotes: z.ZodType<ManifestNote[]> = z.array(
  z.object({ code: z.string(), message: z.string() }),
);
/** Checks what was counted of resources. */
export const manifestResources: z.ZodType<Manifest["resources"]> = z.record(
  z.string(),
  z.union([tally, z.object({ skipped: z.string() })]),
);
/** Checks what was counted of records. */
export const manifestRecords: z.ZodType<Manifest["records"]> = z.record(
  z.string(),
  z.object({ current: tally.optional(), published: tally.optional() }),
);

/** Checks the content of `manifest.json`. Keys that it doesn't know are let through. */
export const manifestSchema: z.ZodType<Manifest> = z.looseObject({
  formatVersion: z.literal(1),
  tool: z.object({ name: z.literal("sluice"), version: z.string() }),
  project: z.object({ id: z.string(), name: z.string().nullable() }),
  environment: z.object({ id: z.string().nullable(), primary: z.boolean() }),
  locales: z.array(z.string()),
  status: z.enum(["complete", "partial"]).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  options: z.record(z.string(), z.unknown()),
  resources: manifestResources,
  records: manifestRecords,
  published: z.record(z.string(), z.enum(["derived", "read"])).optional(),
  shapes: z.record(z.string(), sha256).optional(),
  sinceFull: count.optional(),
  tablesVersion: count.optional(),
  objects: z.array(z.object({
    path: z.string(),
    size: count,
    sha256,
    count: count.optional(),
    plainSize: count.optional(),
  })),
  leftovers: z.array(z.string()).optional(),
  sha256: sha256.optional(),
  assets: z.object({
    // What it names is read, and may be deleted.
    index: z.string().refine(isAssetIndex),
    prefix: z.string(),
    downloaded: tally,
    kept: tally,
    withdrawn: count,
    notServed: count.optional(),
    failed: count,
    failures: z.array(z.object({
      upload_id: z.string(),
      key: z.string(),
      reason: z.string(),
      attempts: count,
    })).optional(),
    retriedAt: z.iso.datetime().optional(),
    orphaned: tally.optional(),
  }).optional(),
  findings: manifestNotes,
  warnings: manifestNotes,
  failures: manifestNotes,
});

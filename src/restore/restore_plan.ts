import { createHash } from "node:crypto";
import type { Manifest } from "../snapshot/manifest.ts";
import type { NewIds } from "./ids/new_ids.ts";
import type { Inventory } from "./inventory.ts";
import type { Included } from "./included/plan_included.ts";
import type { RestoreConflict } from "./living.ts";
import type { Loss } from "./phases.ts";
import type { NewUrls } from "./upload_urls.ts";
import type { PlannedWrites } from "./plan.ts";
import type { RestoreHooks } from "./hooks.ts";

/** What a restore will do: nothing was written yet. It holds a temporary directory until it is disposed. */
export interface RestorePlan extends AsyncDisposable {
  /** The snapshot's name. */
  readonly snapshot: string;
  /** Where to. */
  readonly target: RestoreTarget;
  /** What is done to how many of what, in order. */
  readonly writes: readonly PlannedWrites[];
  /** Requests that writing takes, without repetitions. */
  readonly requests: number;
  /** The least time that these take at DatoCMS's rate limit, in milliseconds. */
  readonly leastMs: number;
  /** What the target won't have as the snapshot has it, as far as it is known. */
  readonly losses: readonly Loss[];
  /** What both have, each otherwise, and what stays as the target has it. */
  readonly conflicts: readonly RestoreConflict[];
  /** The ids of copies, by those of the records that they are of. */
  readonly ids: Readonly<Record<string, string>>;
  /** Numeric ids that are others in the target; `null` if there are none. */
  readonly newIds: NewIds | null;
  /** Addresses of uploads that are others in the target; `null` if there are none. */
  readonly newUrls: NewUrls | null;
  /** Models whose validators step aside until their records are there, by `api_key`. */
  readonly relaxed: readonly string[];
  /** What of the project was asked for: what is made, and what is there already. */
  readonly included: readonly Included[];
  /** Who is told of what is written. */
  readonly hooks: RestoreHooks;
  /** What else is to be known, in sentences. */
  readonly notes: readonly string[];
  /** What a person types to confirm it; `undefined` if there is nothing to confirm. */
  readonly confirmation: string | undefined;
  /** Whether all that is there is kept in a snapshot first, which undoes the restore. */
  readonly undo: boolean;
  /** The journal of the restore that is resumed; `undefined` for a new one. */
  readonly resumes: string | undefined;
  /**
   * SHA-256 of what it is a plan of and what it will do, in hexadecimal: the same as long as neither the snapshot, the
   * target nor the options are others.
   */
  readonly digest: string;
}

/** Where a restore writes to. */
export interface RestoreTarget {
  /** The project. */
  readonly project: { readonly id: string; readonly name: string };
  /** The environment. */
  readonly environment: string;
  /** Whether that is the primary one. */
  readonly isPrimary: boolean;
  /** The environment that it is made a fork of; `null` if it was there before. */
  readonly forkOf: string | null;
}

/** Requests that DatoCMS takes in a second. */
const RATE = 20;

/**
 * The least time that requests take at DatoCMS's rate limit, in milliseconds.
 *
 * @param requests How many there are.
 */
export function leastMs(requests: number): number {
  return Math.round(requests / RATE * 1000);
}

/** What of a target decides what is written to it. */
const CONTENT = /^(?:records|models|uploads|workflows|plugins)\//;

/**
 * The digest of a plan.
 *
 * @param of What it is a plan of.
 */
export function planDigest(of: {
  readonly snapshot: string;
  readonly manifest: string | null;
  readonly project: string;
  readonly forkOf: string | null;
  readonly options: unknown;
  readonly inventory: Inventory;
  readonly writes: readonly PlannedWrites[];
  readonly losses: readonly Loss[];
}): string {
  const { inventory, ...rest } = of;
  const content = inventory.manifest.objects.filter(({ path }) => CONTENT.test(path))
    .map(({ path, sha256 }) => [path, sha256]);
  return createHash("sha256").update(JSON.stringify([rest, content])).digest("hex");
}

/**
 * What tells a snapshot from another one of the same name; `null` for one without a manifest.
 *
 * @param manifest Its manifest.
 */
export function manifestDigest(manifest: Manifest | undefined): string | null {
  if (manifest === undefined) return null;
  return manifest.sha256 ??
    createHash("sha256").update(JSON.stringify(manifest.objects)).digest("hex");
}

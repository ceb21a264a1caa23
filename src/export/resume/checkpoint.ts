import { createHash } from "node:crypto";
import { toText } from "@std/streams/to-text";
import * as z from "zod";
import { ObjectNotFoundError, type Storage } from "../../storage/storage.ts";
import type { PassState } from "../../snapshot/batch_pass.ts";
import type { JournalFile } from "../../snapshot/byte_journal.ts";
import type { Labels } from "../../snapshot/labels.ts";
import { CHECKPOINT } from "../../snapshot/layout.ts";
import type { TablesState } from "../../snapshot/make_tables.ts";
import type { ExportNotes, Manifest } from "../../snapshot/manifest.ts";
import { manifestNotes, manifestRecords, manifestResources } from "../../snapshot/manifest.ts";
import type { SnapshotObject, SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { BaseState } from "../steps/base_snapshot.ts";
import type { UnfinishedBatch } from "../../snapshot/snapshot_sink.ts";

/** How far a listing was written. */
export interface ListingState {
  /** How many resources were written. */
  read: number;
  /** How many bytes they take in batches that are finished. */
  bytes: number;
  /** How many batches are finished. */
  batches: number;
  /** The batch that comes next, if it holds something: the journal has its bytes, by the listing's name. */
  unfinished?: UnfinishedBatch | undefined;
  /** Some of those that were written last, in order. */
  last: { readonly id: string; readonly time: number | null }[];
  /** Whether the listing was written to its end. */
  done: boolean;
  /** How many the API announced, if the listing was written to its end. */
  total: number;
  /** Whether all that was announced came and was written, if the listing was read to its end. */
  isWhole?: boolean | undefined;
  /** Whether these are published versions that are written with the current ones, page by page. */
  isDerived?: boolean | undefined;
  /** What stands for the ids of those that are published, if all of them are in it. */
  publicIds?: string | undefined;
}

/** What is brought up to date after it was written. */
export type Amendable = "records" | "uploads";

/** A resource that is to be brought up to date. */
export interface Outdated {
  /** What it is. */
  readonly what: Amendable;
  /** Its id. */
  readonly id: string;
  /** Whose it is: a model's id, or `UPLOADS`. */
  readonly of: string;
  /** When it was created, in milliseconds since 1970; `null` if nobody knows. */
  readonly time: number | null;
}

/** How far the batches were read back, and what is made of them. */
export interface DerivedState extends PassState {
  /** How far the tables are, if they are made. */
  readonly tables?: TablesState | undefined;
}

/** How far an export has come: what another run needs to continue. */
export interface Checkpoint {
  /** The version of the checkpoint's form. */
  readonly formatVersion: 5;
  /** What has to be the same to continue: parts by name, such as `schema`. */
  readonly fingerprint: Readonly<Record<string, string>>;
  /** When the export began, in ISO 8601. */
  readonly startedAt: string;
  /** The labels that runs have given the snapshot. */
  readonly labels?: Labels | undefined;
  /** The snapshot whose records are reused where they haven't changed, if there is one. */
  readonly base?: BaseState | undefined;
  /** Changes since then are still to be looked for, in ISO 8601. */
  readonly changedSince: string;
  /** Steps that are done. */
  readonly done: readonly string[];
  /** What was being brought up to date: its objects may be other ones by now. */
  readonly amending: readonly Amendable[];
  /**
   * What was still to be brought up to date. Some of it may have been, in some of the objects: all of them
   * have to tell the same of it, even if it has gone since.
   */
  readonly outdated: readonly Outdated[];
  /** What was brought up to date, and to which state of it. */
  readonly amended: Readonly<Record<string, string>>;
  /** How often runs have begun to list a model once more, by its id. */
  readonly compared: Readonly<Record<string, number>>;
  /** How far each listing is. */
  readonly listings: Readonly<Record<string, ListingState>>;
  /** How far the tables and indexes are, if there are any. */
  readonly derived?: DerivedState | undefined;
  /** What is kept of objects that aren't finished. */
  readonly journal: readonly JournalFile[];
  /** How many lists of assets that are done were written. */
  readonly assetLists: number;
  /** What was written. */
  readonly objects: readonly SnapshotObject[];
  /** What was counted of resources. */
  readonly resources: Manifest["resources"];
  /** What was counted of records. */
  readonly records: Manifest["records"];
  /** What was noted. */
  readonly notes: ExportNotes;
}

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const amendable = z.enum(["records", "uploads"]);
const span = z.object({ of: z.string(), from: z.number(), to: z.number() });

/** Checks the content of a checkpoint. */
const checkpointSchema: z.ZodType<Checkpoint> = z.object({
  formatVersion: z.literal(5),
  fingerprint: z.record(z.string(), z.string()),
  startedAt: z.iso.datetime(),
  labels: z.record(z.string(), z.string()).optional(),
  base: z.object({
    prefix: z.string(),
    reused: z.object({ current: count, published: count, flat: count }),
    sinceFull: count,
  }).optional(),
  changedSince: z.iso.datetime(),
  done: z.array(z.string()),
  amending: z.array(amendable),
  outdated: z.array(z.object({
    what: amendable,
    id: z.string(),
    of: z.string(),
    time: z.number().nullable(),
  })),
  amended: z.record(z.string(), z.string()),
  compared: z.record(z.string(), count),
  listings: z.record(
    z.string(),
    z.object({
      read: count,
      bytes: count,
      batches: count,
      unfinished: z.object({ count, span: span.optional() }).optional(),
      last: z.array(z.object({ id: z.string(), time: z.number().nullable() })),
      done: z.boolean(),
      total: count,
      isWhole: z.boolean().optional(),
      isDerived: z.boolean().optional(),
      publicIds: z.string().optional(),
    }),
  ),
  derived: z.object({
    batches: count,
    entries: count,
    tables: z.object({
      next: z.record(z.string(), count),
      rows: z.record(z.string(), count),
      warnings: z.array(z.object({ code: z.string(), count, example: z.string() })),
      hasProject: z.boolean().optional(),
    }).optional(),
  }).optional(),
  journal: z.array(z.object({
    number: count,
    size: count,
    sha256,
    parts: z.array(z.object({ of: z.string(), offset: count, size: count })),
  })),
  assetLists: count,
  objects: z.array(z.object({
    path: z.string(),
    size: count,
    sha256,
    count: count.optional(),
    plainSize: count.optional(),
    spans: z.array(span).optional(),
  })),
  resources: manifestResources,
  records: manifestRecords,
  notes: z.object({ findings: manifestNotes, warnings: manifestNotes, failures: manifestNotes }),
});

/** A checkpoint that was read. */
export interface FoundCheckpoint {
  /** What it says. */
  readonly checkpoint: Checkpoint;
  /** SHA-256 of its text, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads the checkpoint of a snapshot that isn't complete.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts the reading.
 * @return The checkpoint, or `undefined` if there is none that can be understood.
 * @throws {StorageError} If it can't be read.
 */
export async function readCheckpoint(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<FoundCheckpoint | undefined> {
  let text: string;
  try {
    text = await toText(await storage.get(`${prefix}/${CHECKPOINT}`, { signal }));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
  try {
    const checkpoint = checkpointSchema.parse(JSON.parse(text));
    return { checkpoint, sha256: createHash("sha256").update(text).digest("hex") };
  } catch {
    return undefined;
  }
}

/**
 * Writes the checkpoint of a snapshot, in place of the one before.
 *
 * @param snapshot The snapshot.
 * @param checkpoint How far the export is.
 * @param signal Aborts the writing.
 * @throws {StorageError} If it can't be written.
 */
export async function writeCheckpoint(
  snapshot: Pick<SnapshotWriter, "putAside">,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(checkpoint));
  await snapshot.putAside(CHECKPOINT, bytes, { signal });
}

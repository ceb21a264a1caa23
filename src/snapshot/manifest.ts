import { z } from "zod";

const count = z.number().int().nonnegative();

const tally = z.object({ count, bytes: count });

/** A finding, warning or failure. */
const note = z.object({
  /** A stable name of what happened. */
  code: z.string(),
  /** One sentence for a person. */
  message: z.string(),
});

/** Describes `manifest.json`, version 1. What it doesn't know is let through: later versions add keys. */
export const manifestSchema = z.looseObject({
  formatVersion: z.literal(1),
  tool: z.object({ name: z.literal("sluice"), version: z.string() }),
  project: z.object({ id: z.string(), name: z.string().nullable() }),
  environment: z.object({
    /** Its name; `null` if the API didn't tell the primary one's. */
    id: z.string().nullable(),
    primary: z.boolean(),
  }),
  locales: z.array(z.string()),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** The options that shaped the snapshot; no secrets. */
  options: z.record(z.string(), z.unknown()),
  /** How many resources of each kind were read; skipped ones with the reason. */
  resources: z.record(z.string(), tally.partial().extend({ skipped: z.string().optional() })),
  /** How many records of each model were read, by `api_key` and version. */
  records: z.record(
    z.string(),
    z.object({ current: tally.optional(), published: tally.optional() }),
  ),
  /** Every object of the snapshot but `manifest.json` and `canary.txt`; paths are relative to it. */
  objects: z.array(z.object({
    path: z.string(),
    size: count,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    count: count.optional(),
  })),
  /** What became of the asset files; `index` has a line for each upload. */
  assets: z.object({
    index: z.string(),
    prefix: z.string(),
    downloaded: tally,
    kept: tally,
    withdrawn: count,
    failed: count,
  }).optional(),
  /** What doesn't add up, such as a listing that was shorter than announced. */
  findings: z.array(note),
  warnings: z.array(note),
  failures: z.array(note),
});

/** The content of `manifest.json`. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A finding, warning or failure in a manifest. */
export type ManifestNote = z.infer<typeof note>;

/** An object's entry in a manifest. */
export type ManifestObject = Manifest["objects"][number];

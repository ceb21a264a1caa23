import * as z from "zod";
import type { SnapshotInfo } from "../snapshot/snapshot_info.ts";
import type { Change } from "../tools/diff.ts";
import type { ShownSnapshot } from "../tools/show.ts";
import { type FailureCode, FAILURES } from "./failure.ts";

const count = z.number().int().nonnegative();
const tally = z.object({ count, bytes: count });
const note = z.object({ code: z.string(), message: z.string() });
const change = z.enum(["added", "removed", "changed"]);

/** Where an answer goes on, if it does. */
const nextCursor = z.string().optional().describe("Where the listing continues, if it does");

const info = {
  name: z.string().describe("What names it among all: <project>/[<environment>/]<id>"),
  id: z.string().describe("The seconds since 1970 in its folder's name"),
  prefix: z.string().describe("Where it lies in its storage"),
  project: z.object({ id: z.string(), name: z.string().nullable() }),
  environment: z.object({ id: z.string().nullable(), primary: z.boolean() }),
  state: z.enum(["complete", "partial", "incomplete"]),
  labels: z.record(z.string(), z.string()),
  createdAt: z.string().describe("When its export began, in ISO 8601"),
  endedAt: z.string().nullable(),
  durationMs: z.number().nullable(),
  records: count.nullable(),
  published: count.nullable(),
  assets: tally.nullable(),
  bytes: count.nullable(),
  tool: z.object({ name: z.enum(["sluice", "datocms"]), version: z.string().nullable() }),
  problem: z.string().exactOptional(),
};
/** A snapshot as `sluice list --json` has it. */
export const snapshotInfo: z.ZodType<SnapshotInfo> = z.object(info);

const shownTally = z.object({ count: count.nullable(), bytes: count });
/** A snapshot as `sluice show --json` has it, but for its address. */
export const shownSnapshot: z.ZodType<Omit<ShownSnapshot, "address">> = z.object({
  ...info,
  locales: z.array(z.string()).nullable(),
  objects: count,
  models: z.array(z.object({
    model: z.string(),
    current: shownTally.nullable(),
    published: shownTally.nullable(),
  })),
  resources: z.record(z.string(), z.union([tally, z.object({ skipped: z.string() })])).nullable(),
  files: z.looseObject({
    index: z.string(),
    prefix: z.string(),
    downloaded: tally,
    kept: tally,
    withdrawn: count,
    failed: count,
  }).nullable(),
  options: z.record(z.string(), z.unknown()).nullable(),
  leftovers: z.array(z.string()),
  findings: z.array(note),
  warnings: z.array(note),
  failures: z.array(note),
});

/** A resource as DatoCMS's API sends it. */
export const resource: z.ZodType = z.looseObject({
  id: z.string(),
  type: z.string(),
  attributes: z.record(z.string(), z.unknown()).optional(),
  relationships: z.record(z.string(), z.unknown()).optional(),
});

const fieldChange = z.looseObject({
  path: z.string(),
  locale: z.string().nullable(),
  change: z.enum(["added", "removed", "changed", "moved"]),
  before: z.unknown(),
  after: z.unknown(),
});
const fields = z.array(fieldChange);
const schemaChange = { type: z.string(), name: z.string(), id: z.string(), change, fields };
const recordChange = {
  model: z.string(),
  id: z.string(),
  title: z.string().nullable(),
  change,
  status: z.object({ before: z.string().nullable(), after: z.string().nullable() }).nullable(),
  published: change.nullable(),
  fields,
};
const assetChange = {
  id: z.string(),
  filename: z.string().nullable(),
  change: z.enum(["added", "removed", "changed", "replaced"]),
  fields,
};
/** What differs, as `sluice diff --json-lines` has it. */
export const changeLine: z.ZodType<Pick<Change, "kind">> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("schema"), ...schemaChange }),
  z.object({ kind: z.literal("record"), ...recordChange }),
  z.object({ kind: z.literal("asset"), ...assetChange }),
]);
/** What differs, as `sluice diff --json` has it. */
export const changes = z.object({
  schema: z.array(z.object(schemaChange)),
  records: z.array(z.object(recordChange)),
  assets: z.array(z.object(assetChange)),
  notes: z.array(z.string()).optional(),
});

/** The projects. */
export const projectList = z.object({
  projects: z.array(z.object({
    id: z.string(),
    name: z.string().nullable(),
    source: z.literal("datocms"),
    environments: z.array(z.object({
      id: z.string().nullable(),
      primary: z.boolean(),
      snapshots: count,
    })),
    latest: snapshotInfo.nullable().describe("The newest sealed one of the primary environment"),
  })),
});
/** A page of snapshots. */
export const snapshotList = z.object({
  snapshots: z.array(snapshotInfo),
  limit: count,
  nextCursor,
});
/** A model. */
export const model = z.object({
  model: resource,
  fields: z.array(resource),
  fieldsets: z.array(resource),
});
/** The models. */
export const modelList = z.object({ models: z.array(model) });
/** A page of files. */
export const fileList = z.object({
  createdAt: z.string(),
  totalFiles: count,
  files: z.array(z.object({
    name: z.string(),
    type: z.enum(["document", "image", "file"]),
    size: count.nullable(),
    sha256: z.string().nullable(),
    md5: z.string().nullable(),
    url: z.url(),
    expiresAt: z.string(),
  })),
  nextCursor,
});
/** A page of records. */
export const recordList = z.object({ records: z.array(resource), total: count, nextCursor });
/** What a record refers to, and what refers to it. */
export const references = z.object({
  out: z.array(z.object({ type: z.enum(["item", "upload"]), id: z.string() }))
    .describe("What it and its blocks refer to"),
  in: z.array(z.object({ id: z.string(), model: z.string().nullable() }))
    .describe("The records that refer to it, 1,000 at most"),
  total: count.describe("How many records refer to it"),
});
/** A page of uploads. */
export const uploadList = z.object({ uploads: z.array(resource), total: count, nextCursor });
/** The tables. */
export const tableList = z.object({
  format: z.enum(["ndjson", "csv", "parquet"]).nullable().describe("How rows are encoded"),
  tables: z.array(z.object({
    name: z.string().describe("records/<model>, blocks/<block model>, links, uploads, …"),
    model: z.looseObject({}).nullable().describe("The model of its records or blocks"),
    columns: z.array(z.looseObject({ name: z.string() })),
    parts: z.array(z.object({
      path: z.string().describe("Its path in the snapshot: tables/…"),
      version: z.enum(["current", "published"]).nullable(),
      size: count,
      count: count.describe("Rows"),
      sha256: z.string().nullable(),
    })),
  })),
});
/** Whether automatic exports are on. */
export const schedule = z.object({
  enabled: z.boolean(),
  changedAt: z.string().nullable().describe("Since when; null if they were never turned off"),
});
/** Turns automatic exports on or off. */
export const scheduleChange = z.object({ enabled: z.boolean() });
/** A record in each of the snapshots that have it. */
export const recordHistory = z.object({
  id: z.string(),
  history: z.array(z.object({
    snapshot: z.string(),
    createdAt: z.string(),
    model: z.string(),
    version: z.string().nullable().describe("The id of the version that DatoCMS gave it"),
    status: z.string().nullable(),
    updatedAt: z.string().nullable(),
    changed: z.array(z.string()).nullable().describe(
      "Fields that differ from the snapshot before that has it; null for the earliest",
    ),
  })),
  nextCursor,
});
/** Where a text was found. */
export const findings = z.object({
  found: z.array(z.object({
    snapshot: z.string(),
    model: z.string().nullable(),
    version: z.enum(["current", "published"]).nullable(),
    id: z.string(),
    path: z.string(),
    text: z.string(),
  })),
  partial: z.boolean().describe("Whether there may be more"),
});

/** Why there is no answer. */
export const failure = z.object({
  error: z.object({
    code: z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]),
    message: z.string(),
    requestId: z.string(),
    details: z.record(z.string(), z.string()).optional(),
  }),
});

import { resolveSourceOptions, type SourceSettings } from "../export/export_settings.ts";
import { guarded } from "../export/guarded.ts";
import type { BucketSettings } from "../storage/bucket_settings.ts";
import { isDenied, S3Error } from "../storage/s3/s3_error.ts";
import { parseS3Location } from "../storage/s3/location.ts";
import type { Storage } from "../storage/storage.ts";
import type { DoctorCheck } from "./check.ts";
import { checkCopies } from "./check_copies.ts";
import { checkLocal } from "./check_local.ts";
import { checkS3 } from "./check_s3.ts";
import { checkSource, type CheckSourceOptions } from "./check_source.ts";
import { checkUnfinished, type FoundUpload } from "./check_unfinished.ts";
import { probeStorage } from "./probe_storage.ts";
import { bucketStatement, objectStatement, statementText } from "./s3_policy.ts";

export type { CheckStatus, DoctorCheck } from "./check.ts";
export type { CheckSourceOptions } from "./check_source.ts";
export type { FoundUpload } from "./check_unfinished.ts";

/** What {@linkcode examine} looks at. */
export interface ExamineOptions {
  /** The project; without it, none is looked at. */
  readonly source?: CheckSourceOptions | undefined;
  /** The destination; without it, none is looked at. */
  readonly storage?: Storage | undefined;
  /** Whether to remove what killed exports left unfinished more than a day ago. @default {false} */
  readonly clean?: boolean | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** What was found. */
export interface Examination {
  /** The destination's address; `null` if none was looked at. */
  readonly destination: string | null;
  /** How many checks found a problem. */
  readonly problems: number;
  /** How many checks found something that should be different. */
  readonly warnings: number;
  /** The checks, in the order in which they matter. */
  readonly checks: readonly DoctorCheck[];
  /** What wasn't checked, and why: one sentence each. */
  readonly notChecked: readonly string[];
  /** The first hundred unfinished uploads of exports; running ones among them. */
  readonly unfinishedUploads: readonly FoundUpload[];
}

const DAY = 24 * 60 * 60 * 1000;
/** What an export needs for each thing that it does. */
const ACTIONS = {
  write: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
  read: ["s3:GetObject"],
  list: ["s3:ListBucket"],
  delete: ["s3:DeleteObject"],
} as const;

/**
 * Finds out whether an export would work, and what should be different: what the API token may read, and
 * whether the destination can be used and is set up safely. A destination is tried out with small objects
 * that are removed again.
 *
 * @param options What to look at.
 * @return What was found.
 * @throws The signal's reason.
 *
 * @example
 * ```ts
 * import { examine, LocalStorage } from "@sluice/datocms";
 *
 * const { problems, checks } = await examine({ storage: new LocalStorage("./snapshots") });
 * if (problems > 0) console.log(checks.filter(({ status }) => status === "problem"));
 * ```
 */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { storage, clean = false, signal } = options;
  const source = options.source && resolveSourceOptions(options.source);
  return await guarded({ ...source, storage }, async ({ onEvent, redaction }) => {
    const told = source && { ...source, onEvent };
    return redaction.redactValue(await examineAll({ source: told, storage, clean, signal }));
  });
}

/** What is looked at: nothing is left to defaults. */
interface ExamineSettings extends Pick<ExamineOptions, "storage" | "signal"> {
  readonly source: SourceSettings | undefined;
  readonly clean: boolean;
}

async function examineAll(settings: ExamineSettings): Promise<Examination> {
  const { source, storage, clean, signal } = settings;
  const checks: DoctorCheck[] = [];
  const notChecked: string[] = [];
  let unfinishedUploads: readonly FoundUpload[] = [];
  if (source === undefined) {
    notChecked.push("The project wasn't checked, because there is no API token.");
  } else {
    const found = await checkSource({ ...source, signal });
    checks.push(...found);
    if (!found.some(({ name }) => name.startsWith("resource:"))) {
      notChecked.push("What the API token may read wasn't checked, because of that problem.");
    } else {
      checks.push(...await checkCopies({ ...source, signal }, clean));
    }
  }
  if (storage === undefined) {
    notChecked.push("No destination was checked, because none was given.");
  } else if (storage.settings !== undefined) {
    const found = await checkBucket(storage, storage.settings, settings);
    checks.push(...found.checks);
    notChecked.push(...found.notChecked);
    unfinishedUploads = found.unfinishedUploads;
  } else {
    const isDirectory = storage.url.startsWith("file:");
    checks.push(
      ...isDirectory
        ? await checkLocal(storage, { signal })
        : (await probeStorage(storage, { signal })).checks,
    );
    if (clean && storage.sweep !== undefined) {
      const removed = await storage.sweep("", { olderThan: new Date(Date.now() - DAY), signal });
      const message = `${removed} half-written files older than a day were removed.`;
      checks.push({ area: "destination", name: "unfinished_files", status: "ok", message });
    }
  }
  const count = (wanted: DoctorCheck["status"]) => {
    return checks.filter(({ status }) => status === wanted).length;
  };
  return {
    destination: storage?.url ?? null,
    problems: count("problem"),
    warnings: count("warning"),
    checks,
    notChecked,
    unfinishedUploads,
  };
}

async function checkBucket(
  storage: Storage,
  bucketSettings: BucketSettings,
  { signal, clean }: ExamineSettings,
): Promise<Pick<Examination, "checks" | "notChecked" | "unfinishedUploads">> {
  const location = parseS3Location(storage.url);
  const { checks, isReachable } = await probeStorage(storage, {
    signal,
    fixFor: (action, error) => {
      if (error instanceof S3Error && error.code === "NoSuchBucket") {
        return `aws s3 mb s3://${location.bucket}`;
      }
      if (!isDenied(error) && !isDenied(error.cause)) return undefined;
      const statement = action === "list" ? bucketStatement : objectStatement;
      return statementText(statement(location, ACTIONS[action]));
    },
  });
  if (!isReachable) {
    const notChecked = ["The bucket's settings weren't checked, because of that problem."];
    return { checks, notChecked, unfinishedUploads: [] };
  }
  try {
    const settings = await checkS3(bucketSettings, location, { signal });
    const olderThan = new Date(Date.now() - DAY);
    const unfinished = await checkUnfinished(storage, location, { clean, olderThan, signal });
    return {
      checks: [...checks, ...settings, unfinished.check],
      notChecked: [],
      unfinishedUploads: unfinished.uploads,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof S3Error)) throw error;
    const failed = { area: "destination", name: "settings", status: "problem" } as const;
    const notChecked = ["The bucket's settings weren't all checked, because of that problem."];
    const all = [...checks, { ...failed, message: error.message }];
    return { checks: all, notChecked, unfinishedUploads: [] };
  }
}

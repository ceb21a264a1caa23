import { isTemporary } from "../storage/object_key.ts";
import { isDenied, S3Error } from "../storage/s3/s3_error.ts";
import type { S3Location } from "../storage/s3/location.ts";
import type { Storage, UnfinishedUpload } from "../storage/storage.ts";
import type { DoctorCheck } from "./check.ts";
import { bucketStatement, objectStatement, statementText } from "./s3_policy.ts";

/** An upload in parts that neither was completed nor dropped. */
export interface FoundUpload extends UnfinishedUpload {
  /** Whether it was dropped now. */
  readonly dropped: boolean;
}

/** What {@linkcode checkUnfinished} takes. */
export interface CheckUnfinishedOptions {
  /** Whether old ones are dropped. */
  readonly clean: boolean;
  /** What is younger may still be written. */
  readonly olderThan: Date;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** The most uploads that are listed one by one; all are counted, and dropped. */
const MOST = 100;
/** What an export writes. */
const OWN = /^(assets|content)\/project_[^/]+\//;

/**
 * Looks for the uploads that killed exports left, and drops them if asked to. S3 charges for their parts.
 *
 * @param storage The storage.
 * @param location Its bucket and prefix.
 * @param options Whether, and how old, they are dropped.
 * @return The check, and the first uploads.
 * @throws {S3Error} If the bucket can't be reached.
 */
export async function checkUnfinished(
  storage: Storage,
  location: S3Location,
  { clean, olderThan, signal }: CheckUnfinishedOptions,
): Promise<{ readonly check: DoctorCheck; readonly uploads: readonly FoundUpload[] }> {
  const uploads: FoundUpload[] = [];
  const count = { running: 0, old: 0, dropped: 0 };
  let refusal: S3Error | undefined;
  try {
    for await (const page of storage.listUnfinishedUploads?.("", { signal }) ?? []) {
      for (const upload of page.filter(({ key }) => OWN.test(key) || isTemporary(key))) {
        const isOld = upload.startedAt < olderThan;
        count[isOld ? "old" : "running"]++;
        let dropped = false;
        if (isOld && clean && refusal === undefined) {
          try {
            await storage.abortUnfinishedUpload?.(upload, { signal });
            dropped = true;
            count.dropped++;
          } catch (error) {
            if (!isDenied(error)) throw error;
            refusal = error as S3Error;
          }
        }
        if (uploads.length < MOST) uploads.push({ ...upload, dropped });
      }
    }
  } catch (error) {
    if (!(error instanceof S3Error) || error.status === undefined) throw error;
    const fix = isDenied(error)
      ? statementText({
        ...bucketStatement(location, ["s3:ListBucketMultipartUploads"]),
        Sid: "SluiceDoctor",
      })
      : undefined;
    return { uploads, check: { ...common, status: "unknown", message: error.message, fix } };
  }
  if (refusal !== undefined) {
    const fix = statementText(objectStatement(location, ["s3:AbortMultipartUpload"]));
    return { uploads, check: { ...common, status: "problem", message: refusal.message, fix } };
  }
  return { uploads, check: verdict(count, clean) };
}

const common = { area: "destination", name: "unfinished_uploads" } as const;

function verdict(
  { running, old, dropped }: { running: number; old: number; dropped: number },
  clean: boolean,
): DoctorCheck {
  const younger = running === 0
    ? ""
    : `; ${number(running)} younger than a day may still be written`;
  if (old === 0) {
    const message = `No killed export left an unfinished upload${younger}.`;
    return { ...common, status: "ok", message };
  }
  if (clean) {
    const message = `${number(dropped)} older than a day ${
      dropped === 1 ? "was" : "were"
    } dropped${younger}.`;
    return { ...common, status: "ok", message };
  }
  return {
    ...common,
    status: "warning",
    message: `${number(old)} older than a day cost${
      old === 1 ? "s" : ""
    } money until dropped${younger}.`,
    code: "uploads_left",
  };
}

function number(count: number): string {
  return `${count} unfinished upload${count === 1 ? "" : "s"}`;
}

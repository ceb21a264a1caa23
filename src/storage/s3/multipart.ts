import type { CompletedPart } from "@aws-sdk/client-s3";
import { limited } from "../../async/limited.ts";
import { withGrace } from "../grace.ts";
import type { PieceReader } from "../piece_reader.ts";
import type { S3Bucket } from "./bucket.ts";
import type { S3ObjectSettings } from "./objects.ts";
import type { S3Upload } from "./uploads.ts";
import type { Budget } from "../../async/budget.ts";

/** An object that is uploaded in parts. */
export interface MultipartPut {
  /** The object's full key. */
  readonly key: string;
  /** How it is kept. */
  readonly settings: S3ObjectSettings;
  /** Gives the parts but the first. */
  readonly reader: PieceReader;
  /** The size of a part in bytes. */
  readonly partSize: (number: number) => number;
  /** Limits how many parts are on their way. */
  readonly budget: Budget;
  /** Aborted to end the reading and the other parts when a part fails. */
  readonly failure: AbortController;
  /** Aborted when the put is aborted or `failure` is. */
  readonly signal: AbortSignal;
  /** Milliseconds that beginning the upload may continue after an abort, and that dropping it may take. */
  readonly grace: number;
}

/**
 * Uploads an object in parts, several at a time. The AWS SDK's own `Upload` neither cancels the body when
 * it is aborted, nor does it always drop the upload.
 *
 * @param bucket The bucket.
 * @param put What is uploaded.
 * @param first The first part.
 * @param complete Makes the object of the parts.
 * @return What `complete` gives.
 * @throws What went wrong first; the upload is dropped then.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
export async function putParts<T>(
  bucket: S3Bucket,
  put: MultipartPut,
  first: Uint8Array<ArrayBuffer>,
  complete: (upload: S3Upload, parts: CompletedPart[]) => Promise<T>,
): Promise<T> {
  const { signal, failure, grace } = put;
  // If its answer were lost, nobody would know the upload to drop.
  const upload = await withGrace(signal, grace, (signal) => {
    return bucket.uploads.create(put.key, put.settings, { signal });
  });
  const running = new Set<Promise<void>>();
  let completed = false;
  try {
    const parts: CompletedPart[] = [];
    let piece: Uint8Array<ArrayBuffer> | undefined = first;
    for (let number = 1; piece !== undefined; number++) {
      const place = await put.budget.acquire(signal);
      const bytes = piece;
      const part: Promise<void> = bucket.uploads.putPart(upload, number, bytes, { signal })
        .then((part) => void (parts[number - 1] = part), (error) => failure.abort(error))
        .finally(() => {
          put.reader.recycle(bytes);
          place[Symbol.dispose]();
          running.delete(part);
        });
      running.add(part);
      piece = await put.reader.read(put.partSize(number + 1));
    }
    await Promise.all(running);
    signal.throwIfAborted();
    const result = await complete(upload, parts);
    completed = true;
    return result;
  } finally {
    if (!completed) {
      failure.abort();
      await Promise.all(running);
      await drop(bucket, upload, grace);
    }
  }
}

/** Drops an upload. What went wrong before matters more than a failure here; sweep() finds the upload. */
async function drop(bucket: S3Bucket, upload: S3Upload, milliseconds: number): Promise<void> {
  await limited(milliseconds, undefined, async (signal) => {
    // A part that S3 was still taking in can outlive the first attempt, and with it the upload.
    for (let attempt = 1; attempt <= 3; attempt++) {
      await bucket.uploads.drop(upload, { signal });
      if (!await bucket.uploads.has(upload, { signal })) return;
    }
  }).catch(() => {});
}

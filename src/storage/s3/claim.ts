import { delay } from "../../async/delay.ts";
import { limited } from "../../async/limited.ts";
import { withGrace } from "../grace.ts";
import type { S3Bucket } from "./bucket.ts";
import { discard, isDiscarded } from "./discard.ts";
import { purposeOf, temporaryName, temporaryPrefix } from "../object_key.ts";

/** How long others may take to create the object, in milliseconds. */
const PATIENCE = 10_000;
/** How long taking a claim back may take, in milliseconds: a server that is gone must not hold anybody up. */
const WITHDRAWAL = 5_000;
/** After so many milliseconds a claim is one of a process that was killed. */
const STALE = 100_000;

/**
 * Makes sure that nobody else creates an object meanwhile, on S3 servers that don't support conditional
 * writes.
 *
 * Everybody who wants to create the object first puts an empty object next to it, a claim, then lists the
 * claims, then looks for the object. Who sees no other claim may continue, and keeps the claim until the
 * object is there. Of two that claim, the later one sees the earlier one's claim, or its object if that is
 * done. Who sees an earlier name than its own steps back, so that not all wait for each other. It takes a
 * server that is consistent, as S3, Ceph and MinIO are.
 *
 * The claim of a process that is killed counts for {@linkcode STALE} milliseconds.
 *
 * @param bucket The bucket.
 * @param key The object's full key.
 * @param signal Ends the waiting.
 * @param renewMs How often the claim is renewed while the object is being written, in milliseconds.
 * @return The claim, to be disposed when the object is there or has failed; or `undefined` if the object is
 * there, or someone else is about to create it.
 */
export async function claimKey(
  bucket: S3Bucket,
  key: string,
  signal: AbortSignal,
  renewMs = 20_000,
): Promise<AsyncDisposable | undefined> {
  const directory = key.slice(0, key.lastIndexOf("/") + 1);
  const mine = directory + temporaryName(purposeOf(key));
  const giveUpAt = performance.now() + PATIENCE;
  // A claim that can't be taken back becomes stale; that must not hide the outcome.
  const withdraw = (): Promise<void> =>
    limited(WITHDRAWAL, undefined, (signal) => discard(bucket, mine, signal)).catch(() => {});
  // Cut off, it could still arrive after it was taken back.
  const renew = (): Promise<unknown> =>
    withGrace(signal, WITHDRAWAL, (signal) => {
      return bucket.objects.put(mine, new Uint8Array(), {}, { signal });
    });
  while (true) {
    let claimed = false;
    try {
      await renew();
      while (true) {
        const rivals = await rivalsOf(bucket, mine, temporaryPrefix(key), signal);
        if (await bucket.objects.head(key, { signal }) !== undefined) return undefined;
        if (rivals.length === 0) {
          claimed = true;
          return keep(renew, renewMs, signal, withdraw);
        }
        if (rivals.some((rival) => rival < mine)) break;
        if (performance.now() > giveUpAt) return undefined;
        await delay(50 + 50 * Math.random(), signal);
      }
    } finally {
      if (!claimed) await withdraw();
    }
    if (performance.now() > giveUpAt) return undefined;
    await delay(100 + 200 * Math.random(), signal);
  }
}

/** Renews a claim until it is disposed. */
function keep(
  renew: () => Promise<unknown>,
  renewMs: number,
  signal: AbortSignal,
  withdraw: () => Promise<void>,
): AsyncDisposable {
  const stop = new AbortController();
  const stopped = AbortSignal.any([stop.signal, signal]);
  const renewing = (async () => {
    while (!stopped.aborted) {
      // A renewal that fails is made up for by the next.
      await delay(renewMs, stopped).then(renew).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await renewing;
      await withdraw();
    },
  };
}

/** The keys of the others' claims. Ages are compared on the server's clock. */
async function rivalsOf(
  bucket: S3Bucket,
  mine: string,
  prefix: string,
  signal: AbortSignal,
): Promise<string[]> {
  const claims = (await Array.fromAsync(bucket.objects.list(prefix, { signal }))).flat();
  const now = claims.find(({ Key }) => Key === mine)?.LastModified?.getTime() ?? 0;
  return claims.flatMap((claim) => {
    const { Key, LastModified } = claim;
    const stale = LastModified !== undefined && LastModified.getTime() < now - STALE;
    return Key === undefined || Key === mine || stale || isDiscarded(claim) ? [] : [Key];
  });
}

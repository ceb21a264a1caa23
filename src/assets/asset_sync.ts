import { Budget } from "../async/budget.ts";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { generatorStream } from "../async/generator_stream.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "../async/retry.ts";
import type { Page, Upload } from "../content/resource.ts";
import { AssetDownload, type AssetDownloadOptions, type AssetOutcome } from "./asset_download.ts";
import type { Storage } from "../storage/storage.ts";

/** Options of {@linkcode syncAssets}. */
export interface SyncAssetsOptions extends Omit<AssetDownloadOptions, "policy" | "signal"> {
  /** The key of an asset's file. It is asked once for each upload, in the order they come. */
  readonly key: (upload: Upload) => string;
  /** The most assets at a time, up to 32; of large ones there are fewer. @default {32} */
  readonly concurrency?: number | undefined;
  /** How often and how long an asset is tried again. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Waits before an asset is tried again. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** Once it is aborted, no asset is tried again: those that wait for that have no outcome. */
  readonly stop?: AbortSignal | undefined;
  /** Ends the stream, and aborts what is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each asset that is done. */
  readonly onOutcome?: ((outcome: AssetOutcome, upload: Upload) => void) | undefined;
  /** Called before an asset is tried again. */
  readonly onRetry?:
    | ((upload: Upload, reason: string, attempt: number, waitMs: number) => void)
    | undefined;
}

/** The most assets at a time, whatever is asked for. */
const MOST_AT_ONCE = 32;
/** How many bytes of them may be in memory: of each as many as a storage puts together to a part. */
const MOST_BYTES = 64 * 1024 * 1024;
const PART = 8 * 1024 * 1024;

/** Outcomes in a page. */
const PAGE = 100;

/** Assets that may wait for another attempt before no further ones are begun: each is in memory. */
const MOST_WAITING = 1000;

/**
 * Brings the asset files of uploads into a storage, several at a time: what is there with the right
 * bytes stays, what isn't is fetched and verified. An asset that can't be had doesn't end the stream; a
 * storage that can't be written to does.
 *
 * An asset that waits for another attempt waits apart: others have its place meanwhile.
 *
 * @param uploads The uploads.
 * @param storage Where the files go.
 * @param options Where the bytes come from.
 * @return Pages of outcomes, in the order in which assets are done.
 * @throws {StorageError} If the storage fails.
 */
export function syncAssets(
  uploads: AsyncIterable<Page<Upload>>,
  storage: Storage,
  options: SyncAssetsOptions,
): ReadableStream<Page<AssetOutcome>> {
  return generatorStream((stop) => outcomes(uploads, storage, options, stop));
}

async function* outcomes(
  uploads: AsyncIterable<Page<Upload>>,
  storage: Storage,
  options: SyncAssetsOptions,
  end: AbortController,
): AsyncGenerator<Page<AssetOutcome>, void> {
  const { clock = SYSTEM_CLOCK, stop } = options;
  const concurrency = Math.min(options.concurrency ?? MOST_AT_ONCE, MOST_AT_ONCE);
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal;
  const waiting = stop ? AbortSignal.any([stop, signal]) : signal;
  const policy = { ...DEFAULT_RETRY_POLICY, maxAttempts: 5, ...options.retry };
  const places = new Budget(concurrency, MOST_BYTES);
  /** All that are begun, those that wait included. */
  const begun = new Budget(concurrency + MOST_WAITING);
  const running = new Set<Promise<void>>();
  let done: AssetOutcome[] = [];
  let failure: { readonly error: unknown } | undefined;

  const fetchOne = async (upload: Upload, key: string, begun: Disposable, place: Disposable) => {
    using _begun = begun;
    const download = new AssetDownload(upload, key, storage, { ...options, policy, signal });
    try {
      for (;;) {
        const next = await attempt(download, place);
        if ("outcome" in next) {
          options.onOutcome?.(next, upload);
          done.push(next);
          return;
        }
        options.onRetry?.(upload, next.reason, next.attempt, next.waitMs);
        await clock.delay(next.waitMs, { signal: waiting });
        place = await places.acquire(waiting, () => bytesOf(upload));
      }
    } catch (error) {
      // Another run tries it again.
      if (stop?.aborted && error === stop.reason) return;
      failure ??= { error };
      end.abort(error);
    }
  };
  const flush = () => {
    if (failure) throw failure.error;
    const page = done;
    done = [];
    return page;
  };

  try {
    for await (const page of uploads) {
      for (const upload of page) {
        const one = await begun.acquire(signal);
        const place = await places.acquire(signal, () => bytesOf(upload));
        const task = fetchOne(upload, options.key(upload), one, place).finally(() => {
          running.delete(task);
        });
        running.add(task);
        if (done.length >= PAGE) yield flush();
      }
    }
    await Promise.all(running);
    if (failure !== undefined || done.length > 0) yield flush();
  } catch (error) {
    // Waiting for a place ends when an asset ends the stream: its error is the one to tell.
    throw (failure as { error: unknown } | undefined)?.error ?? error;
  } finally {
    end.abort(new DOMException("The reader needs no more assets.", "AbortError"));
    await Promise.allSettled(running);
  }
}

/** How many bytes of an asset are in memory at a time. */
function bytesOf({ attributes: { size } }: Upload): number {
  return Math.min(typeof size === "number" ? size : 0, PART);
}

/** Makes an attempt, and gives its place back. */
async function attempt(download: AssetDownload, place: Disposable) {
  using _place = place;
  return await download.attempt();
}

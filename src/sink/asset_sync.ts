import { createHash } from "node:crypto";
import { Budget } from "../async/budget.ts";
import type { Page, Upload } from "../content/resource.ts";
import { AssetError } from "../source/asset_fetch.ts";
import { delay } from "../async/delay.ts";
import { generatorStream } from "../async/generator_stream.ts";
import { printable } from "../text/printable.ts";
import { backoffMs, DEFAULT_RETRY_POLICY, type RetryPolicy } from "../async/retry.ts";
import { type AssetFile, type AssetFiles, confirmed, stamp } from "./asset_files.ts";
import { attachment } from "./content_disposition.ts";
import type { Storage } from "./storage.ts";
import { BytesMismatchError, type ExpectedBytes, VerifyBytes } from "./verify_bytes.ts";

/** What became of an asset. */
export interface AssetOutcome {
  /** The upload's id. */
  readonly upload_id: string;
  /** The file's key in the storage. */
  readonly key: string;
  /** Size in bytes; `null` if there is no file. */
  readonly size: number | null;
  /** MD5 of the file in hexadecimal; `null` if there is no file. */
  readonly md5: string | null;
  /** The storage's tag of the file's content, if it has one. */
  readonly etag?: string | undefined;
  /** When the file was written, in ISO 8601, where the storage has no tags. */
  readonly modified_at?: string | undefined;
  /**
   * `downloaded`: fetched and verified; `kept`: was there already with the right bytes; `withdrawn`:
   * DatoCMS itself doesn't serve it any more (infected); `failed`: see `reason`.
   */
  readonly outcome: "downloaded" | "kept" | "withdrawn" | "failed";
  /** Why there is no file. */
  readonly reason?: string;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Options of {@linkcode syncAssets}. */
export interface SyncAssetsOptions {
  /**
   * Opens an asset's bytes; at its plain address if what came from the other one was another file. Fails with
   * an `AssetError` if they can't be had.
   */
  readonly fetch: (
    upload: Upload,
    options: { readonly signal: AbortSignal; readonly plain: boolean },
  ) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /**
   * Asked about an asset that isn't served: why the project doesn't have it any more, which isn't a
   * failure then. @default It is a failure
   */
  readonly whyGone?:
    | ((upload: Upload, options: { readonly signal: AbortSignal }) => Promise<string | undefined>)
    | undefined;
  /** The key of an asset's file. It is asked once for each upload, in the order they come. */
  readonly key: (upload: Upload) => string;
  /**
   * What is known of the files that are there, from one listing: then no asset takes a look of its own at
   * the storage, and files that are known to be right aren't read. @default The storage is asked
   */
  readonly files?: Pick<AssetFiles, "find"> | undefined;
  /** The most assets at a time. @default {8} */
  readonly concurrency?: number | undefined;
  /**
   * The largest file to accept, in bytes.
   *
   * @default DatoCMS's limit of 1 GiB, or 16 GiB if the upload has a `size`: the limit is raised on demand
   * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits}
   */
  readonly maxBytes?: number | undefined;
  /** How often and how long an asset is tried again. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Ends the stream, and aborts what is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each asset that is done. */
  readonly onOutcome?: ((outcome: AssetOutcome, upload: Upload) => void) | undefined;
  /** Told before an asset is tried again. */
  readonly onRetry?:
    | ((upload: Upload, reason: string, attempt: number, waitMs: number) => void)
    | undefined;
}

/** Outcomes in a page. */
const PAGE = 100;

/** The largest asset that DatoCMS takes, and the largest one that is believed in, in bytes. */
const DOCUMENTED_MOST = 2 ** 30;
const ANNOUNCED_MOST = 16 * DOCUMENTED_MOST;

/** Longer MIME types than this one aren't headers any more. */
const LONGEST_TYPE = 200;

/**
 * Brings the asset files of uploads into a storage, several at a time: what is there with the right
 * bytes stays, what isn't is fetched and verified. An asset that can't be had doesn't end the stream; a
 * storage that can't be written to does.
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
  stop: AbortController,
): AsyncGenerator<Page<AssetOutcome>, void> {
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const budget = new Budget(options.concurrency ?? 8);
  const running = new Set<Promise<void>>();
  let done: AssetOutcome[] = [];
  let failure: { readonly error: unknown } | undefined;

  const bring = async (upload: Upload, key: string, place: Disposable) => {
    using _place = place;
    try {
      const outcome = await syncAsset(upload, key, storage, { ...options, signal });
      options.onOutcome?.(outcome, upload);
      done.push(outcome);
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
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
        const place = await budget.acquire(signal);
        const task = bring(upload, options.key(upload), place).finally(() => running.delete(task));
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
    stop.abort(new DOMException("The reader needs no more assets.", "AbortError"));
    await Promise.allSettled(running);
  }
}

async function syncAsset(
  upload: Upload,
  key: string,
  storage: Storage,
  options: SyncAssetsOptions & { readonly signal: AbortSignal },
): Promise<AssetOutcome> {
  const { signal, onRetry } = options;
  const common = { upload_id: upload.id, key, size: null, md5: null };
  const withdrawn = withdrawnReason(upload);
  if (withdrawn !== undefined) {
    return { ...common, outcome: "withdrawn", reason: withdrawn, attempts: 0 };
  }
  const expected = expectedBytes(upload, options.maxBytes);
  const { size = 0, maxSize } = expected;
  if (size > maxSize) {
    const reason = `its size is ${size} bytes, and no more than ${maxSize} are accepted`;
    return { ...common, outcome: "failed", reason, attempts: 0 };
  }
  const kept = await keptFile(storage, key, expected, options.files, signal);
  if (kept !== undefined) return { ...common, ...kept, outcome: "kept", attempts: 0 };

  const policy = { ...DEFAULT_RETRY_POLICY, maxAttempts: 5, ...options.retry };
  let waited = 0;
  let plain = false;
  for (let attempt = 1;; attempt++) {
    try {
      const body = await options.fetch(upload, { signal, plain });
      const verify = new VerifyBytes(expected);
      const info = await storage.put(key, body.pipeThrough(verify, { signal }), {
        signal,
        size: expected.size,
        contentType: mimeType(upload),
        contentDisposition: attachment(fileName(upload, key)),
        ...(expected.md5 === undefined ? {} : { metadata: { md5: expected.md5 } }),
      });
      const file = { size: info.size, md5: verify.md5, ...stamp(info) };
      return { ...common, ...file, outcome: "downloaded", attempts: attempt };
    } catch (error) {
      signal.throwIfAborted();
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      const waitMs = backoffMs(policy, attempt, problem.askedMs);
      waited += waitMs;
      if (
        !problem.retryable || attempt >= policy.maxAttempts || waited > policy.maxTotalWaitMs
      ) {
        const mayBeGone = problem.isMissing || error instanceof BytesMismatchError;
        const gone = mayBeGone ? await options.whyGone?.(upload, { signal }) : undefined;
        return gone === undefined
          ? { ...common, outcome: "failed", reason: problem.message, attempts: attempt }
          : { ...common, outcome: "withdrawn", reason: gone, attempts: attempt };
      }
      // Which address brings the file as it was uploaded is for the CDN to say.
      if (error instanceof BytesMismatchError) plain = !plain;
      onRetry?.(upload, problem.message, attempt, waitMs);
      await delay(waitMs, signal);
    }
  }
}

/** What went wrong with an asset; `undefined` if it wasn't the asset. */
function problemOf(error: unknown): AssetError | undefined {
  if (error instanceof AssetError) return error;
  return error instanceof BytesMismatchError
    ? new AssetError(error.message, { retryable: error.retryable })
    : undefined;
}

/** What is known of the file, if it is there with the right bytes. */
async function keptFile(
  storage: Storage,
  key: string,
  { size, md5 }: ExpectedBytes,
  files: SyncAssetsOptions["files"],
  signal: AbortSignal,
): Promise<AssetFile & { readonly md5: string } | undefined> {
  const listed = await confirmed(storage, key, files?.find(key), signal);
  // Nothing tells whether a file of the right size has the right bytes, unless this export has fetched it.
  if (md5 === undefined) return fetchedBefore(listed, size);
  const look = async () => await storage.stat(key, { signal });
  let info = files === undefined ? await look() : undefined;
  const found = files === undefined ? info && { size: info.size, ...stamp(info) } : listed;
  if (found === undefined || found.size !== (size ?? found.size)) return undefined;
  if (found.md5 !== undefined) return found.md5 === md5 ? { ...found, md5 } : undefined;
  // On S3 the tag of an object that was put in one request is most often its MD5.
  if (found.etag === md5) return { ...found, md5 };
  if (found.etag !== undefined) {
    // Where content has tags, reading it takes as long as fetching it; what was put with it tells, too.
    info ??= await look();
    if (info?.size !== found.size || info.metadata?.md5 !== md5) return undefined;
    return { size: info.size, md5, ...stamp(info) };
  }
  const hash = createHash("md5");
  for await (const chunk of await storage.get(key, { signal })) hash.update(chunk);
  return hash.digest("hex") === md5 ? { ...found, md5 } : undefined;
}

/** A file that an earlier run of the same export has fetched, as it is known. */
function fetchedBefore(
  file: AssetFile | undefined,
  size: number | undefined,
): AssetFile & { readonly md5: string } | undefined {
  const { attempts, md5 } = file ?? {};
  if (file === undefined || attempts === undefined || md5 === undefined) return undefined;
  return file.size === (size ?? file.size) ? { ...file, md5 } : undefined;
}

/** Old uploads may lack size or MD5. */
function expectedBytes(
  { attributes: { size, md5 } }: Upload,
  maxBytes: number | undefined,
): ExpectedBytes & { readonly maxSize: number } {
  const hasSize = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  return {
    size: hasSize ? size : undefined,
    md5: typeof md5 === "string" && /^[0-9a-f]{32}$/i.test(md5) ? md5.toLowerCase() : undefined,
    maxSize: maxBytes ?? (hasSize ? ANNOUNCED_MOST : DOCUMENTED_MOST),
  };
}

/** An infected asset isn't served any more. */
function withdrawnReason(upload: Upload): string | undefined {
  const antivirus = upload.meta?.antivirus as
    | { status?: unknown; threat_name?: unknown }
    | undefined;
  if (antivirus?.status !== "infected") return undefined;
  const threat = text(antivirus.threat_name);
  return `infected${
    threat ? ` with ${printable(threat, 100)}` : ""
  }: DatoCMS doesn't serve it any more`;
}

/** Headers hold no more than this; a type that isn't one helps nobody. */
function mimeType({ attributes: { mime_type } }: Upload): string | undefined {
  const type = text(mime_type) ?? "";
  return type.length <= LONGEST_TYPE && /^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/.test(type)
    ? type
    : undefined;
}

function fileName({ attributes: { filename } }: Upload, key: string): string {
  return text(filename) ?? key.slice(key.lastIndexOf("/") + 1);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

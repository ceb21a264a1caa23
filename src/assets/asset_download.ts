import { createHash } from "node:crypto";
import type { Upload } from "../content/resource.ts";
import { backoffMs, type RetryPolicy } from "../async/retry.ts";
import { AssetError, type FetchAssetOptions } from "../source/datocms/asset_fetch.ts";
import type { Facts, Problem } from "../error.ts";
import { printable } from "../text/printable.ts";
import { type AssetFile, type AssetFiles, confirmed, fingerprint } from "./asset_files.ts";
import { attachment } from "./content_disposition.ts";
import type { Storage } from "../storage/storage.ts";
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
   * DatoCMS itself doesn't serve it any more (infected); `not_served`: a video whose raw file DatoCMS doesn't
   * serve, as a setting of the project says; `failed`: see `reason`.
   */
  readonly outcome: "downloaded" | "kept" | "withdrawn" | "not_served" | "failed";
  /** Why there is no file. */
  readonly reason?: string;
  /** A stable name of that, if somebody can do something about it. An asset index doesn't have it. */
  readonly code?: string | undefined;
  /** What is known of it; not in an asset index either. */
  readonly facts?: Facts | undefined;
  /** How often it was tried. */
  readonly attempts: number;
}

/** How an asset is asked for. */
export type AssetRequest =
  & Required<Pick<FetchAssetOptions, "plain" | "asSent">>
  & { readonly signal: AbortSignal };

/** Options of {@linkcode AssetDownload}. */
export interface AssetDownloadOptions {
  /**
   * Opens an asset's bytes; at its plain address if the other one was refused or brought another file. Fails
   * with an `AssetError` if they can't be had.
   */
  readonly fetch: (
    upload: Upload,
    request: AssetRequest,
  ) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /**
   * Asked about an asset that isn't served: why the project doesn't have it any more, which isn't a
   * failure then. @default It is a failure
   */
  readonly whyGone?:
    | ((upload: Upload, options: { readonly signal: AbortSignal }) => Promise<string | undefined>)
    | undefined;
  /**
   * What is known of the files that are there, from one listing: then no asset takes a look of its own at
   * the storage, and files that are known to be right aren't read. @default The storage is asked
   */
  readonly files?: Pick<AssetFiles, "find"> | undefined;
  /**
   * The largest file to accept, in bytes.
   *
   * @default DatoCMS's limit of 1 GiB, or 16 GiB if the upload has a `size`: the limit is raised on demand
   * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits}
   */
  readonly maxBytes?: number | undefined;
  /** How often and how long it is tried again. */
  readonly policy: RetryPolicy;
  /** Aborts what is under way. */
  readonly signal: AbortSignal;
}

/** Another attempt is worth it, after a while. */
export interface AssetWait {
  /** Why the last one failed. */
  readonly reason: string;
  /** Which one that was, from 1. */
  readonly attempt: number;
  /** How long to wait, in milliseconds. */
  readonly waitMs: number;
}

/** The largest asset that DatoCMS takes, and the largest one that is believed in, in bytes. */
const DOCUMENTED_MOST = 2 ** 30;
const ANNOUNCED_MOST = 16 * DOCUMENTED_MOST;

/** Longer MIME types than this one aren't headers any more. */
const LONGEST_TYPE = 200;

/** Why a video has no file. */
const NOT_SERVED =
  "DatoCMS doesn't serve the raw videos of this project (422): turn off Block serving " +
  "raw videos in its settings to have them";

/**
 * The file of one asset, from one attempt to the next. Between them it holds nothing but what it knows, so
 * that others can be fetched meanwhile.
 */
export class AssetDownload {
  readonly #upload: Upload;
  readonly #key: string;
  readonly #storage: Storage;
  readonly #options: AssetDownloadOptions;
  readonly #expected: ReturnType<typeof expectedBytes>;
  #attempts = 0;
  #waitedMs = 0;
  #mismatches = 0;
  /** Whether the address is asked as it is, and whether nothing else is worth asking. */
  #plain = false;
  #onlyPlain = false;

  /**
   * @param upload The upload.
   * @param key The key of its file.
   * @param storage Where the file goes.
   * @param options Where the bytes come from.
   */
  constructor(upload: Upload, key: string, storage: Storage, options: AssetDownloadOptions) {
    this.#upload = upload;
    this.#key = key;
    this.#storage = storage;
    this.#options = options;
    this.#expected = expectedBytes(upload, options.maxBytes);
  }

  /**
   * Makes an attempt.
   *
   * @return What became of the asset, or how long to wait before the next attempt.
   * @throws {StorageError} If the storage fails.
   * @throws The signal's reason.
   */
  async attempt(): Promise<AssetOutcome | AssetWait> {
    const { size = 0, maxSize } = this.#expected;
    if (size > maxSize) {
      const message = `its size is ${size} bytes, and no more than ${maxSize} are accepted`;
      return this.#failed({ message });
    }
    if (this.#attempts === 0) {
      const { files, signal } = this.#options;
      const kept = await keptFile(this.#storage, this.#key, this.#expected, files, signal);
      if (kept !== undefined) return this.#outcome({ ...kept, outcome: "kept" });
    }
    for (;;) {
      this.#attempts++;
      try {
        return this.#outcome({ ...await this.#download(), outcome: "downloaded" });
      } catch (error) {
        this.#options.signal.throwIfAborted();
        const next = await this.#afterFailure(error);
        if (next !== "now") return next;
      }
    }
  }

  async #download(): Promise<AssetFile & { readonly md5: string }> {
    const { signal } = this.#options;
    // What was sent in a coding may have been stored in it: the digest tells.
    const asSent = this.#mismatches % 4 >= 2;
    const body = await this.#options.fetch(this.#upload, { signal, plain: this.#plain, asSent });
    const verify = new VerifyBytes(this.#expected);
    const { size, md5 } = this.#expected;
    const info = await this.#storage.put(this.#key, body.pipeThrough(verify, { signal }), {
      signal,
      size,
      contentType: mimeType(this.#upload),
      contentDisposition: attachment(fileName(this.#upload, this.#key)),
      ...(md5 === undefined ? {} : { metadata: { md5 } }),
    });
    return { size: info.size, md5: verify.md5, ...fingerprint(info) };
  }

  async #afterFailure(error: unknown): Promise<AssetOutcome | AssetWait | "now"> {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    const { policy, whyGone, signal } = this.#options;
    const attempt = this.#attempts;
    if (problem.refusesParameters && !problem.retryable && !this.#plain) {
      // That was another address: this isn't another attempt at it.
      this.#plain = this.#onlyPlain = true;
      return "now";
    }
    const waitMs = backoffMs(policy, attempt, problem.askedMs);
    this.#waitedMs += waitMs;
    if (
      problem.retryable && attempt < policy.maxAttempts && this.#waitedMs <= policy.maxTotalWaitMs
    ) {
      const isMismatch = error instanceof BytesMismatchError;
      if (isMismatch) this.#mismatches++;
      // Which address brings the file as it was uploaded is for the CDN to say.
      const isOther = isMismatch || this.#plain ||
        problem.refusesParameters && this.#mayBePlain(attempt);
      if (isOther && !this.#onlyPlain) this.#plain = !this.#plain;
      return { reason: problem.message, attempt, waitMs };
    }
    if (problem.isNotServed && isVideo(this.#upload)) {
      return this.#outcome({ outcome: "not_served", reason: NOT_SERVED });
    }
    const mayBeGone = problem.isMissing || error instanceof BytesMismatchError;
    const gone = mayBeGone && withdrawnReason(this.#upload) === undefined
      ? await whyGone?.(this.#upload, { signal })
      : undefined;
    if (gone === undefined) return this.#failed(problem);
    return this.#outcome({ outcome: "withdrawn", reason: gone });
  }

  /** Nothing would tell whether the plain address brings another file: it is asked last. */
  #mayBePlain(attempt: number): boolean {
    const { size, md5 } = this.#expected;
    return size !== undefined || md5 !== undefined ||
      attempt === this.#options.policy.maxAttempts - 1;
  }

  /** DatoCMS may have withdrawn it; files in a bucket of the project's own are still served. */
  #failed({ message, code, facts }: Problem & { readonly message: string }): AssetOutcome {
    const withdrawn = withdrawnReason(this.#upload);
    if (withdrawn === undefined) {
      const problem = code === undefined ? {} : { code, facts };
      return this.#outcome({ outcome: "failed", reason: message, ...problem });
    }
    return this.#outcome({ outcome: "withdrawn", reason: withdrawn });
  }

  #outcome(
    more:
      & Pick<AssetOutcome, "outcome" | "reason" | "code" | "facts">
      & Partial<AssetFile & { readonly md5: string }>,
  ): AssetOutcome {
    const [upload_id, key, attempts] = [this.#upload.id, this.#key, this.#attempts];
    return { upload_id, key, size: null, md5: null, ...more, attempts };
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
  files: AssetDownloadOptions["files"],
  signal: AbortSignal,
): Promise<AssetFile & { readonly md5: string } | undefined> {
  const listed = await confirmed(storage, key, files?.find(key), signal);
  // Nothing tells whether a file of the right size has the right bytes, unless this export has fetched it.
  if (md5 === undefined) return fetchedBefore(listed, size);
  const stat = async () => await storage.stat(key, { signal });
  let info = files === undefined ? await stat() : undefined;
  const found = files === undefined ? info && { size: info.size, ...fingerprint(info) } : listed;
  if (found === undefined || found.size !== (size ?? found.size)) return undefined;
  if (found.md5 !== undefined) return found.md5 === md5 ? { ...found, md5 } : undefined;
  // On S3 the tag of an object that was put in one request is most often its MD5.
  if (found.etag === md5) return { ...found, md5 };
  if (found.etag !== undefined) {
    // Where content has tags, reading it takes as long as fetching it; what was put with it tells, too.
    info ??= await stat();
    if (info?.size !== found.size || info.metadata?.md5 !== md5) return undefined;
    return { size: info.size, md5, ...fingerprint(info) };
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

/** Why an infected asset may not be served any more. */
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

/** Only of videos DatoCMS has a setting that keeps the file itself from being served. */
function isVideo({ attributes: { mime_type } }: Upload): boolean {
  return /^video\//i.test(text(mime_type) ?? "");
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

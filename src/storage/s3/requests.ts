import { EXIT, SluiceError } from "../../error.ts";
import { environmentSecrets } from "../../text/secrets/environment_secrets.ts";
import { Secrets } from "../../text/secrets/secrets.ts";
import { readableVariable } from "../../http/proxy.ts";
import { printable } from "../../text/printable.ts";
import { AskedMd5 } from "./asked_md5.ts";
import { S3Kept } from "./kept.ts";
import { type OpenedS3, openS3, type S3ClientOptions } from "./client.ts";
import { holdsBucket, S3Error, statusOf } from "./s3_error.ts";
import { withS3Retries } from "./retry.ts";
import { StorageError, type WriteFence } from "../storage.ts";

/** What a request takes besides its parameters. */
export interface S3RequestOptions {
  /** Aborts the request. */
  readonly signal?: AbortSignal | undefined;
}

/** What a request is about. */
export interface S3Call extends S3RequestOptions {
  /** What it does to what is named by the key, as in `write`. */
  readonly verb: string;
  /** The object's full key or, for listings, prefix; none if it is about the whole bucket. */
  readonly key?: string | undefined;
  /** The permission that it takes, as in `s3:PutObject`. */
  readonly permission: string;
  /** Bytes that are sent along. */
  readonly bytes?: number | undefined;
  /** A timeout in milliseconds that the request has at least. */
  readonly atLeast?: number | undefined;
}

/** What the AWS SDK is to be given with a command. */
export interface S3SendOptions {
  /** Aborts the request. */
  readonly abortSignal?: AbortSignal;
  /** Milliseconds until the answer must have begun. */
  readonly requestTimeout?: number;
}

/** Sends one request, with the options that it is given. */
export type S3Request<T> = (opened: OpenedS3, send: S3SendOptions) => Promise<T>;

/** How much of the usual time a server gets that has never answered: its address may be wrong. */
const FIRST_CONTACT = 1 / 10;

/** Sends requests on one bucket: again if that helps, and with errors that are sentences. */
export class S3Requests implements Disposable {
  /** The bucket's name. */
  readonly bucket: string;
  /** Knows whether the server asks for `Content-MD5`. */
  readonly md5: AskedMd5 = new AskedMd5();
  /** Notices when the server keeps other bytes than it was sent. */
  readonly kept: S3Kept = new S3Kept();
  readonly #options: S3ClientOptions;
  /** Whether the server has answered anything yet. */
  #hasAnswered = false;
  #host: string | undefined;
  readonly #secrets: Secrets;
  #sent: ReadonlySet<string> = new Set();
  #opened: Promise<OpenedS3> | undefined;
  #close: () => void = () => {};
  #now: () => number | undefined = () => undefined;
  #closed = false;

  /**
   * Names a bucket. Nothing is loaded or sent yet.
   *
   * @param bucket Its name.
   * @param options How S3 is reached.
   */
  constructor(bucket: string, options: S3ClientOptions) {
    this.bucket = bucket;
    this.#options = options;
    const { credentials, endpoint } = options;
    this.#secrets = new Secrets(environmentSecrets(readableVariable));
    this.#secrets.addFrom(endpoint);
    if (typeof credentials === "object") {
      this.#secrets.add(credentials.secretAccessKey);
      this.#secrets.add(credentials.sessionToken);
    }
    this.#secrets.follow(() => this.#sent);
  }

  /** What the bucket is reached with and nobody is to be told, as far as it is known by now. */
  get secrets(): readonly string[] {
    return this.#secrets.known;
  }

  /** The time by the server's clock, as its latest answer told, in milliseconds since 1970. */
  now(): number | undefined {
    return this.#now();
  }

  /** Whether the server is AWS itself, whose conditional writes can be relied on. */
  async isAws(): Promise<boolean> {
    return (await this.#open()).isAws;
  }

  /**
   * Sends a request.
   *
   * @param call What it is about.
   * @param run Sends it once.
   * @throws {S3Error} If S3 can't be reached or refuses it.
   */
  async send<T>(call: S3Call, run: S3Request<T>): Promise<T> {
    const { signal } = call;
    signal?.throwIfAborted();
    if (this.#closed) throw this.#closedError();
    try {
      const opened = await this.#open();
      const timeout = opened.timeout(call.bytes ?? 0);
      const send = {
        ...(signal && { abortSignal: signal }),
        ...(timeout !== undefined && { requestTimeout: Math.max(timeout, call.atLeast ?? 0) }),
      };
      const hasAnswered = this.#hasAnswered;
      return await withS3Retries(() => this.#noting(run(opened, send)), {
        attempts: opened.attempts,
        retryFor: hasAnswered ? opened.retryFor : opened.retryFor * FIRST_CONTACT,
        retryDelay: this.#options.retryDelay ?? 100,
        hasAnswered,
        signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof SluiceError ? error : this.failure(error, call);
    }
  }

  /**
   * Sends a request about something that may not be there: S3 says 404 then. A missing bucket stays an
   * error.
   *
   * @param call What it is about.
   * @param run Sends it once.
   * @return The answer, or `undefined` if there is no such thing.
   * @throws {S3Error} If S3 can't be reached or refuses it.
   */
  async find<T>(call: S3Call, run: S3Request<T>): Promise<T | undefined> {
    try {
      return await this.send(call, run);
    } catch (error) {
      const absent = error instanceof S3Error && error.status === 404 &&
        error.code !== "NoSuchBucket";
      if (absent) return undefined;
      throw error;
    }
  }

  /** The address of an object; without a key, that of the bucket. */
  addressOf(key: string | undefined): string {
    return `s3://${this.bucket}${key === undefined ? "" : `/${key}`}`;
  }

  /** The error that says that a request failed. */
  failure(cause: unknown, { verb, key, permission }: S3Call): S3Error {
    const { bucket } = this;
    // A server can name any key that it failed to delete.
    const shown = key && printable(key, 1024);
    const what = `${verb} ${this.addressOf(shown)}`;
    const error = new S3Error(cause, {
      what,
      bucket,
      key: shown ?? "",
      permission,
      host: this.#host,
    });
    this.#secrets.redactError(error);
    return error;
  }

  /** Closes the connections; a client that was given stays open. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#close();
    this.#close = () => {};
  }

  #doubledError(): StorageError {
    return new StorageError(
      `The endpoint of S3 holds the bucket (${this.#host}): set it, or AWS_ENDPOINT_URL_S3, to the ` +
        `address without ${this.bucket}.`,
      EXIT.usage,
    );
  }

  #closedError(): StorageError {
    return new StorageError(`The storage s3://${this.bucket} is closed.`);
  }

  /** Notes that there is a server, whatever it answers. */
  async #noting<T>(answer: Promise<T>): Promise<T> {
    try {
      const value = await answer;
      this.#hasAnswered = true;
      return value;
    } catch (error) {
      if (statusOf(error) !== undefined) this.#hasAnswered = true;
      throw error;
    }
  }

  async #open(): Promise<OpenedS3> {
    this.#opened ??= openS3(this.#options).then((opened) => {
      this.#now = opened.now;
      this.#sent = opened.secrets;
      if (this.#options.client === undefined) this.#close = () => opened.client.destroy();
      // It may have been closed while the SDK was loaded.
      if (this.#closed) this.#close();
      this.#host = opened.host;
      // Elsewhere a host can be called so by chance; AWS puts the bucket before it once more.
      if (opened.isAws && holdsBucket(opened.host, this.bucket)) throw this.#doubledError();
      return opened;
    });
    const opened = await this.#opened;
    if (this.#closed) throw this.#closedError();
    return opened;
  }
}

/** Where in the SDK's steps {@linkcode asking} belongs: after credentials are there and the request is signed. */
export const BEFORE_SENDING = { step: "finalizeRequest", priority: "low" } as const;

/**
 * A middleware of the AWS SDK that asks a fence right before a request is sent, each time that it is.
 *
 * @param fence The fence; without one, nothing is asked.
 */
export function asking(
  fence: Pick<WriteFence, "check"> | undefined,
): <A, R>(next: (args: A) => Promise<R>) => (args: A) => Promise<R> {
  return (next) => async (args) => {
    await fence?.check();
    return await next(args);
  };
}

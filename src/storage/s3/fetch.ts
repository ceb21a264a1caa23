import { collectBytes } from "../../async/collect_bytes.ts";
import { fetchOnce } from "../../async/fetch_once.ts";
import { responseBody } from "../../http/body.ts";
import { BlobView } from "./blob_view.ts";

/** A request, as the AWS SDK gives it to its handler. */
export interface S3HttpRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | null | undefined;
}

/** An answer, as the AWS SDK takes it from its handler. */
export interface S3HttpResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What the AWS SDK says of one request. */
export interface S3HttpOptions {
  readonly abortSignal?: Pick<AbortSignal, "aborted" | "addEventListener"> | object | undefined;
  readonly requestTimeout?: number | undefined;
}

/** What a cause's text means, as the codes after which the SDK tries again, or doesn't. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/connection refused/i, "ECONNREFUSED"],
  [/dns error/i, "ENOTFOUND"],
  [/certificate/i, "CERTIFICATE"],
  [/^the answer is larger/, "AnswerTooLarge"],
];

/** More than this no answer of S3 has that isn't an object (bytes): a listing names 1,000 keys. */
const LARGEST = 32 * 1024 * 1024;

/** Bytes of which `fetch()` may make copies. */
const SMALL = 256 * 1024;

/**
 * Sends the AWS SDK's requests with `fetch`. The SDK's own way, `node:http`, is no good on Deno 2.9: a
 * request that is broken off on a kept connection is sent a second time on a new one, so that an aborted
 * write would happen after all.
 */
export class S3Fetch {
  /** The time by the server's clock, as its latest answer told, in milliseconds since 1970. */
  now: number | undefined;
  /** The access key's id and the session's token in all requests so far: an answer may repeat them. */
  readonly secrets: Set<string>;
  readonly #client: Deno.HttpClient;
  readonly #timeout: number | undefined;

  /**
   * Opens no connection yet.
   *
   * @param other One whose connections it shares, and which closes them.
   * @param timeout Milliseconds until an answer must have come, if a request doesn't say.
   */
  constructor(other?: S3Fetch, timeout?: number) {
    this.#timeout = timeout;
    this.secrets = other?.secrets ?? new Set();
    this.#client = other === undefined
      ? Deno.createHttpClient({ poolMaxIdlePerHost: 50 })
      : other.#client;
  }

  /**
   * Sends a request.
   *
   * @param request The request.
   * @param options Its signal, and the milliseconds until the answer must have come, but for an object's
   * bytes.
   */
  async handle(
    request: S3HttpRequest,
    options: S3HttpOptions = {},
  ): Promise<{ response: S3HttpResponse }> {
    const { abortSignal, requestTimeout = this.#timeout } = options;
    this.#remember(request);
    const timeout = new AbortController();
    const timer = requestTimeout && setTimeout(() => timeout.abort(), requestTimeout);
    const signals = abortSignal instanceof AbortSignal ? [abortSignal] : [];
    try {
      // An upload that is begun twice would stay; whatever else is sent again does no more.
      const send = request.method === "POST" ? fetchOnce : fetch;
      const response = await send(urlOf(request), {
        client: this.#client,
        method: request.method,
        headers: headersOf(request),
        body: bodyOf(request),
        signal: AbortSignal.any([timeout.signal, ...signals]),
        // S3 redirects to say that the region is wrong; the signature doesn't hold elsewhere.
        redirect: "manual",
      });
      const now = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(now)) this.now = now;
      // Any other answer is small. Read here, it is in time or late, whole or asked for again.
      const body = isObject(request, response)
        ? responseBody(response)
        : new Blob([await bytesOf(response)]).stream();
      const { status: statusCode, statusText: reason } = response;
      return {
        response: { statusCode, reason, headers: Object.fromEntries(response.headers), body },
      };
    } catch (error) {
      throw explain(error, request, timeout.signal.aborted, requestTimeout);
    } finally {
      clearTimeout(timer);
    }
  }

  #remember({ headers }: S3HttpRequest): void {
    for (const [name, value] of Object.entries(headers)) {
      if (/^x-amz-security-token$/i.test(name)) this.secrets.add(value);
      const keyId = /^authorization$/i.test(name) && /Credential=([^/,\s]{16,})/.exec(value)?.[1];
      if (keyId) this.secrets.add(keyId);
    }
  }

  /** The SDK asks for it. There is nothing to configure. */
  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  /** The SDK asks for it. There is nothing to configure. */
  updateHttpClientConfig(): void {}

  /** Closes the connections. */
  destroy(): void {
    this.#client.close();
  }
}

/** Whether an answer brings an object, which may be big. */
function isObject({ query }: S3HttpRequest, { ok }: Response): boolean {
  return ok && query?.["x-id"] === "GetObject";
}

async function bytesOf(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await collectBytes(responseBody(response), (size) => {
      if (size > LARGEST) throw new Error(`the answer is larger than ${LARGEST / 1024 / 1024} MiB`);
    });
  } catch (error) {
    throw new TypeError("The answer can't be read", { cause: error });
  }
}

function urlOf({ protocol, hostname, port, path, query = {} }: S3HttpRequest): string {
  const pairs = Object.keys(query).sort().flatMap((name) => {
    const value = query[name];
    if (value === null || value === undefined) return [encode(name)];
    return [value].flat().map((value) => `${encode(name)}=${encode(value)}`);
  });
  const search = pairs.length > 0 ? `?${pairs.join("&")}` : "";
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search}`;
}

/** As the signature has it: stricter than encodeURIComponent(). */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Big bodies aren't copied; small ones are sent with less ado. */
function bodyOf({ method, body }: S3HttpRequest): BodyInit | null {
  if (method === "GET" || method === "HEAD") return null;
  const isBig = body instanceof Uint8Array && body.length > SMALL;
  return isBig ? new BlobView(body) : body ?? null;
}

/** Without those that fetch() sets by itself, or that only a client that waits for an answer may send. */
function headersOf({ headers }: S3HttpRequest): [string, string][] {
  const own = ["host", "content-length", "expect", "accept-encoding"];
  const kept = Object.entries(headers).filter(([name]) => !own.includes(name.toLowerCase()));
  // Or fetch() would unpack what was packed on the way or by another tool, and then sizes are others.
  return [...kept, ["accept-encoding", "identity"]];
}

function explain(
  error: unknown,
  { hostname, port }: S3HttpRequest,
  timedOut: boolean,
  requestTimeout: number | undefined,
): unknown {
  const place = { hostname, ...(port !== undefined && { port }) };
  if (timedOut) {
    const late = new Error(`no answer within ${requestTimeout} ms`);
    return Object.assign(late, { name: "TimeoutError", ...place });
  }
  // Only fetch()'s own errors have a cause; others are an abort, or what Deno doesn't permit.
  if (!(error instanceof TypeError && error.cause instanceof Error)) return error;
  const { message } = error.cause;
  const code = CODES.find(([pattern]) => pattern.test(message))?.[1] ?? "ECONNRESET";
  return Object.assign(new Error(message, { cause: error }), { code, ...place });
}

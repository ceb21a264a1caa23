import { buildClient } from "@datocms/cma-client";
import type { CmaAnswer, SendOptions } from "./cma_transport.ts";
import { LONGEST_TIMER } from "../../async/delay.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import { CmaTransport, type CmaTransportOptions } from "./cma_transport.ts";

/** Options of {@linkcode CmaClient}. */
export interface CmaClientOptions extends CmaTransportOptions {
  /** A token that may use the Content Management API. */
  readonly apiToken: string;
  /** The environment to read. @default The primary environment */
  readonly environment?: string | undefined;
  /**
   * Whether each request asks the API to refuse it should it destroy something: a safeguard of who only reads.
   *
   * @default {false}
   */
  readonly readOnly?: boolean | undefined;
}

/** What {@linkcode CmaClient.get} returns. */
export interface CmaResult<T> {
  /** The answer's body, untouched. */
  readonly body: T;
  /** The body's size in bytes, as it came. */
  readonly bytes: number;
  /** The answer's headers. */
  readonly headers: Headers;
}

/** A query: nested objects become `page[limit]=…` as the API expects. */
export type Query = { readonly [key: string]: unknown };

/**
 * Reads from the Content Management API, one request at a time.
 *
 * It is the official client over a transport of ours: the client knows the API's forms, the transport
 * adds what it lacks: pacing, bounded retries, time limits on bodies, and `AbortSignal`. Bodies come
 * back as the API sent them (the official client's lists add `__itemTypeId` to records).
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/using-the-nodejs-clients}
 *
 * @example
 * ```ts no-eval
 * import { CmaClient } from "@sluice/datocms";
 *
 * const client = new CmaClient({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")! });
 * const { body } = await client.get<{ data: { id: string } }>("/site");
 * console.log(body.data.id);
 * ```
 */
export class CmaClient {
  /** Sends the requests. */
  readonly transport: CmaTransport;
  readonly #options: CmaClientOptions;

  /**
   * Makes a client; nothing is sent yet.
   *
   * @param options Which project to read, and how.
   * @throws {SluiceError} If no header can carry the token or the environment's name.
   */
  constructor(options: CmaClientOptions) {
    assertSendable(options);
    this.#options = options;
    this.transport = new CmaTransport(options);
  }

  /** The environment that is read; `undefined` for the primary one. */
  get environment(): string | undefined {
    return this.#options.environment;
  }

  /**
   * Reads one resource or one page of a listing.
   *
   * @param path The path, such as `/items`.
   * @param query The query parameters.
   * @param options When to stop, and how much to accept.
   * @return The answer's body, untouched, and its size.
   * @throws {CmaError} If the API refuses, or can't be reached after all attempts.
   * @throws The signal's reason.
   */
  get<T>(path: string, query: Query = {}, options: SendOptions = {}): Promise<CmaResult<T>> {
    return this.request<T>("GET", path, query, undefined, options);
  }

  /**
   * Sends any request.
   *
   * @param method The HTTP method.
   * @param path The path, such as `/environments/main/fork`.
   * @param query The query parameters.
   * @param body The body, to be sent as JSON.
   * @param options When to stop, and how much to accept.
   * @return The answer's body, untouched, and its size.
   * @throws {CmaError} If the API refuses, or can't be reached after all attempts.
   * @throws The signal's reason.
   */
  async request<T>(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    query: Query,
    body: unknown,
    options: SendOptions = {},
  ): Promise<CmaResult<T>> {
    options.signal?.throwIfAborted();
    let answer: CmaAnswer | undefined;
    let failure: { readonly error: unknown } | undefined;
    const client = buildClient({
      apiToken: this.#options.apiToken,
      baseUrl: this.transport.baseUrl,
      ...(this.environment === undefined ? {} : { environment: this.environment }),
      autoRetry: false,
      // The client's own timer covers pacing and retries too, and can't be cleared after a failure.
      requestTimeout: LONGEST_TIMER,
      fetchFn: async (input: RequestInfo | URL, init?: RequestInit) => {
        try {
          answer = await this.transport.send(String(input), this.#guarded(init ?? {}), options);
        } catch (error) {
          failure = { error };
        }
        return new SettledResponse(answer?.body);
      },
    });
    const result = await withoutStack(() =>
      client.request<T>({ method, url: path, queryParams: query, body })
    );
    if (failure) throw (failure as { readonly error: unknown }).error;
    return { body: result, bytes: answer!.bytes, headers: answer!.headers };
  }

  /** A request with the header that has it refused if it destroys something, if that is asked for. */
  #guarded(init: RequestInit): RequestInit {
    if (!this.#options.readOnly) return init;
    const headers = new Headers(init.headers);
    headers.set("x-abort-if-destructive-request", "true");
    return { ...init, headers };
  }
}

/**
 * Calls something that makes errors only for their stacks, as the client does before each request: a stack
 * of code with source maps takes longer than all the rest of a request.
 */
function withoutStack<T>(run: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** `fetch` would fail with an error that says the whole header. */
function assertSendable({ apiToken, environment = "" }: CmaClientOptions): void {
  if (!isHeader(apiToken)) {
    throw new SluiceError(
      "Expected an API token of letters and digits, but it holds characters that can't be sent: copy " +
        "it again from Project settings → API tokens.",
      EXIT.usage,
    );
  }
  if (!isHeader(environment)) {
    throw new SluiceError(
      `Expected the name of an environment, but ${
        JSON.stringify(printable(environment, 100))
      } holds characters that no such name has: check the environment's name.`,
      EXIT.usage,
      { code: "environment_unknown" },
    );
  }
}

function isHeader(value: string): boolean {
  try {
    new Headers({ value });
    return true;
  } catch {
    return false;
  }
}

/**
 * A response whose body is parsed already. The official client sees no failures: it leaves its timer
 * running when `fetch` rejects, and trips over errors that have a `code`, as those of a signal do.
 */
class SettledResponse extends Response {
  readonly #body: unknown;

  constructor(body: unknown) {
    super(null, { status: 200, headers: { "content-type": "application/json" } });
    this.#body = body;
  }

  override json(): Promise<unknown> {
    return Promise.resolve(this.#body);
  }
}

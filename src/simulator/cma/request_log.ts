/** A request that the server got. */
export interface LoggedRequest {
  /** Whether it was for the API or for the bytes of an asset. */
  readonly kind: "api" | "asset";
  /** The HTTP method. */
  readonly method: string;
  /** The URL's path and query, as sent. */
  readonly path: string;
  /** The `X-Environment` header, if it was sent. */
  readonly environment: string | undefined;
  /** When it came, in milliseconds on `performance.now()`'s clock. */
  readonly startedAt: number;
  /** When it was answered (an asset: when its last byte went out), on the same clock. */
  finishedAt: number | undefined;
  /** The HTTP status of the answer; `undefined` if there is none. */
  status: number | undefined;
  /** What an interceptor made go wrong, by its name. */
  fault: string | undefined;
}

const KEPT = 10_000;

/** Remembers the latest requests, and counts all of them. */
export class RequestLog {
  readonly #requests: LoggedRequest[] = [];
  readonly #open = { api: 0, asset: 0 };
  /** How many requests there were. */
  readonly count: { api: number; asset: number } = { api: 0, asset: 0 };
  /** How many there were at the same time, at most. */
  readonly peak: { api: number; asset: number } = { api: 0, asset: 0 };

  /** The latest requests, oldest first: at least the last 10,000. */
  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** Forgets everything but what is still open. */
  clear(): void {
    this.#requests.length = 0;
    for (const kind of ["api", "asset"] as const) {
      this.count[kind] = 0;
      this.peak[kind] = this.#open[kind];
    }
  }

  /**
   * Notes that a request came.
   *
   * @param request The request.
   * @param url Its URL.
   * @param kind What it is for.
   */
  start(request: Request, url: URL, kind: "api" | "asset"): LoggedRequest {
    const entry: LoggedRequest = {
      kind,
      method: request.method,
      path: url.pathname + url.search,
      environment: request.headers.get("x-environment") ?? undefined,
      startedAt: performance.now(),
      finishedAt: undefined,
      status: undefined,
      fault: undefined,
    };
    this.#requests.push(entry);
    // Cut rarely, because cutting moves everything that stays.
    if (this.#requests.length >= 2 * KEPT) this.#requests.splice(0, KEPT);
    this.count[kind]++;
    this.peak[kind] = Math.max(this.peak[kind], ++this.#open[kind]);
    return entry;
  }

  /**
   * Notes that a request is answered.
   *
   * @param entry What {@linkcode RequestLog.start} returned.
   */
  finish(entry: LoggedRequest): void {
    if (entry.finishedAt !== undefined) return;
    entry.finishedAt = performance.now();
    this.#open[entry.kind]--;
  }
}

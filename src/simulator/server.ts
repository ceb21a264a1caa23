import { gzipSync } from "node:zlib";
import { serveAsset } from "./cma/assets_handler.ts";
import { type AsJob, Cma } from "./cma/cma.ts";
import type { RateLimit } from "./cma/rate_limit.ts";
import { type LoggedRequest, RequestLog } from "./cma/request_log.ts";
import { MemoryProject } from "./memory_project.ts";
import type { DemoProject } from "./project.ts";
import { bucketOf, isBucketPath } from "./writes/bucket.ts";
import type { BlockIds } from "./writes/write_call.ts";
import { WriteLog } from "./writes/write_log.ts";

export type { RateLimit, RateWindows } from "./cma/rate_limit.ts";
export { type LoggedRequest, RequestLog } from "./cma/request_log.ts";
export type { BlockIds } from "./writes/write_call.ts";
export { type LoggedWrite, WriteLog, type WrittenChange } from "./writes/write_log.ts";

/** Where a server listens, and what stops it. */
export interface Listen {
  /** The host name. */
  readonly hostname: string;
  /** The port; 0 for any free one. */
  readonly port: number;
  /** Stops the server: connections are cut then. */
  readonly signal: AbortSignal;
}

/** A server that runs, as far as it is like that of `Deno.serve`. */
export interface RunningServer {
  /** Where it listens. */
  readonly addr: { readonly port: number };
  /** Settles when it has stopped. */
  readonly finished: Promise<void>;
}

/**
 * Answers as is right.
 *
 * @param job Answers by a job, whatever the request.
 * @param instead The address that is answered in place of the request's.
 */
export type RightAnswer = (job?: AsJob, instead?: URL) => Promise<Response>;

/** Stands between a server and its clients, so that tests can make things go wrong. */
export interface Interceptor {
  /**
   * Answers a request in place of the server.
   *
   * @param request The request.
   * @param entry Its entry in the log.
   * @param right Gives the answer that the server has.
   */
  answer(request: Request, entry: LoggedRequest, right: RightAnswer): Promise<Response>;
  /**
   * Serves HTTP in place of `Deno.serve`.
   *
   * @param listen Where to listen.
   * @param respond Answers a request.
   */
  serve(listen: Listen, respond: (request: Request) => Promise<Response>): RunningServer;
}

/** How {@linkcode startDemoCma} serves a project. */
export interface DemoCmaOptions {
  /** The project to serve. */
  readonly project: DemoProject;
  /** The port to listen on, at 127.0.0.1; 0 for any free one. @default {0} */
  readonly port?: number | undefined;
  /** The only API token that is let in. @default {"demo"} */
  readonly apiToken?: string | undefined;
  /**
   * The rate limit. `false` lets everything through, and tells of a limit that nobody reaches.
   *
   * @default {{ limit: 60, windowMs: 3000 }}
   */
  readonly rateLimit?: RateLimit | false | undefined;
  /** How long each answer of the API takes, in milliseconds. @default {0} */
  readonly latencyMs?: number | undefined;
  /** Whether the API's answers are compressed for clients that take that. @default {false} */
  readonly gzip?: boolean | undefined;
  /** How long asynchronous jobs take, in milliseconds. @default {50} */
  readonly jobMs?: number | undefined;
  /** What becomes of the ids that clients choose for new blocks. @default {"kept"} */
  readonly blockIds?: BlockIds | undefined;
  /** Paths that the token has no permission for, with everything below them: `/roles` (403). */
  readonly forbidden?: readonly string[] | undefined;
  /** Paths that the project's plan doesn't have, with everything below them: `/sso-groups` (422). */
  readonly planLocked?: readonly string[] | undefined;
  /** Paths whose `GET` is answered with an asynchronous job (202): `/site`. */
  readonly asyncPaths?: readonly string[] | undefined;
  /** Stops the server. */
  readonly signal?: AbortSignal | undefined;
  /** What stands between the server and its clients. @default Nothing */
  readonly intercept?: Interceptor | undefined;
  /**
   * Called with each request, to the API or for an asset, before anything else. What it returns is sent
   * instead; what it throws breaks the connection's request with a plain 500.
   */
  readonly onRequest?:
    | ((request: Request, url: URL) => Response | undefined | Promise<Response | undefined>)
    | undefined;
}

/** A running server; see {@linkcode startDemoCma}. */
export interface DemoCma extends AsyncDisposable {
  /** The API's base URL, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** What replaces `https://www.datocms-assets.com` in the addresses of assets. */
  readonly assetHost: string;
  /** The API token to use. */
  readonly apiToken: string;
  /** What was asked for. */
  readonly log: RequestLog;
  /** What was written. */
  readonly writes: WriteLog;
  /** Ends open requests and stops listening. */
  stop(): Promise<void>;
}

/**
 * Serves a project over HTTP on 127.0.0.1 like DatoCMS's Content Management API and its asset CDN,
 * for trying Sluice and for tests. A project held in memory can be written to, and forked; of another one, only
 * environments can be forked and deleted.
 *
 * What the documentation leaves open is answered strictly: a page limit above the maximum is an error
 * (422 `INVALID_PARAMS`), as is a filter or order that isn't served here.
 *
 * @param options What to serve and how.
 *
 * @example
 * ```ts
 * import { sampleProject } from "../demo/sample/sample_project.ts";
 * import { startDemoCma } from "./server.ts";
 *
 * await using cma = startDemoCma({ project: sampleProject() });
 * const response = await fetch(`${cma.url}/site`, {
 *   headers: {
 *     "Authorization": `Bearer ${cma.apiToken}`,
 *     "Accept": "application/json",
 *     "X-Api-Version": "3",
 *   },
 * });
 * console.assert((await response.json()).data.type === "site");
 * ```
 *
 * @see {@link https://www.datocms.com/docs/content-management-api}
 */
export function startDemoCma(options: DemoCmaOptions): DemoCma {
  const { project, intercept, onRequest, latencyMs = 0, apiToken = "demo" } = options;
  const log = new RequestLog();
  const writes = new WriteLog();
  const stopping = new AbortController();
  const signal = options.signal
    ? AbortSignal.any([options.signal, stopping.signal])
    : stopping.signal;
  const cma = new Cma({
    project,
    apiToken,
    rateLimit: options.rateLimit ?? { limit: 60, windowMs: 3000 },
    forbidden: new Set(options.forbidden),
    planLocked: new Set(options.planLocked),
    asyncPaths: new Set(options.asyncPaths),
    jobMs: options.jobMs ?? 50,
    blockIds: options.blockIds ?? "kept",
    writes,
  });

  async function answer(
    request: Request,
    url: URL,
    kind: LoggedRequest["kind"],
    job?: AsJob,
  ): Promise<Response> {
    const instead = await onRequest?.(request, url);
    if (instead) return instead;
    if (isBucketPath(url) && project instanceof MemoryProject) {
      return await bucketOf(project).receive(request, url);
    }
    if (kind === "asset") return serveAsset(request, url, project);
    const response = await cma.handle(request, url, job);
    if (latencyMs > 0) await pause(latencyMs, signal);
    return response;
  }

  async function respond(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const entry = log.start(request, url, isAssetPath(url, project) ? "asset" : "api");
    try {
      const right: RightAnswer = (job, instead = url) => answer(request, instead, entry.kind, job);
      const plain = await (intercept ? intercept.answer(request, entry, right) : right());
      const response = options.gzip && entry.kind === "api" ? await gzipped(request, plain) : plain;
      entry.status = response.status;
      if (entry.kind === "asset" && response.body) return logged(response, entry, log);
      log.finish(entry);
      return response;
    } catch (error) {
      entry.status = 500;
      log.finish(entry);
      throw error;
    }
  }

  const listen: Listen = { hostname: "127.0.0.1", port: options.port ?? 0, signal };
  const server: RunningServer = intercept?.serve(listen, respond) ?? Deno.serve({
    ...listen,
    onListen: () => {},
    onError: () => new Response("Internal Server Error\n", { status: 500 }),
  }, respond);

  const url = `http://127.0.0.1:${server.addr.port}`;
  async function stop(): Promise<void> {
    stopping.abort();
    await server.finished;
  }
  return { url, assetHost: url, apiToken, log, writes, stop, [Symbol.asyncDispose]: stop };
}

/** Assets live under the project's id, which is a number; no endpoint of the API begins with one. */
function isAssetPath(url: URL, { environments, primaryEnvironment }: DemoProject): boolean {
  return isBucketPath(url) ||
    url.pathname.startsWith(`/${environments.get(primaryEnvironment)!.site.id}/`);
}

/** The answer compressed, as the real API does it, if whoever asked takes that. */
async function gzipped(request: Request, response: Response): Promise<Response> {
  const isTaken = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  if (!isTaken || response.body === null || response.headers.has("content-encoding")) {
    return response;
  }
  const headers = new Headers(response.headers);
  headers.set("content-encoding", "gzip");
  headers.set("vary", "accept-encoding");
  headers.delete("content-length");
  const bytes = new Uint8Array(gzipSync(await response.bytes(), { level: 1 }));
  return new Response(bytes, { status: response.status, headers });
}

/** The same response, which is finished when its last byte went out or nobody wants the rest. */
function logged(response: Response, entry: LoggedRequest, log: RequestLog): Response {
  const reader = response.body!.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        log.finish(entry);
        controller.close();
      } catch (error) {
        log.finish(entry);
        controller.error(error);
      }
    },
    async cancel(reason) {
      log.finish(entry);
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return new Response(body, response);
}

/** Waits, or less if the server stops meanwhile. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

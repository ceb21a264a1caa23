import { serveAsset } from "./cma/assets_handler.ts";
import { type AsJob, Cma } from "./cma/cma.ts";
import type { RateLimit } from "./cma/rate_limit.ts";
import { gzipped } from "./cma/gzipped.ts";
import { type LoggedRequest, RequestLog } from "./cma/request_log.ts";
import { answerWithFault } from "./faults/answer_with_fault.ts";
import type { FaultPlan } from "./faults/fault_plan.ts";
import { Faults } from "./faults/faults.ts";
import { type BrokenServer, serveBroken } from "./faults/serve_broken.ts";
import type { Answered } from "./faults/write_answer.ts";
import type { DemoProject } from "./project.ts";

export { type FaultKind, type FaultPlan, type FaultRule, FAULTS } from "./faults/fault_plan.ts";
export type { RateLimit } from "./cma/rate_limit.ts";
export { type LoggedRequest, RequestLog } from "./cma/request_log.ts";

/** How {@linkcode startDemoCma} serves a project. */
export interface DemoCmaOptions {
  /** The project to serve. */
  readonly project: DemoProject;
  /** The port to listen on, at 127.0.0.1; 0 for any free one. @default {0} */
  readonly port?: number | undefined;
  /** The only API token that is let in. @default {"demo"} */
  readonly apiToken?: string | undefined;
  /**
   * The rate limit. `false` lets everything through and sends no headers that tell of a limit.
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
  /** Paths that the token has no permission for, with everything below them: `/roles` (403). */
  readonly forbidden?: readonly string[] | undefined;
  /** Paths that the project's plan doesn't have, with everything below them: `/sso-groups` (422). */
  readonly planLocked?: readonly string[] | undefined;
  /** Paths whose `GET` is answered with an asynchronous job (202): `/site`. */
  readonly asyncPaths?: readonly string[] | undefined;
  /** Stops the server. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What goes wrong. Connections are served by hand then, so that HTTP can be broken, too.
   *
   * @default Nothing
   */
  readonly faults?: FaultPlan | undefined;
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
  /** Ends open requests and stops listening. */
  stop(): Promise<void>;
}

/**
 * Serves a project over HTTP on 127.0.0.1 like DatoCMS's Content Management API and its asset CDN,
 * for trying Sluice and for tests. It reads; of the writing endpoints it has those that fork and delete
 * environments.
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
  const { project, onRequest, latencyMs = 0, apiToken = "demo" } = options;
  const log = new RequestLog();
  const faults = options.faults && new Faults(options.faults);
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
  });

  async function answer(
    request: Request,
    url: URL,
    kind: LoggedRequest["kind"],
    job?: AsJob,
  ): Promise<Response> {
    const instead = await onRequest?.(request, url);
    if (instead) return instead;
    if (kind === "asset") return serveAsset(request, url, project);
    const response = await cma.handle(request, url, job);
    if (latencyMs > 0) await pause(latencyMs, signal);
    return response;
  }

  async function respond(request: Request): Promise<Answered> {
    const url = new URL(request.url);
    const entry = log.start(request, url, isAssetPath(url, project) ? "asset" : "api");
    try {
      const fault = faults?.next(request.method, url, entry.kind);
      entry.fault = fault?.kind;
      const right = (job?: AsJob, instead = url) => answer(request, instead, entry.kind, job);
      const plain = await (fault ? answerWithFault(fault, url, right) : right());
      const response = options.gzip && entry.kind === "api" ? await gzipped(request, plain) : plain;
      entry.status = response.status;
      if (entry.kind === "asset" && response.body) {
        return { response: logged(response, entry, log), fault };
      }
      log.finish(entry);
      return { response, fault };
    } catch (error) {
      entry.status = 500;
      log.finish(entry);
      throw error;
    }
  }

  const listen = { hostname: "127.0.0.1", port: options.port ?? 0, signal };
  const server: BrokenServer = faults ? serveBroken(listen, respond) : Deno.serve({
    ...listen,
    onListen: () => {},
    onError: () => new Response("Internal Server Error\n", { status: 500 }),
  }, async (request) => (await respond(request)).response);

  const url = `http://127.0.0.1:${server.addr.port}`;
  async function stop(): Promise<void> {
    stopping.abort();
    await server.finished;
  }
  return { url, assetHost: url, apiToken, log, stop, [Symbol.asyncDispose]: stop };
}

/** Assets live under the project's id, which is a number; no endpoint of the API begins with one. */
function isAssetPath(url: URL, { environments, primaryEnvironment }: DemoProject): boolean {
  return url.pathname.startsWith(`/${environments.get(primaryEnvironment)!.site.id}/`);
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

import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import type { Storage } from "../storage/storage.ts";
import { DIFF_ROUTES } from "./api/diff.ts";
import { DOWNLOAD_ROUTES } from "./api/download.ts";
import { FILE_ROUTES } from "./api/files.ts";
import { FIND_ROUTES } from "./api/find.ts";
import { METRICS } from "./api/metrics.ts";
import { RECORD_ROUTES } from "./api/records.ts";
import { REFERENCE_ROUTES } from "./api/references.ts";
import type { Route } from "./api/route.ts";
import { SCHEDULE_ROUTES } from "./api/schedule.ts";
import { SNAPSHOT_ROUTES } from "./api/snapshots.ts";
import { TABLE_ROUTES } from "./api/tables.ts";
import { UPLOAD_ROUTES } from "./api/uploads.ts";
import { plainJson } from "./answer.ts";
import type { Call, Progress, Service } from "./call.ts";
import { cmaAnswer, cmaError } from "./cma/front.ts";
import { ISLAND_ROUTES, projectOfToken } from "./content_island/front.ts";
import { clientAddress, type ConnectionInfo } from "./client_address.ts";
import { addCors, preflight } from "./cors.ts";
import { notThere, ServeError, toServeError } from "./failure.ts";
import { addSafeHeaders, isForUs } from "./guard.ts";
import { Metrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import type { ServeOptions } from "./options.ts";
import { mountPages } from "./page/mount.tsx";
import { RateWindows } from "./rate.ts";
import { projectOfHost, SANITY_PATH, SANITY_ROUTES, sanityError } from "./sanity/front.ts";
import { Shelf } from "./shelf.ts";
import { Signer } from "./sign.ts";
import { signedFileAnswer } from "./signed_file.ts";
import { covers, findToken, isGood, type Scope, type ServeToken } from "./token.ts";

/** Where the own API is. */
const BASE = "/api/v1";
/** The endpoints of the own API, below that. */
export const ROUTES: readonly Route[] = [
  ...SNAPSHOT_ROUTES,
  ...FILE_ROUTES,
  ...RECORD_ROUTES,
  ...REFERENCE_ROUTES,
  ...UPLOAD_ROUTES,
  ...TABLE_ROUTES,
  ...DIFF_ROUTES,
  ...FIND_ROUTES,
  ...DOWNLOAD_ROUTES,
  ...SCHEDULE_ROUTES,
];

/**
 * Answers HTTP requests with what is in snapshots: for `Deno.serve`, on Deno Deploy beside a schedule, or wherever
 * requests and responses are those of the web.
 *
 * @param storage Where the snapshots are.
 * @param options Who may ask, and at which address.
 * @return The handler. It never throws: what goes wrong is an answer that says so, or ends a body that had begun.
 *
 * @example
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { createToken, snapshotHandler } from "@sluice/datocms/serve";
 *
 * const { token, kept } = createToken({ name: "website", scope: "read" });
 * const handler = snapshotHandler(new LocalStorage("./backups"), {
 *   publicUrl: "http://127.0.0.1:8080",
 *   tokens: [kept],
 * });
 * const response = await handler(
 *   new Request("http://127.0.0.1:8080/api/v1/projects", {
 *     headers: { Authorization: `Bearer ${token}` },
 *   }),
 * );
 * const { projects } = await response.json();
 * for (const { id, name, latest } of projects) console.log(id, name, latest?.id);
 * ```
 */
export function snapshotHandler(
  storage: Storage,
  options: ServeOptions,
): (request: Request, info?: ConnectionInfo) => Promise<Response> {
  const { auth = true, tokens = [], now = Date.now, onRequest, onError, cors = [] } = options;
  const publicUrl = options.publicUrl.replace(/\/+$/, "");
  const signal = options.signal ?? new AbortController().signal;
  const rate = options.rate ?? { limit: 600, seconds: 60 };
  const rates = new RateWindows(rate, now);
  const service: Service = {
    shelf: new Shelf(storage, signal, now, options.projects),
    isReadOnly: options.readOnly ?? false,
    signer: new Signer(options.secrets),
    publicUrl,
    presign: options.directUrls === false ? undefined : storage.presign?.bind(storage),
    frontSnapshot: options.frontSnapshot ?? "latest",
    urlTtlMs: options.urlTtlMs ?? 3_600_000,
    exports: new RateWindows(options.exportRate ?? { limit: 5, seconds: 60 }, now),
    metrics: new Metrics(),
    now,
  };
  const app = new Hono<{ Bindings: Progress }>({
    // As the URL says it, decoded once where it is taken apart.
    getPath: (request) => new URL(request.url).pathname,
  });

  const routes = [...ROUTES.map((route) => ({ ...route, path: `${BASE}${route.path}` })), METRICS];
  const described = openApi(routes);
  app.get("/healthz", () => plainJson({ status: "ok" }));
  app.get("/readyz", async () => {
    await service.shelf.folders();
    return plainJson({ status: "ok" });
  });
  app.get("/openapi.json", () => plainJson(described));
  app.get("/files/:reference", ({ env, req }) => {
    env.route = "/files";
    return signedFileAnswer(callOf(env, req.param(), "read"));
  });
  for (const { method = "GET", path, scope, answer } of routes) {
    app.on(method, path, ({ env, req }) => {
      env.route = path.replace(/\{.*\}$/, "");
      return answer(callOf(env, req.param(), allowed(env, req.param(), scope)));
    });
  }
  for (const [path, own] of Map.groupBy(routes, ({ path }) => path)) {
    const methods = own.map(({ method = "GET" }) => method === "GET" ? "GET, HEAD" : method);
    const can = methods.length > 1 ? "This takes" : "This can only be read: use";
    app.all(path, () => {
      throw new ServeError("METHOD_NOT_ALLOWED", `${can} ${methods.join(", ")}.`, {
        headers: { Allow: methods.join(", ") },
      });
    });
  }
  for (const { method, path, scope, answer } of SANITY_ROUTES) {
    app.on(method, path, ({ env, req }) => {
      env.route = path.replace(/\{.*?\}(?=\/)/, "");
      const params: Record<string, string> = req.param();
      const project = params.project ?? projectOfHost(env);
      const named = project === undefined ? params : { ...params, project };
      return answer(callOf(env, named, allowed(env, named, scope)));
    });
  }
  for (const { method, path, scope, answer } of ISLAND_ROUTES) {
    app.on(method, path, async ({ env }) => {
      env.route = path;
      const allowedScope = allowed(env, {}, scope);
      const project = await projectOfToken(env.token, service.shelf);
      return await answer(callOf(env, { project }, allowedScope));
    });
  }
  if (options.ui ?? true) mountPages(app, { service, auth, tokens, admit, callOf });
  app.all("/cma/:project/*", ({ env, req }) => {
    env.route = "/cma";
    env.errorAnswer = cmaError;
    const { project } = req.param();
    return cmaAnswer(callOf(env, { project }, allowed(env, { project }, "read")));
  });
  app.notFound(({ env }) => {
    // Who has no token isn't told what there is.
    allowed(env, {}, "read");
    throw notThere("such endpoint: /openapi.json lists those that are there");
  });
  app.onError((error) => {
    throw error;
  });

  /** What the token of a request may see, if it may ask for this at all. */
  function allowed(
    progress: Progress,
    params: Readonly<Record<string, string>>,
    needed: Scope,
  ): Scope {
    if (!auth) return "admin";
    const [, text] = /^Bearer +(\S+)$/i.exec(progress.request.headers.get("authorization") ?? "") ??
      [];
    const token = text === undefined ? undefined : findToken(text, tokens);
    if (token === undefined || !isGood(token, now())) {
      throw new ServeError(
        "UNAUTHORIZED",
        "A token is needed, in the header Authorization: Bearer <token>; the one that came isn't " +
          "known here, or has expired.",
        { headers: { "WWW-Authenticate": 'Bearer realm="sluice"' } },
      );
    }
    return admit(progress, token, params, needed);
  }

  /** What a token that is good may see, if it may ask for this at all. */
  function admit(
    progress: Progress,
    token: ServeToken,
    params: Readonly<Record<string, string>>,
    needed: Scope,
  ): Scope {
    progress.token = token;
    const left = rates.take(token.id);
    const { isAllowed, resetSeconds } = left;
    progress.rate = { ...rate, ...left };
    if (!isAllowed) {
      throw new ServeError("RATE_LIMITED", "Too many requests with this token: ask again later.", {
        headers: { "Retry-After": String(resetSeconds) },
      });
    }
    const { project } = params;
    if (project !== undefined && token.projects !== null && !token.projects.includes(project)) {
      throw notThere(`project ${JSON.stringify(project.slice(0, 60))}`);
    }
    if (covers(token.scope, needed)) return token.scope;
    throw new ServeError("FORBIDDEN", `This needs a token of scope ${needed}.`);
  }

  function callOf(progress: Progress, params: Record<string, string>, scope: Scope): Call {
    progress.params = params;
    const { request, url, token, rate, requestId } = progress;
    return { request, url, params, scope, token, rate, requestId, signal, service };
  }

  async function answer(progress: Progress): Promise<Response> {
    const { request, requestId } = progress;
    try {
      if (!isForUs(request, publicUrl)) {
        throw new ServeError("FORBIDDEN", "The header Host names another server than this one.");
      }
      return preflight(request, cors) ?? await app.fetch(request, progress);
    } catch (error) {
      const told = toServeError(error);
      if (told.status >= 500 && !signal.aborted) onError?.(told.cause ?? error, requestId);
      if (progress.errorAnswer !== null) return await progress.errorAnswer(told, requestId);
      const isSanity = SANITY_PATH.test(progress.url.pathname);
      return isSanity ? sanityError(told, requestId) : errorAnswer(told, requestId);
    }
  }

  return async (received, info) => {
    const started = performance.now();
    const isHead = received.method === "HEAD";
    // Its signal isn't asked for: Deno aborts it also when all is well.
    const request = isHead ? new Request(received.url, { headers: received.headers }) : received;
    const requestId = `req_${randomBytes(9).toString("base64url")}`;
    const url = new URL(request.url);
    const progress: Progress = {
      request,
      url,
      requestId,
      from: clientAddress(received, info, options.trustedProxies ?? 0) ?? "",
      token: null,
      rate: null,
      route: null,
      params: {},
      errorAnswer: null,
    };
    const answered = await answer(progress);
    const headers = new Headers(answered.headers);
    headers.set("X-Request-Id", requestId);
    addSafeHeaders(headers, publicUrl);
    addCors(headers, received, cors);
    if (isHead) await answered.body?.cancel();
    const { token, route, params: { project = null, snapshot = null } } = progress;
    const ms = performance.now() - started;
    service.metrics.add({ route, status: answered.status, ms });
    onRequest?.({
      at: new Date(now()).toISOString(),
      requestId,
      tokenId: token?.id ?? null,
      ip: progress.from || null,
      method: received.method,
      route,
      project,
      snapshot,
      status: answered.status,
      ms: Math.round(ms),
    });
    const body = isHead ? null : guardedBody(answered, {
      onBytes: (bytes) => service.metrics.addBytes(route, bytes),
      onError(error) {
        if (!signal.aborted) onError?.(error, requestId);
      },
    });
    return new Response(body, { status: answered.status, headers });
  };
}

function errorAnswer({ code, message, status, options }: ServeError, requestId: string): Response {
  const { details, headers } = options;
  return plainJson(
    { error: { code, message, requestId, ...(details && { details }) } },
    { status, headers: { "Cache-Control": "no-store", ...headers } },
  );
}

/** The body of an answer, whose failures are told here: Deno would print them, with addresses. */
function guardedBody(
  { body, headers }: Response,
  { onBytes, onError }: {
    readonly onBytes: (bytes: number) => void;
    readonly onError: (error: unknown) => void;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> | null {
  if (body === null) return null;
  const isWhole = headers.has("Content-Length") && !headers.has("Accept-Ranges");
  if (isWhole) {
    onBytes(Number(headers.get("Content-Length")));
    return body;
  }
  const reader = body.getReader();
  let isLeft = false;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        // The client has gone meanwhile, which is no failure.
        if (isLeft) return;
        if (done) return controller.close();
        onBytes(value.length);
        controller.enqueue(value);
      } catch (error) {
        if (isLeft) return;
        onError(error);
        const cut = new Error("The answer was cut off.");
        cut.stack = "";
        throw cut;
      }
    },
    cancel(reason) {
      isLeft = true;
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

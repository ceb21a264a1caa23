import type { Json, JsonObject } from "../../content/resource.ts";
import { SchemaIndex } from "../../content/schema_index.ts";
import type { DemoEnvironment, DemoProject } from "../project.ts";
import { type Answer, ApiError, notFound, ok } from "../../cma_server/answer.ts";
import { MemoryEnvironment } from "../memory_environment.ts";
import type { WriteLog } from "../writes/write_log.ts";
import { Writes } from "../writes/writes.ts";
import type { BlockIds } from "../writes/write_call.ts";
import type { Call, Handler } from "./call.ts";
import { environmentsHandler } from "./environments_handler.ts";
import { Jobs } from "./jobs.ts";
import { parseParameters, text } from "../../cma_server/parameters.ts";
import { READ_HANDLERS } from "../../cma_server/read_handlers.ts";
import { isList, settingsHandler } from "../../cma_server/settings_handlers.ts";
import { type RateLimit, RateLimiter } from "./rate_limit.ts";

/** Who answers what, by the path's first segment; settings answer the rest. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  ...READ_HANDLERS,
  "environments": environmentsHandler,
  "users": usersHandler,
};

/** How the API behaves. */
export interface CmaOptions {
  /** The project to serve. */
  readonly project: DemoProject;
  /** The only token that is let in. */
  readonly apiToken: string;
  /** The rate limit; `false` for one that nobody reaches. */
  readonly rateLimit: RateLimit | false;
  /** Paths that the token has no permission for (403): `/roles`; `*` is any part of one. */
  readonly forbidden: ReadonlySet<string>;
  /** Paths that the project's plan doesn't have. */
  readonly planLocked: ReadonlySet<string>;
  /** Paths that are answered by a job when they are read. */
  readonly asyncPaths: ReadonlySet<string>;
  /** How long jobs take, in milliseconds. */
  readonly jobMs: number;
  /** What becomes of the ids that clients choose for new blocks. */
  readonly blockIds: BlockIds;
  /** Remembers what was written. */
  readonly writes: WriteLog;
}

/** How an answer becomes the result of a job. */
export interface AsJob {
  /** How long the job takes, in milliseconds. */
  readonly ms: number;
  /** How many jobs there are, each of which is the result of the one before. @default {1} */
  readonly depth?: number | undefined;
}

/** What tells of a limit that nobody reaches: without it clients keep to the one that they know of. */
const UNLIMITED = { "x-ratelimit-limit": "100000" };

/** The Content Management API, from request to response. */
export class Cma {
  readonly #options: CmaOptions;
  readonly #limiter: RateLimiter | undefined;
  readonly #jobs: Jobs;
  readonly #phases = new Map<string, JsonObject>();
  readonly #schemas = new WeakMap<DemoEnvironment, SchemaIndex>();
  readonly #writes: Writes;

  /**
   * Prepares the API of a project.
   *
   * @param options How the API behaves.
   */
  constructor(options: CmaOptions) {
    this.#options = options;
    this.#jobs = new Jobs(options.jobMs);
    this.#writes = new Writes(options);
    if (options.rateLimit) this.#limiter = new RateLimiter(options.rateLimit);
  }

  /**
   * Answers a request.
   *
   * @param request The request.
   * @param url Its URL.
   * @param job Answers by a job, whatever the request.
   */
  async handle(request: Request, url: URL, job?: AsJob): Promise<Response> {
    this.#jobs.settle();
    const headers = new Headers({
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-cache",
      "x-api-version": "3",
      "x-environment": request.headers.get("x-environment") ??
        this.#options.project.primaryEnvironment,
      "x-request-id": crypto.randomUUID(),
      "date": (this.#options.project.now?.() ?? new Date()).toUTCString(),
    });
    try {
      let answer = await this.#answer(request, url, headers);
      for (let i = 0; job && i < (job.depth ?? 1); i++) {
        answer = this.#jobs.start(answer, undefined, job.ms);
      }
      const { status, body } = answer;
      return new Response(JSON.stringify(body), { status, headers });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      for (const [name, value] of Object.entries(error.options.headers ?? {})) {
        headers.set(name, value);
      }
      return new Response(JSON.stringify(error.body()), { status: error.status, headers });
    }
  }

  async #answer(request: Request, url: URL, headers: Headers): Promise<Answer> {
    this.#checkHeaders(request);
    for (const [name, value] of Object.entries(this.#limiter?.take() ?? UNLIMITED)) {
      headers.set(name, value);
    }
    const path = url.pathname.split("/").slice(1).map(decodeSegment);
    const environment = this.#environment(request, path);
    this.#checkPermissions(url.pathname);
    if (request.method === "GET" && path[0] === "job-results" && path.length === 2) {
      return this.#jobResult(path[1]!);
    }
    const call: Call = {
      method: request.method,
      path,
      parameters: parseParameters(url.searchParams),
      project: this.#options.project,
      environment,
      schema: this.#schema(environment),
      takesAllFilters: false,
      version: (asked) => asked ?? "current",
      jobs: this.#jobs,
      phases: this.#phases,
      body: () => readJson(request),
    };
    const answer = await (HANDLERS[path[0] ?? ""] ?? settingsHandler)(call) ??
      await this.#writes.answer(call, request, url);
    if (!answer) throw new ApiError(404, "INVALID_ENDPOINT");
    const isAsync = request.method === "GET" && this.#options.asyncPaths.has(url.pathname);
    return isAsync ? this.#jobs.start(answer) : answer;
  }

  #checkHeaders({ headers, method }: Request): void {
    const accept = headers.get("accept") ?? "";
    if (!/application\/(vnd\.api\+)?json/.test(accept)) {
      throw new ApiError(406, "INVALID_ACCEPT_HEADER");
    }
    if (headers.get("x-api-version") !== "3") throw new ApiError(422, "INVALID_API_VERSION");
    const hasBody = method === "POST" || method === "PUT" || method === "PATCH";
    const type = headers.get("content-type") ?? "";
    if (hasBody && !/^application\/(vnd\.api\+)?json/.test(type)) {
      throw new ApiError(415, "INVALID_CONTENT_TYPE_HEADER");
    }
    if (headers.get("authorization") !== `Bearer ${this.#options.apiToken}`) {
      throw new ApiError(401, "INVALID_AUTHORIZATION_HEADER");
    }
  }

  #environment(request: Request, path: readonly string[]): DemoEnvironment {
    const { project } = this.#options;
    const id = request.headers.get("x-environment") ?? project.primaryEnvironment;
    const environment = project.environments.get(id);
    if (!environment) throw new ApiError(404, "INVALID_ENVIRONMENT");
    const aboutContent = path[0] !== "environments" && path[0] !== "job-results";
    if (aboutContent && this.#phases.has(id)) {
      throw new ApiError(422, "ENVIRONMENT_NOT_READY", { transient: true });
    }
    return environment;
  }

  #checkPermissions(path: string): void {
    const { forbidden, planLocked } = this.#options;
    const parts = path.split("/");
    const covers = (one: string) => {
      return one.split("/").every((part, i) => part === "*" ? i in parts : part === parts[i]);
    };
    if ([...forbidden].some(covers)) throw new ApiError(403, "INSUFFICIENT_PERMISSIONS");
    if ([...planLocked].some(covers)) throw new ApiError(422, "PLAN_UPGRADE_REQUIRED");
  }

  #jobResult(id: string): Answer {
    const result = this.#jobs.result(id);
    if (!result) throw notFound();
    const { status, body } = result;
    const statusText = { 201: "Created", 202: "Accepted" }[status] ?? "OK";
    return {
      status: 200,
      body: { data: { id, type: "job_result", attributes: { status, statusText, payload: body } } },
    };
  }

  #schema(environment: DemoEnvironment): SchemaIndex {
    if (environment instanceof MemoryEnvironment) return environment.schema;
    let schema = this.#schemas.get(environment);
    if (!schema) {
      const { itemTypes, fields, fieldsets, site } = environment;
      const { locales } = site.attributes;
      schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
      this.#schemas.set(environment, schema);
    }
    return schema;
  }
}

/** A handler gets a path's segments decoded, for ids may be sent encoded. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(404, "INVALID_ENDPOINT");
  }
}

async function readJson(request: Request): Promise<Json> {
  try {
    return await request.json() as Json;
  } catch {
    throw new ApiError(400, "INVALID_JSON_BODY");
  }
}

/**
 * `GET /users/me`: the API token, with its role; the project's owner if the project has no such token. The
 * rest is as for other settings.
 *
 * @param call The request.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/user/me}
 */
async function usersHandler(call: Call): Promise<Answer | undefined> {
  const { method, path, parameters, environment: { settings } } = call;
  if (method !== "GET" || path[1] !== "me" || path.length > 2) return await settingsHandler(call);
  const [tokens, roles] = [settings.get("/access_tokens") ?? [], settings.get("/roles") ?? []];
  const me = isList(tokens)
    ? tokens.find(({ attributes }) => attributes?.can_access_cma === true)
    : undefined;
  if (me === undefined || !isList(roles)) return ok({ id: "52759", type: "account" });
  if (text(parameters, "include") !== "role") return ok(me);
  const ref = me.relationships?.role?.data;
  return ok(me, { included: roles.filter(({ id }) => ref && "id" in ref && id === ref.id) });
}

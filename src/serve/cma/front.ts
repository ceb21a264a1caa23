import { type Answer, ApiError, notFound, ok } from "../../cma_server/answer.ts";
import { regularItem } from "../../cma_server/block_views.ts";
import { versionOf } from "../../cma_server/current_vs_published_state.ts";
import { parseParameters, text } from "../../cma_server/parameters.ts";
import type { ReadCall } from "../../cma_server/read_call.ts";
import { readAnswer } from "../../cma_server/read_handlers.ts";
import { isList } from "../../cma_server/settings_handlers.ts";
import type { Item, Resource, Upload } from "../../content/resource.ts";
import { referencesOf } from "../../content/item_references.ts";
import { jsonAnswer, plainJson } from "../answer.ts";
import type { Call, NamedSnapshot } from "../call.ts";
import { type FailureCode, ServeError } from "../failure.ts";
import { isSnapshotName } from "../shelf.ts";
import { signedUrl } from "../signed_file.ts";
import { covers } from "../token.ts";
import { versionFor } from "../visibility.ts";
import { insufficient, type SnapshotEnvironment, snapshotEnvironment } from "./environment.ts";
import { referrersOf } from "./stores.ts";

/** The most records that are said to refer to something: they come in one answer. */
const REFERRERS = 500;
/** The API's own limits are of this many seconds, and so its clients take ours. */
const WINDOW_SECONDS = 3;

/** The codes of the API for what can be wrong here; those that it has no code for keep ours. */
const CODES: Partial<Record<FailureCode, string>> = {
  VALIDATION_ERROR: "INVALID_PARAMS",
  UNAUTHORIZED: "INVALID_AUTHORIZATION_HEADER",
  FORBIDDEN: "INSUFFICIENT_PERMISSIONS",
  RATE_LIMITED: "RATE_LIMIT_EXCEEDED",
  OVERLOADED: "SERVICE_UNAVAILABLE",
};

/** A request, with the environment that it is about. */
interface CmaCall {
  readonly call: Call;
  readonly read: ReadCall;
  readonly environment: SnapshotEnvironment;
}

/** An endpoint that snapshots answer in a way of their own. */
type Endpoint = (
  call: CmaCall,
  id: string,
) => Promise<Answer | undefined> | Answer | undefined;

/** Those endpoints, by their paths. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  "public-info": publicInfo,
  "users/me": me,
  "environments": environments,
  "environments/:id": environments,
  "items/:id/references": itemReferences,
  "items/:id/versions": itemVersions,
  "uploads/:id/references": uploadReferences,
};

/**
 * Answers a request as DatoCMS's Content Management API does, with what is in a snapshot:
 * `/cma/<project>[/<snapshot>]/…`, for its own clients.
 *
 * @param call The request.
 * @return The answer: also if something is wrong with the request.
 */
export async function cmaAnswer(call: Call): Promise<Response> {
  const headers = new Headers({ "X-Api-Version": "3" });
  setRate(headers, call);
  let response: Response;
  try {
    response = await answer(call, headers);
  } catch (error) {
    if (error instanceof ServeError) response = cmaError(error);
    else if (error instanceof ApiError) response = errorResponse(error);
    else throw error;
  }
  const all = new Headers(response.headers);
  for (const [name, value] of headers) all.set(name, value);
  return new Response(response.body, { status: response.status, headers: all });
}

/**
 * What is said of an error, as clients of the API take it.
 *
 * @param error The error.
 */
export function cmaError({ code, message, status, options }: ServeError): Response {
  const { "Retry-After": wait, ...headers } = options.headers ?? {};
  return errorResponse(
    new ApiError(status === 400 ? 422 : status, CODES[code] ?? code, {
      details: { message, ...options.details },
      transient: status === 429 || status === 503,
      headers: {
        ...headers,
        ...(wait !== undefined && { "Retry-After": wait, "X-RateLimit-Reset": wait }),
        ...(status === 429 && { "X-RateLimit-Remaining": "0" }),
      },
    }),
  );
}

function errorResponse(error: ApiError): Response {
  return plainJson(error.body(), {
    status: error.status,
    headers: { "Cache-Control": "no-store", ...error.options.headers },
  });
}

/** The rate as clients of the API expect it: they spread their requests accordingly. */
function setRate(headers: Headers, { rate }: Call): void {
  if (rate === null) return;
  const limit = Math.max(1, Math.floor(rate.limit * WINDOW_SECONDS / rate.seconds));
  headers.set("X-RateLimit-Limit", String(limit));
  headers.set("X-RateLimit-Remaining", String(Math.min(limit, rate.remaining)));
}

async function answer(call: Call, headers: Headers): Promise<Response> {
  const { request, url, signal, scope } = call;
  if (request.method !== "GET") throw insufficient("snapshots can only be read");
  const version = request.headers.get("x-api-version");
  if (version !== null && version !== "3") throw new ApiError(422, "INVALID_API_VERSION");
  const [, , , ...rest] = url.pathname.split("/").map(decodeSegment);
  const isNamed = isSnapshotName(rest[0] ?? "");
  const path = isNamed ? rest.slice(1) : rest;
  const opened = await snapshotFor(call, isNamed ? rest[0]! : call.service.frontSnapshot);
  const parameters = parseParameters(url.searchParams);
  const areLocal = parameters.asset_urls === "local";
  const environment = await snapshotEnvironment({
    opened,
    scope,
    shelf: call.service.shelf,
    signal,
    upload: areLocal ? (upload) => withLocalUrl(call, opened, upload) : (upload) => upload,
  });
  headers.set("X-Environment", environment.id);
  const read: ReadCall = {
    method: "GET",
    path,
    parameters,
    environment,
    schema: environment.schema,
    takesAllFilters: true,
    version: (asked) => {
      const version = versionFor(scope, asked);
      const { content: { manifest, isTablesOnly } } = opened;
      if (isTablesOnly || version === "published" && manifest?.options.published === false) {
        throw new ApiError(422, "INVALID_PARAMS", {
          details: { message: `the snapshot was exported without ${version} versions of records` },
        });
      }
      return version;
    },
  };
  // What expires isn't kept.
  return await jsonAnswer(call, areLocal ? undefined : opened, async () => {
    const pattern = path.length > 1 && path[1] !== "me" ? [path[0], ":id", ...path.slice(2)] : path;
    const own = Object.hasOwn(ENDPOINTS, pattern.join("/")) && ENDPOINTS[pattern.join("/")];
    const answered =
      await (own ? own({ call, read, environment }, path[1] ?? "") : readAnswer(read));
    if (answered === undefined) throw new ApiError(404, "INVALID_ENDPOINT");
    return answered.body;
  });
}

/** A path's segments are decoded once, for ids may be sent encoded. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(404, "INVALID_ENDPOINT");
  }
}

/** The snapshot that is asked for, of the environment that a header names. */
async function snapshotFor(call: Call, name: string): Promise<NamedSnapshot> {
  const { params: { project = "" }, request, service: { shelf }, signal } = call;
  const asked = request.headers.get("x-environment") ?? undefined;
  const folders = await shelf.foldersOf(project);
  const sandbox = folders.some(({ environment }) => environment === asked) ? asked : undefined;
  const found = await shelf.find(project, name, sandbox, signal);
  const opened = await shelf.open(found, signal);
  const id = opened.content.manifest?.environment.id;
  if (asked !== undefined && id !== undefined && id !== null && asked !== id) {
    throw new ApiError(404, "INVALID_ENVIRONMENT");
  }
  return { ...opened, isPinned: false };
}

async function withLocalUrl(
  { service }: Call,
  { found: { project, environment, id } }: NamedSnapshot,
  upload: Upload,
): Promise<Upload> {
  const reference = { project, ...(environment !== undefined && { environment }), id };
  const { url } = await signedUrl(
    service,
    { ...reference, upload: upload.id } as Parameters<
      typeof signedUrl
    >[1],
  );
  return { ...upload, attributes: { ...upload.attributes, url } };
}

function publicInfo({ environment: { site } }: CmaCall): Answer {
  const { name = null, theme = null } = site.attributes;
  return ok({ id: site.id, type: "public_info", attributes: { name, theme } });
}

/** The token that asks, with a role that may read what the token may. */
function me({ call: { token, scope }, read, environment }: CmaCall): Answer {
  const everything = [{
    environment: environment.id,
    action: "read",
    item_type: null,
    workflow: null,
    on_stage: null,
    on_creator: "anyone",
  }];
  const role: Resource = {
    id: scope,
    type: "role",
    attributes: { name: scope },
    meta: {
      final_permissions: {
        positive_item_type_permissions: everything,
        negative_item_type_permissions: [],
        positive_upload_permissions: everything,
        negative_upload_permissions: [],
      },
    },
  };
  const isAll = covers(scope, "preview");
  const own: Resource = {
    id: token?.id ?? "anybody",
    type: "access_token",
    attributes: {
      name: token?.name ?? "anybody",
      hardcoded_type: null,
      can_access_cda: true,
      can_access_cda_preview: isAll,
      can_access_cma: true,
    },
    relationships: { role: { data: { id: role.id, type: role.type } } },
  };
  if (text(read.parameters, "include") !== "role") return ok(own);
  return ok(own, { included: [role] });
}

/** The project's environments when the snapshot was made; of tokens that may not see them, its own alone. */
async function environments(
  { call: { scope }, read, environment }: CmaCall,
  id: string,
): Promise<Answer | undefined> {
  const { manifest } = environment.parts.opened.content;
  const own: Resource = {
    id: environment.id,
    type: "environment",
    meta: {
      status: "ready",
      created_at: manifest?.startedAt ?? null,
      last_data_change_at: manifest?.startedAt ?? null,
      primary: manifest?.environment.primary ?? true,
      read_only_mode: true,
      forked_from: null,
    },
  };
  const isKnown = manifest?.resources.environments !== undefined &&
    "count" in manifest.resources.environments;
  const listed = covers(scope, "preview") && isKnown
    ? await environment.settings.get("/environments")
    : undefined;
  const all = listed !== undefined && isList(listed) ? listed : [own];
  if (read.path.length === 1) return ok(all);
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw notFound();
  return ok(found);
}

async function itemReferences(cma: CmaCall, id: string): Promise<Answer> {
  if (await cma.read.environment.items.get(id, versionAsked(cma)) === undefined) throw notFound();
  return await references(cma, id, "item");
}

async function uploadReferences(cma: CmaCall, id: string): Promise<Answer> {
  if (await cma.read.environment.uploads.get(id) === undefined) throw notFound();
  return await references(cma, id, "upload");
}

function versionAsked({ read }: CmaCall) {
  const asked = text(read.parameters, "version");
  if (asked === undefined || asked === "current" || asked === "published") {
    return read.version(asked);
  }
  throw new ApiError(422, "INVALID_PARAMS", { details: { parameter: "version" } });
}

/** The records that refer to a record or an upload. */
async function references(cma: CmaCall, id: string, type: "item" | "upload"): Promise<Answer> {
  const { read: { parameters, schema }, environment: { parts } } = cma;
  const refers = (item: Item) => {
    return referencesOf(item, schema).some((one) => one.type === type && one.id === id);
  };
  const found = await referrersOf(parts, id, versionAsked(cma), refers, REFERRERS);
  if (found.length > REFERRERS) {
    throw new ApiError(422, "INVALID_PARAMS", {
      details: {
        message: `more than ${REFERRERS} records refer to it: filter a model by its field`,
      },
    });
  }
  const isNested = text(parameters, "nested") === "true";
  return ok(isNested ? found : found.map((item) => regularItem(item, schema)));
}

/** The versions of a record that the snapshot has: the current one, and the published one. */
async function itemVersions({ read }: CmaCall, id: string): Promise<Answer> {
  const { environment: { items } } = read;
  const current = await items.get(id, read.version("current"));
  if (current === undefined) throw notFound();
  const status = current.meta?.status;
  const published = status === "updated" ? await items.get(id, "published") : undefined;
  const versions = [current, ...published === undefined ? [] : [published]].map((item, i) => {
    const version = versionOf(item, read);
    const isPublished = i === 1 || status === "published";
    return {
      ...version,
      meta: { ...version.meta, is_current: i === 0, is_published: isPublished },
    };
  });
  return ok(versions, { meta: { total_count: versions.length } });
}

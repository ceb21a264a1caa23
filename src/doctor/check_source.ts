import type { Problem } from "../error.ts";
import { concurrently } from "../async/concurrently.ts";
import type { SourceSettings } from "../export/export_settings.ts";
import type { SourceOptions } from "../export/options.ts";
import { printable } from "../text/printable.ts";
import { isLoopback } from "../http/address_ranges.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { readRestrictions } from "../source/datocms/restrictions.ts";
import {
  type ExportResource,
  REQUIRED_RESOURCES,
  type ResourceName,
  RESOURCES,
} from "../source/datocms/resources.ts";
import { readSchema } from "../source/datocms/schema.ts";
import type { DoctorCheck } from "./check.ts";

/** The rate limit's window, as DatoCMS documents it, in seconds. */
const WINDOW = 3;

/** Whoever uses the token that comes with each project can't give its role more permissions. */
const READ_ONLY_TOKEN =
  "DatoCMS's built-in read-only API token can't read upload collections: if this is the one, make " +
  "another in Project settings → API tokens, with a role that may.";

/** What is checked of a source. */
export type CheckSourceOptions = Pick<
  SourceOptions,
  | "apiToken"
  | "environment"
  | "baseUrl"
  | "include"
  | "exclude"
  | "concurrency"
  | "retry"
  | "headersTimeoutMs"
  | "stallTimeoutMs"
  | "signal"
  | "onEvent"
  | "secrets"
>;

/**
 * Checks what an API token may read: whether it is valid, whether the environment is there, and each
 * resource of an export with one small request.
 *
 * @param settings Which project, and what of it.
 * @return The checks.
 * @throws The signal's reason.
 */
export async function checkSource(settings: SourceSettings): Promise<DoctorCheck[]> {
  const { signal, environment } = settings;
  const client = new CmaClient(settings);
  let found: Awaited<ReturnType<typeof readSite>>;
  try {
    found = await readSite(client, signal);
  } catch (error) {
    if (!(error instanceof CmaError)) throw error;
    return [...unencrypted(client), ...await failedSite(error, settings)];
  }
  const { name, id, headers } = found;
  const answered = headers.get("x-environment");
  const wanted = RESOURCES.filter((resource) => {
    return resource.name !== "site" && (settings.include?.includes(resource.name) ?? true) &&
      !settings.exclude?.includes(resource.name);
  });
  const checks = new Map<ResourceName, DoctorCheck>();
  const tasks = wanted.map((resource) => async (signal: AbortSignal) => {
    checks.set(resource.name, await checkResource(client, resource, settings, signal));
  });
  await concurrently(tasks, settings.concurrency, signal);
  const names = new Set(wanted.map(({ name }) => name));
  const role = names.has("records") || names.has("uploads")
    ? [await checkRole(client, environment ?? answered ?? undefined, names, signal)]
    : [];
  return [
    check("token", "ok", `The API token is valid for the project ${name} (${id}).`),
    check(
      "environment",
      "ok",
      environment === undefined
        ? `The primary environment${answered ? ` (${printable(answered, 80)})` : ""} is read.`
        : `The environment ${environment} exists, and the API token may read it.`,
    ),
    ...unencrypted(client),
    ...role,
    rateLimit(client, headers),
    ...wanted.flatMap((resource) => checks.get(resource.name) ?? []),
  ];
}

async function readSite(client: CmaClient, signal: AbortSignal | undefined) {
  const { body, headers } = await client.get<
    { data?: { id?: unknown; type?: unknown; attributes?: { name?: unknown } } } | undefined
  >("/site", {}, { signal });
  if (body?.data?.type !== "site") {
    throw new CmaError(
      `Expected a DatoCMS project from ${client.transport.baseUrl}/site, but the answer holds none: ` +
        "check the API's address.",
      { code: "api_address" },
    );
  }
  const { id, attributes } = body.data;
  return { id: printable(String(id), 40), name: printable(String(attributes?.name), 80), headers };
}

/** Checks whether listings may leave out what the API token's role may not read. */
async function checkRole(
  client: CmaClient,
  environment: string | undefined,
  wanted: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<DoctorCheck> {
  const report = (status: DoctorCheck["status"], message: string, fix?: string) => {
    return check("role", status, message, fix);
  };
  const unknown =
    "The API doesn't say whether the API token's role may read all records and uploads.";
  if (environment === undefined) return report("unknown", unknown);
  try {
    const restrictions = await readRestrictions(client, {
      environment,
      models: wanted.has("records") ? (await readSchema(client, signal)).schema.models : [],
      uploads: wanted.has("uploads"),
      signal,
    });
    if (restrictions === undefined) return report("unknown", unknown);
    if (restrictions.length === 0) {
      return report("ok", "The API token's role may read all records and uploads.");
    }
    return report(
      "warning",
      `The API token's role may not read all ${restrictions.join(" and all ")} in ${
        printable(environment, 60)
      }, so an export leaves those out without a trace.`,
      "In Project settings → Roles, let it read all records and uploads of that environment.",
    );
  } catch (error) {
    if (!(error instanceof CmaError)) throw error;
    return report("unknown", unknown);
  }
}

/** A valid token without such an environment isn't a bad token. */
async function failedSite(
  error: CmaError,
  settings: SourceSettings,
): Promise<DoctorCheck[]> {
  if (!error.codes.includes("INVALID_ENVIRONMENT")) {
    return [check("token", "problem", error.message, undefined, error)];
  }
  return [
    check("token", "ok", "The API token is valid."),
    check("environment", "problem", error.message, await knownEnvironments(settings), error),
  ];
}

async function knownEnvironments(settings: SourceSettings): Promise<string | undefined> {
  try {
    const client = new CmaClient({ ...settings, environment: undefined });
    const { body } = await client.get<{ data?: { id?: unknown }[] } | undefined>(
      "/environments",
      {},
      { signal: settings.signal },
    );
    const names = body?.data?.map(({ id }) => printable(String(id), 80)) ?? [];
    return names.length === 0 ? undefined : `Choose one of: ${names.slice(0, 20).join(", ")}.`;
  } catch (error) {
    if (!(error instanceof CmaError)) throw error;
    // Not every role may list them.
    return undefined;
  }
}

async function checkResource(
  client: CmaClient,
  resource: ExportResource & { readonly name: ResourceName },
  { include }: SourceSettings,
  signal: AbortSignal,
): Promise<DoctorCheck> {
  const { name, title, layout, maxLimit } = resource;
  const report = (
    status: DoctorCheck["status"],
    message: string,
    fix?: string,
    problem?: Problem,
  ) => check(`resource:${name}`, status, message, fix, problem);
  const isPaged = maxLimit !== undefined || name === "records";
  try {
    const path = layout === "each" ? await pathOfOne(client, resource, signal) : resource.path;
    if (path === undefined) return report("ok", `${title}: there is no record to ask about.`);
    await client.get(path, isPaged ? { page: { limit: 1 } } : {}, { signal });
    return report("ok", `${title}: may be read.`);
  } catch (error) {
    if (!(error instanceof CmaError)) throw error;
    const isRequired = REQUIRED_RESOURCES.has(name);
    const isNeeded = isRequired || include?.includes(name);
    const inPlan = !error.codes.includes("PLAN_UPGRADE_REQUIRED");
    if (!inPlan && !isNeeded) {
      return report("ok", `${title}: not in the project's plan, so there is nothing to export.`);
    }
    if (!error.isForbidden && (isRequired || !error.isAbsent)) {
      return report("problem", error.message, undefined, error);
    }
    const answer = [error.status, ...error.codes].join(" ");
    const why = error.isForbidden
      ? inPlan ? "the API token's role may not read this" : "not in the project's plan"
      : "not there";
    const end = isRequired ? "an export fails" : "an export leaves this out";
    const allow = "In Project settings → Roles, let the API token's role read this";
    const leaveOut = isRequired ? "" : "leave it out silently";
    return report(
      isNeeded ? "problem" : "warning",
      `${title}: ${why} (${answer}), so ${end}.`,
      (name === "upload_collections" && error.isForbidden ? `${READ_ONLY_TOKEN} ` : "") +
        [inPlan && error.isForbidden ? allow : "", leaveOut].filter(Boolean).join(", or ") + ".",
      isRequired ? {} : { code: "resource_unreadable", facts: { resource: name } },
    );
  }
}

/** Where it is asked for one record's part of a resource; `undefined` if there is no record. */
async function pathOfOne(
  client: CmaClient,
  { path }: ExportResource,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { schema: { models } } = await readSchema(client, signal);
  if (models.length === 0) return undefined;
  // An address has a length.
  const type = models.slice(0, 100).map(({ id }) => id).join(",");
  const query = { filter: { type }, version: "current", page: { limit: 1 } };
  const { body } = await client.get<{ data?: { id?: unknown }[] }>("/items", query, { signal });
  const record = body.data?.[0]?.id;
  return typeof record === "string" ? path.replace(":id", encodeURIComponent(record)) : undefined;
}

/** Whether others on the way can read along. */
function unencrypted({ transport: { baseUrl } }: CmaClient): DoctorCheck[] {
  const url = new URL(baseUrl);
  if (url.protocol === "https:" || isLoopback(url)) return [];
  return [
    check(
      "encryption",
      "warning",
      `The API is asked at ${
        printable(url.origin, 110)
      } without encryption, so whoever is on the way can ` +
        "read the API token and change what is exported.",
      `Give an address of the API that begins with https, as ${
        printable(url.href.replace(/^http:/, "https:"), 200)
      }.`,
      { code: "api_address" },
    ),
  ];
}

function rateLimit(client: CmaClient, headers: Headers): DoctorCheck {
  const { limit } = client.transport.limiter;
  return headers.has("x-ratelimit-limit")
    ? check("rate_limit", "ok", `The API takes ${limit} requests in ${WINDOW} s.`)
    : check(
      "rate_limit",
      "unknown",
      `The API doesn't tell its rate limit, so ${limit} requests in ${WINDOW} s are taken for it.`,
    );
}

function check(
  name: string,
  status: DoctorCheck["status"],
  message: string,
  fix?: string,
  { code, facts }: Problem = {},
): DoctorCheck {
  const check = {
    area: "source",
    name,
    status,
    message,
    ...(fix !== undefined && { fix }),
  } as const;
  return code === undefined ? check : { ...check, code, facts };
}

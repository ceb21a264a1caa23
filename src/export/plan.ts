import { concurrently } from "../async/concurrently.ts";
import { resolveSourceOptions, type SourceSettings } from "./export_settings.ts";
import type { SourceOptions } from "./options.ts";
import { type Guarded, guarded } from "./guarded.ts";
import type { CmaClient, Query } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { pageCount } from "../source/datocms/listing.ts";
import { recordLimit } from "../source/datocms/records.ts";
import { resourceNamed } from "../source/datocms/resources.ts";
import { type ScheduledRecords, scheduledRecords } from "../source/datocms/schedules.ts";
import { openProject } from "./open_project.ts";

/** The requests of each export: for the schema, at the beginning and the end, and for the API token's role. */
const AROUND = 3;

/** What an export would read of one model. */
export interface PlannedModel {
  /** The model's `api_key`. */
  readonly model: string;
  /** How many records it has. */
  readonly current: number;
  /** How many of them have a published version; `null` if those aren't read. */
  readonly published: number | null;
  /** How many requests that takes. */
  readonly requests: number;
}

/** What an export would read. */
export interface ExportPlan {
  /** The project. */
  readonly project: { readonly id: string; readonly name: string | null };
  /** The environment's name; `null` if the API doesn't tell. */
  readonly environment: string | null;
  /** The project's locales. */
  readonly locales: readonly string[];
  /** The models whose records would be read. */
  readonly models: readonly PlannedModel[];
  /** How many uploads there are; `null` if they aren't read. */
  readonly uploads: number | null;
  /**
   * How many records are to be published or unpublished, each of which takes a request; `null` if those aren't
   * asked about, or the API doesn't tell them.
   */
  readonly schedules: number | null;
  /** The other resources that would be read. */
  readonly resources: readonly string[];
  /** How many requests to the API all of it takes, asset files not counted. */
  readonly requests: number;
  /** The API's limit in requests per second. */
  readonly requestsPerSecond: number;
  /** The least time that the requests take under the API's rate limit, in seconds. */
  readonly leastSeconds: number;
}

/**
 * Finds out what an export would read, and how long it takes at least. Writes nothing.
 *
 * @param options Which project, and what of it.
 * @return What would be read.
 * @throws {SluiceError} If the project can't be read, or a model was chosen that isn't there.
 *
 * @example
 * ```ts no-eval
 * import { planExport } from "@sluice/datocms";
 *
 * const plan = await planExport({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")! });
 * console.log(`${plan.requests} requests, ${plan.leastSeconds} s or more`);
 * ```
 */
export async function planExport(options: SourceOptions): Promise<ExportPlan> {
  return await guarded(resolveSourceOptions(options), async (settings) => {
    return settings.redaction.redactValue(await planWithin(settings));
  });
}

async function planWithin(settings: Guarded<SourceSettings>): Promise<ExportPlan> {
  const { client, name, project, selection } = await openProject(settings);
  const { site, schema, environment } = project;
  const models = new Map<string, PlannedModel>();
  let uploads: number | null = null;
  let scheduled: ScheduledRecords | undefined;
  const { schedules } = selection;
  await concurrently(
    [
      ...selection.recordListings.map(({ model, version }) => async (signal: AbortSignal) => {
        const query = { filter: { type: model.id }, version };
        const count = await countOf(client, "/items", query, signal);
        const key = model.attributes.api_key;
        const planned = models.get(key) ?? { model: key, current: 0, published: null, requests: 0 };
        const requests = planned.requests + pageCount(count, recordLimit(schema, model));
        models.set(key, { ...planned, [version]: count, requests });
      }),
      async (signal: AbortSignal) => {
        if (selection.wants("uploads")) uploads = await countOf(client, "/uploads", {}, signal);
      },
      async (signal: AbortSignal) => {
        if (schedules === undefined) return;
        const { models, most } = schedules;
        scheduled = await scheduledRecords(client, models, { most, signal });
      },
    ],
    settings.concurrency,
    settings.signal,
  );
  // What has changed meanwhile is asked for at the end: uploads, and records of each version.
  const uploadRequests = uploads === null
    ? 0
    : pageCount(uploads, resourceNamed("uploads").maxLimit!) + 1;
  const recordRequests = models.values().reduce((sum, model) => sum + model.requests, 0) +
    new Set(selection.recordListings.map(({ version }) => version)).size;
  const { ids, requests: looks = 0 } = scheduled ?? {} as Partial<ScheduledRecords>;
  const scheduleRequests = looks + (ids?.size ?? 0);
  const requests = AROUND + selection.settings.length + uploadRequests + recordRequests +
    scheduleRequests;
  const { limiter } = client.transport;
  return {
    project: { id: site.id, name },
    environment: environment ?? null,
    locales: schema.locales,
    models: [...models.values()].sort((a, b) => a.model < b.model ? -1 : 1),
    uploads,
    schedules: ids?.size ?? null,
    resources: selection.settings.map(({ name }) => name),
    requests,
    requestsPerSecond: limiter.perSecond,
    leastSeconds: limiter.leastSeconds(requests),
  };
}

async function countOf(
  client: CmaClient,
  path: string,
  query: Query,
  signal: AbortSignal,
): Promise<number> {
  const { body } = await client.get<{ meta?: { total_count?: number } }>(
    path,
    { ...query, page: { limit: 0 } },
    { signal },
  );
  const count = body.meta?.total_count;
  if (typeof count !== "number") {
    throw new CmaError(
      `Expected "meta.total_count" in the answer to GET ${path}, but it is missing.`,
    );
  }
  return count;
}

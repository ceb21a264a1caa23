import { concurrently } from "../async/concurrently.ts";
import { resolveSourceOptions, type SourceSettings } from "./export_settings.ts";
import type { SourceOptions } from "./options.ts";
import { type Guarded, guarded } from "./guarded.ts";
import type { CmaClient } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { pageCount } from "../source/datocms/listing.ts";
import { resourceNamed } from "../source/datocms/resources.ts";
import { type ScheduledRecords, scheduledRecords } from "../source/datocms/schedules.ts";
import { totalOf } from "../source/datocms/listing.ts";
import { openProject } from "./open_project.ts";
import { planAssets } from "./plan_assets.ts";
import { type PlannedModel, type PlannedRecords, planRecords } from "./plan_records.ts";

export type { PlannedModel };

/** The requests of each export: for the schema, at the beginning and the end, and for the API token's role. */
const AROUND = 3;

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
  /** The asset files that would be fetched, but for those that are there; `null` if they aren't. */
  readonly assets: {
    /** How many bytes all of them have. */
    readonly bytes: number;
    /** Whether that is concluded from some of them, since there are many. */
    readonly isEstimate: boolean;
  } | null;
  /**
   * How many records are to be published or unpublished, each of which takes a request; `null` if those aren't
   * asked about, or the API doesn't tell them.
   */
  readonly schedules: number | null;
  /** The other resources that would be read. */
  readonly resources: readonly string[];
  /** How many requests to the API all of it takes, asset files not counted. */
  readonly requests: number;
  /** How many it would take if all records were listed with their blocks, in each version. */
  readonly requestsListed: number;
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
  let records: PlannedRecords = { models: [], requests: 0, requestsListed: 0 };
  let uploads: number | null = null;
  let assets: ExportPlan["assets"] = null;
  let scheduled: ScheduledRecords | undefined;
  const { schedules, recordListings } = selection;
  const { concurrency, verifyPublished } = settings;
  await concurrently(
    [
      async (signal: AbortSignal) => {
        if (recordListings.length === 0) return;
        const parts = { client, schema, recordListings, verifyPublished, concurrency };
        records = await planRecords(parts, signal);
      },
      async (signal: AbortSignal) => {
        if (!selection.wants("uploads")) return;
        uploads = await countUploads(client, signal);
        if (selection.wantsAssets) assets = await planAssets(client, uploads, signal);
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
  // What has changed meanwhile is asked for at the end.
  const uploadRequests = uploads === null
    ? 0
    : pageCount(uploads, resourceNamed("uploads").maxLimit!) + 1;
  const { ids, requests: looks = 0 } = scheduled ?? {} as Partial<ScheduledRecords>;
  const scheduleRequests = looks + (ids?.size ?? 0);
  const others = AROUND + selection.settings.length + uploadRequests + scheduleRequests;
  const requests = others + records.requests;
  const { limiter } = client.transport;
  return {
    project: { id: site.id, name },
    environment: environment ?? null,
    locales: schema.locales,
    models: records.models,
    uploads,
    assets,
    schedules: ids?.size ?? null,
    resources: selection.settings.map(({ name }) => name),
    requests,
    requestsListed: others + records.requestsListed,
    requestsPerSecond: limiter.perSecond,
    leastSeconds: limiter.leastSeconds(requests),
  };
}

async function countUploads(client: CmaClient, signal: AbortSignal): Promise<number> {
  const count = await totalOf(client, "/uploads", {}, signal);
  if (count !== undefined) return count;
  throw new CmaError(
    'Expected "meta.total_count" in the answer to GET /uploads, but it is missing.',
  );
}

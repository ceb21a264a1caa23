import { concurrently } from "../../async/concurrently.ts";
import type { ItemType, Resource } from "../../content/resource.ts";
import { BodyTooLargeError } from "../../http/body.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import { TooDeepError } from "./cma_body.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { type ListingOptions, listingReader, pageOptions } from "./listing.ts";
import { pageStream } from "./page_stream.ts";
import { resourceNamed } from "./resources.ts";

/** What can be scheduled for a record, and where its `meta` tells when. */
const KINDS = [
  { type: "scheduled_publication", attribute: "publication_scheduled_at" },
  { type: "scheduled_unpublishing", attribute: "unpublishing_scheduled_at" },
] as const;

/** Models in one query: an address has a length. */
const MODELS_AT_ONCE = 100;
/** The most records in one answer. */
const LIMIT = 500;

/** Which records are scheduled. */
export interface ScheduledRecords {
  /** Their ids; `undefined` if they aren't known. */
  readonly ids?: Set<string> | undefined;
  /** Whether there are more of them than were asked for. */
  readonly isMany?: boolean | undefined;
  /** Why the API can't tell them: a clause. */
  readonly problem?: string | undefined;
  /** How many requests it took to find out. */
  readonly requests: number;
}

/** How scheduled records are looked for. */
export interface ScheduledRecordsOptions extends Pick<ListingOptions, "signal" | "onEnd"> {
  /** The most that are looked for. */
  readonly most: number;
}

/**
 * Whether a record is to be published or unpublished, as its `meta` tells.
 *
 * @param record The record.
 */
export function isScheduled({ meta }: Resource): boolean {
  return KINDS.some(({ attribute }) => typeof meta?.[attribute] === "string");
}

/**
 * Finds the records that are to be published or unpublished: the API is asked for those with such a date. Holds
 * their ids in memory, at most 150 bytes for each.
 *
 * @param client Reads the API.
 * @param models The models whose records are looked at.
 * @param options How many are looked for, and the signal.
 * @return Those, or why they aren't known.
 * @throws {CmaError} If the API can't be read.
 */
export async function scheduledRecords(
  client: CmaClient,
  models: readonly ItemType[],
  { most, signal, onEnd }: ScheduledRecordsOptions,
): Promise<ScheduledRecords> {
  const ids = new Set<string>();
  let requests = 0;
  const problems = new Map<string, string>();
  let isMany = false;
  const find = async (attribute: string, signal: AbortSignal) => {
    for (let at = 0; at < models.length; at += MODELS_AT_ONCE) {
      const some = models.slice(at, at + MODELS_AT_ONCE);
      const enough = new AbortController();
      const type = some.map(({ id }) => id).join(",");
      const filter = { type, fields: { [`_${attribute}`]: { exists: true } } };
      const query = { version: "current", filter };
      const reader = listingReader(client, { path: "/items", query, maxLimit: LIMIT });
      const pages = pageStream(async (request) => {
        requests++;
        const page = await reader.read(request);
        // Before anything else is asked for.
        if (page.total !== undefined && page.total > most) enough.abort();
        return page;
      }, {
        ...pageOptions(reader, { signal, stop: enough.signal, prefetch: 1, onEnd }),
        maxLimit: LIMIT,
      });
      try {
        for await (const page of pages) {
          const stray = page.find((record) => typeof record.meta?.[attribute] !== "string");
          if (stray !== undefined) {
            problems.set(attribute, `sent record ${printable(stray.id, 60)}, which has none`);
            return;
          }
          for (const { id } of page) ids.add(id);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
        problems.set(attribute, `refused that: ${error.message}`);
        return;
      }
      isMany ||= enough.signal.aborted || ids.size > most;
      if (isMany) return;
    }
  };
  await concurrently(
    KINDS.map(({ attribute }) => (signal) => find(attribute, signal)),
    KINDS.length,
    signal,
  );
  const problem = KINDS.map(({ attribute }) => problems.get(attribute))
    .find((problem) => problem !== undefined);
  if (problem !== undefined) return { requests, problem };
  return isMany ? { requests, isMany } : { requests, ids };
}

/** What is scheduled for a record. */
export interface RecordSchedules {
  /** The scheduled publication and unpublishing, as the API sends them, if there are any. */
  readonly resources: readonly Resource[];
  /** Why the answer can't be used: a clause. */
  readonly problem?: string | undefined;
}

/**
 * Asks what is scheduled for a record.
 *
 * @param client Reads the API.
 * @param id The record's id.
 * @param signal Aborts the request.
 * @return What is scheduled; nothing if the record is gone.
 * @throws {CmaError} If the API refuses.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/current_vs_published_state}
 */
export async function schedulesOf(
  client: CmaClient,
  id: string,
  signal: AbortSignal,
): Promise<RecordSchedules> {
  const path = resourceNamed("schedules").path.replace(":id", encodeURIComponent(id));
  let body: unknown;
  try {
    ({ body } = await client.get<unknown>(path, {}, {
      signal,
      listing: { resource: "schedules" },
    }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CmaError && error.codes.includes("NOT_FOUND")) return { resources: [] };
    if (error instanceof BodyTooLargeError) {
      return unusable("is larger than 32 MiB");
    }
    if (!(error instanceof TooDeepError)) throw error;
    body = error.parse();
  }
  const data: unknown = isObject(body) ? body.data : undefined;
  const links: unknown = isObject(data) ? data.relationships : undefined;
  const included: unknown = isObject(body) ? body.included : undefined;
  if (!isObject(links) || KINDS.some(({ type }) => links[type] === undefined)) {
    return unusable("doesn't tell it");
  }
  const found: Resource[] = [];
  for (const { type } of KINDS) {
    const link: unknown = isObject(links[type]) ? links[type].data : undefined;
    if (!isObject(link)) continue;
    const entity = Array.isArray(included)
      ? included.find((one) => isObject(one) && one.type === type && one.id === link.id)
      : undefined;
    if (!isObject(entity) || typeof entity.id !== "string") {
      return unusable(`names a ${type} and doesn't hold it`);
    }
    const resource = entity as unknown as Resource;
    const item: unknown = resource.relationships?.item?.data;
    if (isObject(item) && item.id !== id) {
      return unusable("is of another record");
    }
    found.push(resource);
  }
  return { resources: found };
}

function unusable(what: string): RecordSchedules {
  return { resources: [], problem: `the API's answer ${what}` };
}

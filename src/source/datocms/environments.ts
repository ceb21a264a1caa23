import { isObject } from "../../text/json.ts";
import { limited } from "../../async/limited.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { stopOf } from "./write_gate.ts";

/** An environment, as the API describes it. */
export interface Environment {
  /** Its name. */
  readonly id: string;
  /** What is known of it. */
  readonly meta: {
    /** `creating`, `ready` or `destroying`. */
    readonly status?: string | undefined;
    /** How much of it is made, in percent, while it is `creating`. */
    readonly fork_completion_percentage?: number | undefined;
    /** When it was made, in ISO 8601. */
    readonly created_at?: string | undefined;
    /** When something in it was last changed, in ISO 8601. */
    readonly last_data_change_at?: string | undefined;
    /** Whether nobody can write to it for now. */
    readonly read_only_mode?: boolean | undefined;
    /** Whether it is the project's primary one. */
    readonly primary?: boolean | undefined;
  };
}

/** How often an environment is looked at: in the end every so many milliseconds. */
const POLL = { first: 200, most: 5000, factor: 1.5 };
/** How long a deletion is waited for before it is looked at, in milliseconds. */
const ATTEMPT_MS = 30_000;

/**
 * A project's environments.
 *
 * @param client Reads the API; which environment it is for doesn't matter.
 * @param signal Aborts the request.
 * @return All environments, and the time by the API's clock, if it tells.
 * @throws {CmaError} If the API refuses, or answers with something else.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/environment/instances}
 */
export async function listEnvironments(
  client: CmaClient,
  signal: AbortSignal,
): Promise<{ readonly environments: readonly Environment[]; readonly now: Date | undefined }> {
  const path = "/environments";
  const { body, headers } = await client.get<{ data?: unknown } | null>(path, {}, { signal });
  if (!Array.isArray(body?.data)) {
    throw new CmaError(
      `Expected a list of environments from GET ${path}, but the answer has none.`,
    );
  }
  const time = Date.parse(headers.get("date") ?? "");
  const now = Number.isNaN(time) ? undefined : new Date(time);
  return { environments: body.data.map(toEnvironment), now };
}

/**
 * Begins to copy an environment. The environment can be edited meanwhile: only a "fast" fork would keep
 * its editors from writing.
 *
 * A request that got no answer is sent again: should it have been carried out, it is refused then, as the
 * name is taken. Whatever has that name is the copy.
 *
 * @param client Writes to the API.
 * @param source The environment's name.
 * @param id The copy's name, which nobody else would choose, and no environment has yet.
 * @param signal Aborts the request: the copy may be made all the same.
 * @throws {CmaError} If the API refuses, or isn't reached.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/environment/fork}
 */
export async function forkEnvironment(
  client: CmaClient,
  source: string,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/environments/${encodeURIComponent(source)}/fork`;
  const body = { data: { id, type: "environment" } };
  try {
    const options = { signal, repeatable: true };
    await client.request("POST", path, { immediate_return: true }, body, options);
  } catch (error) {
    signal.throwIfAborted();
    // Asked again, or by somebody on the way, the API may refuse what it has done.
    const mayBeThere = error instanceof CmaError && !error.isForbidden &&
      stopOf(error) === undefined;
    if (
      !mayBeThere || await findEnvironment(client, id, signal).catch(() => undefined) === undefined
    ) {
      signal.throwIfAborted();
      throw error;
    }
  }
}

/**
 * An environment, or `undefined` if there is none of that name.
 *
 * @param client Reads the API.
 * @param id Its name.
 * @param signal Aborts the request.
 * @throws {CmaError} If the API refuses, or answers with something else.
 */
export async function findEnvironment(
  client: CmaClient,
  id: string,
  signal: AbortSignal,
): Promise<Environment | undefined> {
  const path = `/environments/${encodeURIComponent(id)}`;
  try {
    const { body } = await client.get<{ data?: unknown } | null>(path, {}, { signal });
    return toEnvironment(body?.data);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Waits until an environment can be read.
 *
 * @param client Reads the API.
 * @param id Its name.
 * @param onPercent Called with how much of it is made, as far as the API tells.
 * @param signal Ends the waiting.
 * @throws {CmaError} If it is gone, or the API refuses.
 */
export async function untilReady(
  client: CmaClient,
  id: string,
  onPercent: (percent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = POLL.first;; waitMs = Math.min(waitMs * POLL.factor, POLL.most)) {
    const meta = (await findEnvironment(client, id, signal))?.meta;
    if (meta?.status === "ready") return;
    if (meta?.status !== "creating") {
      throw new CmaError(
        `Expected the copy ${JSON.stringify(id)} to become ready, but it is ${
          meta?.status ?? "gone"
        }: somebody may have deleted it, so try again.`,
      );
    }
    if (meta.fork_completion_percentage !== undefined) onPercent(meta.fork_completion_percentage);
    await client.transport.clock.delay(waitMs, { signal });
  }
}

/**
 * Deletes an environment, also one that is still being made: what keeps it from being deleted now may be
 * over a moment later.
 *
 * @param client Writes to the API.
 * @param id Its name.
 * @param limitMs How long to try, in milliseconds: then what was last in its way is thrown.
 * @param signal Ends it, too.
 * @return Whether there was one.
 * @throws {CmaError} If the API doesn't permit it.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/environment/destroy}
 */
export async function destroyEnvironment(
  client: CmaClient,
  id: string,
  limitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = `/environments/${encodeURIComponent(id)}`;
  let obstacle: unknown;
  return await limited(limitMs, signal, async (signal) => {
    for (let waitMs = POLL.first;; waitMs = Math.min(waitMs * POLL.factor, POLL.most)) {
      try {
        await limited(Math.min(limitMs / 2, ATTEMPT_MS), signal, async (signal) => {
          await client.request("DELETE", path, {}, undefined, { signal });
        });
        return true;
      } catch (error) {
        if (isNotFound(error)) return obstacle !== undefined;
        const isFinal = error instanceof CmaError && error.isForbidden;
        if (isFinal || stopOf(error) !== undefined) throw error;
        signal.throwIfAborted();
        obstacle = error;
      }
      const found = await findEnvironment(client, id, signal);
      // DatoCMS ends what it has begun.
      if (found === undefined || found.meta.status === "destroying") return true;
      await client.transport.clock.delay(waitMs, { signal });
    }
  }).catch((error) => {
    throw obstacle ?? error;
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof CmaError && error.status === 404 &&
    !error.codes.includes("INVALID_ENVIRONMENT");
}

function toEnvironment(value: unknown): Environment {
  if (!isObject(value) || typeof value.id !== "string") {
    throw new CmaError("Expected an environment from the DatoCMS API, but the answer holds none.");
  }
  const meta = isObject(value.meta) ? value.meta : {};
  const { status, fork_completion_percentage: percent, created_at, primary } = meta;
  const { last_data_change_at } = meta;
  return {
    id: value.id,
    meta: {
      ...(typeof status === "string" && { status }),
      ...(typeof percent === "number" && { fork_completion_percentage: percent }),
      ...(typeof created_at === "string" && { created_at }),
      ...(typeof last_data_change_at === "string" && { last_data_change_at }),
      ...(typeof primary === "boolean" && { primary }),
    },
  };
}

import { isObject } from "../../text/json.ts";
import type { Resource } from "../../content/resource.ts";
import { TooDeepError } from "./cma_body.ts";
import type { CmaClient, Query } from "./cma_client.ts";
import { toResources, type Unreadable, withoutUnreadable } from "./unreadable.ts";

/** How they are asked for. */
export interface ByIdOptions {
  /** Aborts the requests. */
  readonly signal: AbortSignal;
  /** The largest answer to accept, in bytes. @default As large as any */
  readonly maxBytes?: number | undefined;
  /** Called with the size of each answer in bytes. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Called with each entry of an answer that nobody can read. */
  readonly onUnreadable?: ((entry: Unreadable) => void) | undefined;
}

/** Which resources are asked for. */
export interface ById {
  /** Their listing, such as `/uploads`. */
  readonly path: string;
  /** Their ids: as many as come in one answer at most. */
  readonly ids: ReadonlySet<string>;
  /** Query parameters other than `filter` and `page`. */
  readonly query?: Query | undefined;
}

/**
 * Asks for some resources by their ids. Those that don't come are asked for again as long as some of them do
 * then, since whoever asks takes the others for gone.
 *
 * @param client Reads the API.
 * @param by Which resources.
 * @param options The signal, and whom to tell of what can't be read.
 * @return Those that the project has, by id, but for those that nobody can read; `undefined` if the API sends
 * others: then nothing says that one is gone.
 * @throws {CmaError} If the API refuses.
 */
export async function resourcesById<T extends Resource>(
  client: CmaClient,
  { path, ids, query }: ById,
  options: ByIdOptions,
): Promise<Map<string, T> | undefined> {
  const found = new Map<string, T>();
  let isAnyNew = true;
  for (let missing = [...ids], asked = 0; missing.length > 0 && (asked < 2 || isAnyNew); asked++) {
    const page = { limit: missing.length };
    const by = { ...query, filter: { ids: missing.join(",") }, page };
    const resources = await read<T>(client, path, by, options);
    if (resources.some(({ id }) => !ids.has(id))) return undefined;
    const before = found.size;
    for (const resource of resources) found.set(resource.id, resource);
    isAnyNew = found.size > before;
    missing = missing.filter((id) => !found.has(id));
  }
  return found;
}

async function read<T extends Resource>(
  client: CmaClient,
  path: string,
  query: Query,
  { signal, maxBytes, onBytes, onUnreadable }: ByIdOptions,
): Promise<readonly T[]> {
  try {
    const { body, bytes } = await client.get<unknown>(path, query, { signal, maxBytes });
    onBytes?.(bytes);
    return withoutUnreadable(resourcesIn<T>(body, false), onUnreadable);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TooDeepError)) throw error;
    onBytes?.(error.size);
    return withoutUnreadable(resourcesIn<T>(error.parse(), true), onUnreadable);
  }
}

function resourcesIn<T extends Resource>(body: unknown, isDeep: boolean): readonly T[] {
  const data: unknown = isObject(body) ? body.data : undefined;
  return Array.isArray(data) ? toResources<T>(data, 0, isDeep) : [];
}

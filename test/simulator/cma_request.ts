import type { Item, JsonObject, Resource } from "../../src/content/resource.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";

/** A JSON answer, as far as tests look at it. */
export interface JsonAnswer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly data: T;
    readonly included?: readonly Resource[];
    readonly meta?: { readonly total_count: number };
  };
}

/** Starts a server without rate limit. */
export function start(options: DemoCmaOptions): DemoCma {
  return startDemoCma({ rateLimit: false, ...options });
}

/** Sends a request as the documentation says, and reads the answer. */
export async function call<T>(
  cma: DemoCma,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<JsonAnswer<T>> {
  const response = await fetch(cma.url + path, {
    method: init.method ?? "GET",
    headers: {
      "Authorization": `Bearer ${cma.apiToken}`,
      "Accept": "application/json",
      "X-Api-Version": "3",
      ...(init.body ? { "Content-Type": "application/vnd.api+json" } : {}),
      ...init.headers,
    },
    ...(init.body ? { body: JSON.stringify(init.body) } : {}),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Lists resources, which must work. */
export async function list<T = Item>(
  cma: DemoCma,
  path: string,
): Promise<{ data: T[]; total: number }> {
  const { status, body } = await call<T[]>(cma, path);
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  return { data: body.data, total: body.meta?.total_count ?? -1 };
}

/** The codes of the errors that a request is answered with, with the status before them. */
export async function errorOf(
  cma: DemoCma,
  path: string,
  init?: Parameters<typeof call>[2],
): Promise<string> {
  const { status, body } = await call<{ attributes: JsonObject }[]>(cma, path, init);
  return [status, ...body.data.map((error) => error.attributes.code)].join(" ");
}

/** The ids of resources. */
export function ids(resources: readonly Resource[]): string[] {
  return resources.map((one) => one.id);
}

import { CmaClient, type CmaClientOptions } from "../../src/source/datocms/cma_client.ts";
import type { CmaEvent } from "../../src/source/datocms/cma_event.ts";
import type { RateLimit } from "../../src/simulator/server.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";

/** A token that must not be seen anywhere. */
export const TOKEN = "s3cret-t0ken-0123456789abcdef";

/** A rate limit that nobody reaches: told of it, clients don't pace themselves. */
export const AMPLE: RateLimit = { limit: 100_000, windowMs: 3000 };

/** A client with small patience, and what it tells. */
export function testClient(
  baseUrl: string,
  options: Partial<CmaClientOptions> = {},
): CmaClient & { readonly events: CmaEvent[] } {
  const events: CmaEvent[] = [];
  const client = new CmaClient({
    apiToken: TOKEN,
    baseUrl,
    limiter: new RateLimiter({ limit: 1000, windowMs: 1000 }),
    headersTimeoutMs: 5000,
    stallTimeoutMs: 5000,
    onEvent: (event) => events.push(event),
    ...options,
    retry: {
      maxAttempts: 4,
      baseDelayMs: 2,
      maxDelayMs: 5,
      maxTotalWaitMs: 2000,
      ...options.retry,
    },
  });
  return Object.assign(client, { events });
}

/** An answer of the API. */
export function json(body: unknown, init: ResponseInit = {}): Response {
  return Response.json(body, init);
}

/** An error answer of the API. */
export function apiError(
  status: number,
  code: string,
  options: { details?: unknown; transient?: boolean; headers?: Record<string, string> } = {},
): Response {
  const { details = {}, transient, headers } = options;
  return Response.json({
    data: [{
      id: "ce9dcb",
      type: "api_error",
      attributes: { code, details, ...(transient ? { transient } : {}) },
    }],
  }, { status, ...(headers && { headers }) });
}

/** Everything that an error, its causes and what hangs on them say. */
export function allText(error: unknown): string {
  const seen = new Set<unknown>();
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" && typeof value !== "function") {
      return void texts.push(String(value));
    }
    if (value === null || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Headers) return [...value].flat().forEach(walk);
    for (const key of Reflect.ownKeys(value)) {
      texts.push(String(key));
      walk((value as Record<PropertyKey, unknown>)[key]);
    }
  };
  walk(error);
  texts.push(Deno.inspect(error, { depth: 20 }), JSON.stringify(error) ?? "");
  return texts.join("\n");
}

import { ApiError, buildClient } from "@datocms/cma-client";
import assert from "node:assert/strict";
import { isObject } from "../../src/text/json.ts";
import type { DemoCma } from "../../src/simulator/server.ts";

/** DatoCMS's own client. */
export type WriteClient = ReturnType<typeof buildClient>;

/**
 * DatoCMS's own client for a server. It waits a second and more for each job; this one asks at once.
 *
 * @param cma The server.
 * @param environment The environment to write to; the primary one if not given.
 */
export function writeClient(cma: DemoCma, environment?: string): WriteClient {
  const { apiToken, url } = cma;
  const fetchFn: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (response.status !== 202) return response;
    const job = await response.json() as { data: { id: string } };
    const headers = { ...init?.headers as Record<string, string> };
    for (;;) {
      const result = await fetch(`${url}/job-results/${job.data.id}`, { headers });
      const { data } = await result.json() as {
        data: { attributes: { status: number; payload: unknown } };
      };
      if (result.status === 404) continue;
      return Response.json(data.attributes.payload, { status: data.attributes.status });
    }
  };
  return buildClient({
    apiToken,
    baseUrl: url,
    ...environment === undefined ? {} : { environment },
    autoRetry: false,
    fetchFn,
  });
}

/**
 * The codes that a request is refused with, those of fields with their field, in order.
 *
 * @param request The request, which must be refused.
 */
export async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.errors.map(({ attributes: { code, details } }) => {
      if (code !== "INVALID_FIELD" || !isObject(details)) return code;
      return `${String(details.field)}: ${String(details.code)}`;
    }).join(", ");
  }
  assert.fail("The request wasn't refused");
}

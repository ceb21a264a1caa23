import type { Json } from "../../src/content/resource.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { serveHttp, type TestServer } from "./http_server.ts";

/** An answer of a listing. */
export interface ListedBody {
  data: Json[];
  meta: { total_count: number };
}

/**
 * Serves what another server does, but for what its listings of records and uploads say.
 *
 * @param cma The other server.
 * @param change Changes the answer of such a listing, or gives another one.
 */
export function serveBetween(
  cma: DemoCma,
  change: (body: ListedBody, url: URL) => ListedBody,
): TestServer {
  return serveHttp(async (request, url) => {
    const response = await fetch(cma.url + url.pathname + url.search, request);
    const { headers, status, body } = response;
    if (!response.ok || !/^\/(items|uploads)$/.test(url.pathname)) {
      return new Response(body, { status, headers });
    }
    const answer = await response.json();
    return Response.json(change(answer, url), { headers: { date: headers.get("date") ?? "" } });
  });
}

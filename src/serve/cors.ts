/**
 * Lets the scripts of some websites read an answer. They send a token of their own: nothing that a browser adds by
 * itself lets anybody in.
 *
 * @param headers The answer's headers.
 * @param request The request.
 * @param origins The websites, as browsers name them.
 */
export function addCors(headers: Headers, request: Request, origins: readonly string[]): void {
  if (origins.length === 0) return;
  headers.append("Vary", "Origin");
  const origin = request.headers.get("origin");
  if (origin === null || !origins.includes(origin)) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", "Content-Range, ETag, Retry-After, X-Request-Id");
}

/**
 * The answer to a browser that asks whether a script may ask: `undefined` if it is something else.
 *
 * @param request The request.
 * @param origins The websites.
 */
export function preflight(request: Request, origins: readonly string[]): Response | undefined {
  const isOne = request.method === "OPTIONS" &&
    request.headers.has("access-control-request-method") &&
    origins.includes(request.headers.get("origin") ?? "");
  if (!isOne) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": "GET, HEAD",
      "Access-Control-Allow-Headers": "Authorization, Accept, If-None-Match, If-Range, Range",
      "Access-Control-Max-Age": "600",
    },
  });
}

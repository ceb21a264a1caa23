import { gzipSync } from "node:zlib";

/**
 * Compresses an answer, as the real API does, if whoever asked takes that and it isn't compressed already.
 *
 * @param request The request.
 * @param response Its answer.
 */
export async function gzipped(request: Request, response: Response): Promise<Response> {
  const isTaken = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  if (!isTaken || response.body === null || response.headers.has("content-encoding")) {
    return response;
  }
  const headers = new Headers(response.headers);
  headers.set("content-encoding", "gzip");
  headers.set("vary", "accept-encoding");
  headers.delete("content-length");
  const bytes = new Uint8Array(gzipSync(await response.bytes(), { level: 1 }));
  return new Response(bytes, { status: response.status, headers });
}

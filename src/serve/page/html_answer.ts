import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { takesGzip } from "../answer.ts";

const compress = promisify(gzip);
const ENCODER = new TextEncoder();

/**
 * Answers with a page.
 *
 * @param request The request.
 * @param page The page's markup.
 * @param init Its status and headers.
 */
export async function htmlAnswer(
  request: Request,
  page: { toString(): string | Promise<string> },
  { status = 200, headers: more = {} }: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>> | undefined;
  } = {},
): Promise<Response> {
  let bytes = ENCODER.encode(`<!doctype html>\n${await page.toString()}\n`);
  const headers = new Headers({
    "Content-Type": "text/html; charset=utf-8",
    // What was seen after a login isn't to be found in a cache after the end of it.
    "Cache-Control": "private, no-store",
    "Vary": "Cookie, Accept-Encoding",
    // Without a referrer of its own origin, a browser doesn't say which page a form was sent by.
    "Referrer-Policy": "same-origin",
    ...more,
  });
  if (takesGzip(request)) {
    bytes = new Uint8Array(await compress(bytes, { level: 1 }));
    headers.set("Content-Encoding", "gzip");
  }
  headers.set("Content-Length", String(bytes.length));
  return new Response(bytes, { status, headers });
}

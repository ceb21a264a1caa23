import { createHash } from "node:crypto";
import { gzip } from "node:zlib";
import { promisify } from "node:util";
import type { Call, NamedSnapshot } from "./call.ts";

const compress = promisify(gzip);
/** Shorter texts aren't worth it (bytes). */
const COMPRESSED = 1024;
const ENCODER = new TextEncoder();

/**
 * Answers with JSON, compressed for clients that take that. What is of a snapshot has a tag: a client that has it
 * already isn't sent it again, and nothing is read.
 *
 * @param call The request.
 * @param snapshot The snapshot that it is of; `undefined` if it isn't of one alone.
 * @param make Makes what is answered.
 */
export async function jsonAnswer(
  call: Call,
  snapshot: NamedSnapshot | undefined,
  make: () => Promise<unknown> | unknown,
): Promise<Response> {
  const tag = snapshot && tagOf(call, snapshot);
  const headers = jsonHeaders(snapshot);
  if (tag !== undefined && hasTag(call.request, tag)) {
    headers.set("ETag", `"${tag}"`);
    return new Response(null, { status: 304, headers });
  }
  let bytes = ENCODER.encode(`${JSON.stringify(await make())}\n`);
  const isCompressed = bytes.length >= COMPRESSED && takesGzip(call.request);
  if (isCompressed) {
    bytes = new Uint8Array(await compress(bytes, { level: 1 }));
    headers.set("Content-Encoding", "gzip");
  }
  if (tag !== undefined) headers.set("ETag", `"${tag}${isCompressed ? "-gzip" : ""}"`);
  headers.set("Content-Length", String(bytes.length));
  return new Response(bytes, { headers });
}

/**
 * Answers with JSON that is sent while it is made, as fast as the client reads. It is compressed for clients that take
 * that, and has a tag as that of {@linkcode jsonAnswer}.
 *
 * @param call The request.
 * @param snapshot The snapshot that it is of.
 * @param make Begins what is answered.
 */
export async function streamedJson(
  call: Call,
  snapshot: NamedSnapshot,
  make: () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>,
): Promise<Response> {
  const tag = tagOf(call, snapshot);
  const headers = jsonHeaders(snapshot);
  if (hasTag(call.request, tag)) {
    headers.set("ETag", `"${tag}"`);
    return new Response(null, { status: 304, headers });
  }
  const isCompressed = takesGzip(call.request);
  headers.set("ETag", `"${tag}${isCompressed ? "-gzip" : ""}"`);
  const bytes = await make();
  if (!isCompressed) return new Response(bytes, { headers });
  headers.set("Content-Encoding", "gzip");
  return new Response(bytes.pipeThrough(new CompressionStream("gzip")), { headers });
}

/**
 * An answer of JSON that isn't of a snapshot: whether the server runs, or why there is none.
 *
 * @param body What it says.
 * @param init Its status and headers.
 */
export function plainJson(
  body: unknown,
  init: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const bytes = ENCODER.encode(`${JSON.stringify(body)}\n`);
  const headers = new Headers({
    "Content-Type": "application/json; charset=utf-8",
    ...init.headers,
  });
  headers.set("Content-Length", String(bytes.length));
  return new Response(bytes, { ...init, headers });
}

/**
 * Answers with a stream of pages, an entry on each line. Nothing is read before the client does.
 *
 * @param pages The pages.
 */
export function ndjsonAnswer(pages: ReadableStream<readonly unknown[]>): Response {
  const lines = new TransformStream<readonly unknown[], Uint8Array<ArrayBuffer>>(
    {
      transform(page, controller) {
        if (page.length === 0) return;
        controller.enqueue(
          ENCODER.encode(page.map((entry) => `${JSON.stringify(entry)}\n`).join("")),
        );
      },
    },
  );
  return new Response(pages.pipeThrough(lines), {
    headers: { "Content-Type": "application/x-ndjson; charset=utf-8", "Cache-Control": "no-store" },
  });
}

/**
 * Whether a client asks for lines rather than one document.
 *
 * @param request The request.
 */
export function wantsLines(request: Request): boolean {
  return /\bapplication\/x-ndjson\b/.test(request.headers.get("accept") ?? "");
}

/**
 * What a cache may do with an answer.
 *
 * @param snapshot The snapshot that it is of.
 */
export function cacheControl(snapshot: Pick<NamedSnapshot, "isPinned"> | undefined): string {
  return snapshot?.isPinned ? "private, max-age=31536000, immutable" : "no-cache";
}

/**
 * Whether a client has what has a tag.
 *
 * @param request The request.
 * @param tag The tag, without quotes.
 */
export function hasTag(request: Request, tag: string): boolean {
  const given = request.headers.get("if-none-match");
  if (given === null) return false;
  const tags = given.split(",").map((one) => one.trim().replace(/^W\//, ""));
  return tags.some((one) => one === "*" || one === `"${tag}"` || one === `"${tag}-gzip"`);
}

function jsonHeaders(snapshot: NamedSnapshot | undefined): Headers {
  return new Headers({
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": cacheControl(snapshot),
    "Vary": "Authorization, Accept, Accept-Encoding",
  });
}

/** What tells an answer from any other of the same address, to anybody else included. */
function tagOf({ url, scope }: Call, { tag }: NamedSnapshot): string {
  return createHash("sha256").update(`${tag}\n${scope}\n${url.pathname}${url.search}`)
    .digest("base64url").slice(0, 27);
}

/**
 * Whether a client takes compressed answers.
 *
 * @param request The request.
 */
export function takesGzip(request: Request): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(
    request.headers.get("accept-encoding") ?? "",
  );
}

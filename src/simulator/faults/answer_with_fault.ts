import { ApiError } from "../../cma_server/answer.ts";
import type { RightAnswer } from "../server.ts";
import { FAULTS } from "./fault_plan.ts";
import { type Fault, REDIRECTED } from "./faults.ts";
import { misunderstood, queryInstead, refusedQuery } from "./query_faults.ts";
import { lyingAnswer, lyingRequest } from "./listing_lies.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const DAY = 24 * 60 * 60 * 1000;
const PAGE = "<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>\n";
/** Statuses that the CDN answers with, in plain text. */
const REFUSALS: Readonly<Record<string, number>> = {
  "forbidden": 403,
  "not-found": 404,
  "range-not-satisfiable": 416,
  "unprocessable": 422,
};
const REDIRECTS: Readonly<Record<string, (url: URL) => string>> = {
  "redirect": (url) => redirected(url, "once"),
  "redirect-loop": (url) => redirected(url, "loop"),
  "redirect-away": ({ pathname }) => `http://nowhere.invalid${pathname}`,
  "redirect-to-file": () => "file:///etc/passwd",
};

/**
 * Answers a request with a fault that is proper HTTP.
 *
 * @param fault The fault; one that breaks HTTP changes nothing here.
 * @param url The request's address.
 * @param answer Answers as is right.
 */
export async function answerWithFault(
  { kind, ms }: Fault,
  url: URL,
  answer: RightAnswer,
): Promise<Response> {
  if (FAULTS[kind] === "listing") {
    const right = await answer(undefined, lyingRequest(kind, url));
    return await changed(right, {}, (bytes) => {
      return ENCODER.encode(
        JSON.stringify(lyingAnswer(kind, url, JSON.parse(DECODER.decode(bytes)))),
      );
    });
  }
  if (FAULTS[kind] === "query") {
    const refused = refusedQuery(kind, url);
    if (refused !== undefined) return failure(refused, "INVALID_PARAMS");
    return await changed(await answer(undefined, queryInstead(kind, url)), {}, (bytes) => {
      return ENCODER.encode(
        JSON.stringify(misunderstood(kind, url, JSON.parse(DECODER.decode(bytes)))),
      );
    });
  }
  const status = REFUSALS[kind];
  if (status !== undefined) return new Response(`${kind}\n`, { status });
  const location = REDIRECTS[kind]?.(url);
  if (location !== undefined) return new Response(null, { status: 302, headers: { location } });
  switch (kind) {
    case "rate-limit":
      return rateLimit({ "x-ratelimit-reset": String((ms ?? 1000) / 1000) });
    case "rate-limit-silent":
      return rateLimit({});
    case "rate-limit-zero":
      return rateLimit({ "x-ratelimit-reset": "0" });
    case "internal-error":
      return failure(500, "INTERNAL_SERVER_ERROR");
    case "unavailable":
      return failure(503, "TEMPORARILY_UNAVAILABLE", { transient: true });
    case "skewed-retry":
      return failure(503, "TEMPORARILY_UNAVAILABLE", {
        transient: true,
        headers: { ...skewed(), "retry-after": httpDate(DAY + (ms ?? 0)) },
      });
    case "bad-gateway":
      return page(502);
    case "done-bad-gateway":
      await (await answer()).body?.cancel();
      return page(502);
    case "done-unavailable":
      await (await answer()).body?.cancel();
      return failure(503, "TEMPORARILY_UNAVAILABLE", { transient: true });
    case "html":
      return page(200);
    case "skewed-clock":
      return changed(await answer(), skewed(), (bytes) => bytes);
    case "invalid-json":
      return changed(await answer(), {}, (bytes) => bytes.subarray(0, bytes.length >> 1));
    case "invalid-utf8":
      return changed(await answer(), {}, withoutUtf8);
    case "wrong-bytes":
      return changed(await answer(), {}, (bytes) => bytes.fill(~bytes[0]!, 0, 1));
    case "too-long":
      return changed(await answer(), {}, (bytes) => new Uint8Array([...bytes, ...bytes, 0]));
    case "job":
      return await answer({ ms: ms ?? 1000 });
    case "endless-job":
      return await answer({ ms: Infinity });
    case "job-of-jobs":
      return await answer({ ms: ms ?? 1000, depth: 2 });
    default:
      return await answer();
  }
}

/** One byte of a text in the body's second half, if there is one, is none of UTF-8. */
function withoutUtf8(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const quotes = new TextDecoder("latin1").decode(bytes).indexOf('":"', bytes.length >> 1);
  const at = quotes < 0 ? bytes.length >> 1 : quotes + 3;
  return bytes.fill(0xff, at, at + 1);
}

function redirected(url: URL, how: "once" | "loop"): string {
  const to = new URL(url);
  to.searchParams.set(REDIRECTED, how);
  return to.pathname + to.search;
}

function rateLimit(headers: Readonly<Record<string, string>>): Response {
  return failure(429, "RATE_LIMIT_EXCEEDED", { transient: true, headers });
}

function failure(
  status: number,
  code: string,
  options: ConstructorParameters<typeof ApiError>[2] = {},
): Response {
  const body = new ApiError(status, code, options).body();
  return Response.json(body, { status, headers: options.headers ?? {} });
}

function page(status: number): Response {
  return new Response(PAGE, { status, headers: { "content-type": "text/html" } });
}

function skewed(): Record<string, string> {
  return { date: httpDate(DAY), "last-modified": httpDate(DAY) };
}

function httpDate(fromNowMs: number): string {
  return new Date(Date.now() + fromNowMs).toUTCString();
}

/** The same answer with other headers and other bytes; what isn't a success stays as it is. */
async function changed(
  response: Response,
  more: Readonly<Record<string, string>>,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  const bytes = await response.bytes();
  const body = response.ok && bytes.length > 0 ? change(bytes) : bytes;
  headers.set("content-length", String(body.length));
  return new Response(body, { status: response.status, headers });
}

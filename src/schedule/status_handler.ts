import type { Schedule } from "./schedule.ts";

/** How long an answer is given again, in milliseconds: who asks more often costs no requests. */
const FRESH_MS = 10_000;

/**
 * Answers `GET /healthz` (the process runs) and `GET /status` (how the schedule stands, as JSON). Nothing that
 * it tells is secret.
 *
 * @param schedule The schedule.
 * @param now A time in milliseconds that nobody sets back.
 * @return A handler for `Deno.serve`.
 *
 * @example
 * ```ts no-eval
 * import { statusHandler } from "@sluice/datocms/schedule";
 *
 * Deno.serve(statusHandler(schedule));
 * ```
 */
export function statusHandler(
  schedule: Pick<Schedule, "status">,
  now: () => number = () => performance.now(),
): (request: Request) => Promise<Response> {
  let last: { readonly at: number; readonly answer: Promise<Answer> } | undefined;
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/healthz" && pathname !== "/status") return text("Not found\n", 404);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return text("Method not allowed\n", 405, { Allow: "GET, HEAD" });
    }
    if (pathname === "/healthz") return text("ok\n", 200);
    if (last === undefined || now() - last.at >= FRESH_MS) {
      last = { at: now(), answer: answerOf(schedule) };
    }
    const { body, status } = await last.answer;
    return Response.json(body, { status, headers: HEADERS });
  };
}

interface Answer {
  readonly body: unknown;
  readonly status: number;
}

const HEADERS = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };

async function answerOf(schedule: Pick<Schedule, "status">): Promise<Answer> {
  try {
    return { body: await schedule.status(), status: 200 };
  } catch {
    // Why is for the log: a message names hosts and buckets.
    return { body: { error: "The project or its snapshots can't be read." }, status: 503 };
  }
}

function text(body: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { ...HEADERS, ...headers } });
}

import type { ExportEvent } from "../../../src/export/events.ts";
import { progressOf, type ProgressState } from "../../../src/report/progress_state.ts";

export const START: Extract<ExportEvent, { type: "start" }> = {
  type: "start",
  project: { id: "123", name: "Slackwater" },
  environment: "main",
  snapshot: "file:///backups/content/project_123/snapshot_1700000000",
  listings: 3,
  resumed: false,
};

const ARTICLES = { resource: "records", model: "article", version: "current" } as const;

export function total(total: number, about: object = ARTICLES): ExportEvent {
  return { type: "total", ...ARTICLES, ...about, total };
}

export function page(count: number, about: object = ARTICLES): ExportEvent {
  return { type: "page", ...ARTICLES, ...about, count };
}

export function done(count: number, about: object = ARTICLES): ExportEvent {
  return { type: "done", ...ARTICLES, ...about, count, bytes: count * 100 };
}

export function request(available = 59): ExportEvent {
  return {
    type: "request",
    what: "GET /items?page[offset]=30",
    method: "GET",
    path: "/items",
    query: { "page[offset]": "30" },
    attempt: 1,
    status: 200,
    count: 30,
    ms: 123.4,
    bytes: 20_480,
    available,
  };
}

export const RETRY: ExportEvent = {
  type: "retry",
  what: "GET /items",
  reason: "status 503",
  attempt: 2,
  waitMs: 1500,
};

export function asset(
  outcome: "downloaded" | "kept" | "withdrawn" | "failed",
  size: number | null = 1_000_000,
): Extract<ExportEvent, { type: "asset" }> {
  return {
    type: "asset",
    outcome: {
      upload_id: "u1",
      key: "assets/project_123/a.png",
      size,
      md5: null,
      outcome,
      attempts: 5,
      ...(outcome === "failed" ? { reason: "cdn.example answered with status 500" } : {}),
    },
  };
}

/** The state after some events, `step` milliseconds apart. */
export function after(
  state: ProgressState,
  events: readonly ExportEvent[],
  step = 0,
): ProgressState {
  return events.reduce((state, event, i) => {
    return progressOf(state, event, state.startedAt + (i + 1) * step);
  }, state);
}

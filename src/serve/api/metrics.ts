import * as z from "zod";
import { queryOf } from "../call.ts";
import type { Route } from "./route.ts";

const NONE = z.strictObject({});

/** What is counted of requests, beside the API. */
export const METRICS: Route = {
  path: "/metrics",
  summary:
    "Requests by route and status, bytes and durations since the process began, for Prometheus",
  scope: "admin",
  query: NONE,
  answers: { "text/plain": "bytes" },
  answer(call) {
    queryOf(call, NONE);
    const text = call.service.metrics.text();
    return Promise.resolve(
      new Response(text, {
        headers: {
          "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
          "Cache-Control": "no-store",
        },
      }),
    );
  },
};

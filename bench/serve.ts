/**
 * Serves a generated project for a benchmark, in a process of its own, until `POST /bench/stop`; `GET /bench` tells
 * how many requests there were, and how many were refused. It takes its {@linkcode Served} as JSON.
 *
 * @module
 */
import { generateProject } from "../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../src/simulator/server.ts";
import type { Served } from "./cases.ts";

const { port, project, latencyMs, windows } = JSON.parse(Deno.args[0]!) as Served;
const stopped = Promise.withResolvers<void>();
let refused = 0;
const cma = startDemoCma({
  port,
  project: generateProject(project),
  latencyMs,
  rateLimit: windows === undefined ? false : { limit: 60, windowMs: 3000, windows },
  onRequest: (request, { pathname }) => {
    if (pathname === "/bench/stop") {
      stopped.resolve();
      return new Response("Stopping.\n");
    }
    if (pathname !== "/bench") return undefined;
    // It remembers the latest 10,000 only: whoever asks later doesn't get all refusals.
    refused = cma.log.requests.filter(({ status }) => status === 429).length;
    const { api: requests } = cma.log.count;
    if (request.method === "DELETE") cma.log.clear();
    return Response.json({ requests, refused });
  },
});
await stopped.promise;
await cma.stop();

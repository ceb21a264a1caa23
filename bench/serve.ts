/**
 * Serves a generated project for a benchmark, in a process of its own, until `POST /bench/stop`; `GET /bench` tells
 * how many requests there were, how many of them for records, and how many were refused. It takes its {@linkcode Served} as JSON.
 *
 * @module
 */
import { generateProject } from "../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../src/simulator/memory_copy.ts";
import { startDemoCma } from "../src/simulator/server.ts";
import type { Served } from "./cases.ts";

const { port, project, latencyMs, windows, isEdited } = JSON.parse(Deno.args[0]!) as Served;
const HOUR = 60 * 60_000;
let ago = 0;
const generated = generateProject(project);
const edited = isEdited
  ? memoryCopy(generated, { clock: () => new Date(Date.now() - ago) })
  : undefined;

/** Changes some records, an hour ago: what was changed just now would be read again in any case. */
function edit(): number {
  const { items } = edited!.primary;
  ago = HOUR;
  const some = items.records().filter((_, n) => n % 100 === 50);
  for (const { current } of some) items.update(current.id, {});
  ago = 0;
  return some.length;
}

const stopped = Promise.withResolvers<void>();
let refused = 0;
const cma = startDemoCma({
  port,
  project: edited ?? generated,
  latencyMs,
  rateLimit: windows === undefined ? false : { limit: 60, windowMs: 3000, windows },
  onRequest: (request, { pathname }) => {
    if (pathname === "/bench/stop") {
      stopped.resolve();
      return new Response("Stopping.\n");
    }
    if (pathname === "/bench/edit") return Response.json({ changed: edit() });
    if (pathname !== "/bench") return undefined;
    // It remembers the latest 10,000 only: whoever asks later doesn't get all refusals.
    refused = cma.log.requests.filter(({ status }) => status === 429).length;
    const { api: requests } = cma.log.count;
    // What is scheduled for records is asked for apart.
    const records = cma.log.requests.filter(({ path }) => {
      return path.startsWith("/items?") && !path.includes("scheduled_at");
    }).length;
    if (request.method === "DELETE") cma.log.clear();
    return Response.json({ requests, records, refused });
  },
});
await stopped.promise;
await cma.stop();

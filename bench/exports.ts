/**
 * Exports of projects of five shapes: how many requests they take, and how long, also where answers are slow, and
 * where little has changed since the last one.
 *
 * @module
 */
import type { RateWindows } from "../src/simulator/cma/rate_limit.ts";
import { type Case, CASES } from "./cases.ts";
import { counted, modelIds, round, served, some, type Table, URL_OF_API } from "./measurement.ts";

/** The least seconds that requests take under the limit: those of a window may all be sent at its beginning. */
const least = (requests: number) => Math.floor((requests - 1) / 60) * 3;

/** The five shapes, beside the script that DatoCMS documents, as it is and with ten requests at a time. */
export async function measureExports(): Promise<Table> {
  const rows = [];
  for (const each of CASES) {
    const { name, project, model, mostRequests } = each;
    rows.push(
      await served({ project, latencyMs: 150, windows: "aligned" }, async () => {
        const sluice = await counted("export.ts", { model, tables: false, assets: false });
        const models = await modelIds(model);
        const script = await counted("script.ts", { models });
        const ten = await counted("script.ts", { models, concurrency: 10 });
        return [
          name,
          `${sluice.requests} (${mostRequests})`,
          `${round(sluice.seconds)} (${round(1.1 * least(sluice.requests) + 3.5)})`,
          sluice.refused,
          `${script.requests} / ${round(script.seconds)}`,
          `${ten.requests} / ${round(ten.seconds)} / ${ten.refused}`,
          round(sluice.seconds / ten.seconds),
          round(ten.seconds * 1.1 + 0.5) >= round(sluice.seconds) ? "yes" : "no",
        ];
      }),
    );
  }
  return {
    title: "Exports",
    text: "Both versions of all records and all settings, at 60 requests in 3 seconds and 150 ms " +
      "latency; the script reads current versions alone. In brackets what must not be exceeded; the last " +
      "column says whether it took at most 1.1 times as long as the script with ten requests at a time, and " +
      "half a second.",
    head: [
      "project",
      "requests (most)",
      "seconds (most)",
      "429",
      "script: requests / s",
      "with ten: requests / s / 429",
      "ratio to ten",
      "in time",
    ],
    rows,
  };
}

/** The same where each answer takes long. */
export async function measureLatency(): Promise<Table> {
  const rows = [];
  for (const { name, project, model } of CASES satisfies readonly Case[]) {
    rows.push(
      await served({ project, latencyMs: 900, windows: "aligned" }, async () => {
        const { requests, seconds, refused } = await counted("export.ts", {
          model,
          tables: false,
          assets: false,
        });
        return [
          name,
          requests,
          `${round(seconds)} (${round(1.15 * least(requests) + 5)})`,
          refused,
        ];
      }),
    );
  }
  return {
    title: "Slow answers",
    text: "The same exports at 900 ms latency; in brackets what must not be exceeded.",
    head: ["project", "requests", "seconds (most)", "429"],
    rows,
  };
}

/** A second export after one record in a hundred was changed. */
export async function measureIncremental(): Promise<Table> {
  const rows: (string | number)[][] = [];
  for (const { name, project } of CASES.slice(2, 4)) {
    await served({ project, latencyMs: 150, windows: "aligned", isEdited: true }, async () => {
      const root = await Deno.makeTempDir({ prefix: "sluice-bench-" });
      try {
        const how = { root, tables: false, assets: false };
        const full = await counted("export.ts", how);
        const answer = await fetch(`${URL_OF_API}/bench/edit`, { method: "POST" });
        const { changed } = await answer.json() as { changed: number };
        const again = await counted("export.ts", { ...how, since: "last" });
        const most = Math.floor(some(project.records) / 500 + changed / 30 + 10);
        rows.push([
          name,
          `${full.requests} / ${round(full.seconds)}`,
          changed,
          `${again.records} (${most})`,
          `${again.requests} / ${round(again.seconds)}`,
          round(full.seconds / again.seconds),
          round(again.cpuSeconds / full.cpuSeconds),
        ]);
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    });
  }
  return {
    title: "Incremental",
    text:
      "With `--since last` after one record in a hundred was changed, otherwise as the exports above; in " +
      "brackets the requests for records that must not be exceeded.",
    head: [
      "project",
      "all: requests / s",
      "changed",
      "requests for records (most)",
      "requests / s",
      "times as fast",
      "ratio of CPU",
    ],
    rows,
  };
}

/** As many requests as fit into the limit. */
export async function measurePace(): Promise<Table> {
  const requests = some(2400);
  const rows = [];
  for (const windows of ["aligned", "first request", "sliding"] satisfies RateWindows[]) {
    rows.push(
      await served({ project: { records: 10 }, latencyMs: 150, windows }, async () => {
        const { seconds, refused } = await counted("send.ts", { requests });
        const most = least(requests);
        return [windows, round(seconds), round(seconds / most), refused];
      }),
    );
  }
  return {
    title: "Pace",
    text:
      `${requests} requests at 150 ms latency: of 1,000 at most one may be refused (429). The least time is ${
        least(requests)
      } s.`,
    head: ["windows begin", "seconds", "ratio to the least", "429"],
    rows,
  };
}

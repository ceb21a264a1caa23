/**
 * Measures exports of generated projects that another process serves, and prints JSON: `tables`, the
 * CPU time that tables add, and the throughput; `memory`, the peak for a project ten times as large;
 * `parsing`, the time that parsing answers takes as a multiple of that of `JSON.parse`.
 * All, unless one is named: `deno task bench tables`.
 *
 * @module
 */
import process from "node:process";
import { CmaClient, exportProject, LocalStorage, readSchema, recordPages } from "../mod.ts";
import { parseJson } from "../src/text/json.ts";
import { normalize } from "../src/transform/mod.ts";

const SMALL = { url: "http://127.0.0.1:8787", records: 20_000 };
const LARGE = { url: "http://127.0.0.1:8788", records: 200_000 };
const RUNS = 3;

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function timed(work: () => Promise<void>): Promise<Measured> {
  const started = performance.now();
  const before = cpuSeconds();
  await work();
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: cpuSeconds() - before };
}

/** A whole export to a directory that is removed afterwards. */
async function measure({ url }: typeof SMALL, tables: boolean): Promise<Measured> {
  const root = await Deno.makeTempDir({ prefix: "sluice-bench-" });
  try {
    return await timed(async () => {
      const storage = new LocalStorage(root);
      await exportProject({ apiToken: "demo", baseUrl: url, assetHost: url, storage, tables });
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** All records read and dropped, through the transforms or not: what these cost without writing. */
function measureReading({ url }: typeof SMALL, transforms: boolean): Promise<Measured> {
  return timed(async () => {
    const client = new CmaClient({ apiToken: "demo", baseUrl: url });
    const { schema } = await readSchema(client);
    for (const model of schema.models) {
      for (const version of ["current", "published"] as const) {
        const pages = recordPages(client, schema, model, version);
        const drop = new WritableStream<unknown>();
        await (transforms
          ? pages.pipeThrough(normalize(schema, { version })).pipeTo(drop)
          : pages.pipeTo(drop));
      }
    }
  });
}

/** User and system time of this process so far, all threads counted. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The most memory that this process ever had, in MiB. */
function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function until(url: string): Promise<void> {
  for (;;) {
    try {
      await (await fetch(url)).body?.cancel();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/**
 * What tables cost, as parts of an export without them: the transforms alone, and all of it, encoding,
 * hashing and writing included.
 */
async function measureTables(): Promise<object> {
  await measure(SMALL, true);
  const runs: Record<"raw" | "all" | "read" | "transformed", Measured>[] = [];
  for (let run = 0; run < RUNS; run++) {
    runs.push({
      raw: await measure(SMALL, false),
      all: await measure(SMALL, true),
      read: await measureReading(SMALL, false),
      transformed: await measureReading(SMALL, true),
    });
  }
  return {
    records: SMALL.records,
    recordsPerSecond: Math.round(SMALL.records / median(runs.map(({ all }) => all.seconds))),
    cpuSecondsRaw: median(runs.map(({ raw }) => raw.cpuSeconds)),
    cpuSecondsWithTables: median(runs.map(({ all }) => all.cpuSeconds)),
    cpuOfTransforms: median(runs.map(({ raw, read, transformed }) => {
      return (transformed.cpuSeconds - read.cpuSeconds) / raw.cpuSeconds;
    })),
    cpuOfTables: median(runs.map(({ raw, all }) => all.cpuSeconds / raw.cpuSeconds - 1)),
  };
}

/** How the memory grows with the project: a small export, then one of ten times the records. */
async function measureMemory(): Promise<object> {
  const small = await measure(SMALL, true);
  const smallPeak = peakMiB();
  const large = await measure(LARGE, true);
  return {
    [`peakMiBOf${SMALL.records}Records`]: smallPeak,
    [`peakMiBOf${LARGE.records}Records`]: peakMiB(),
    peakRatio: peakMiB() / smallPeak,
    seconds: [small.seconds, large.seconds],
  };
}

/** What it costs to keep all numbers exact: the same answers parsed by both, in turn. */
async function measureParsing(): Promise<object> {
  const answers = {
    records: "/items?nested=true&page[limit]=30",
    flatRecords: "/items?page[limit]=500",
    uploads: "/uploads?page[limit]=200",
  };
  const headers = {
    authorization: "Bearer demo",
    accept: "application/json",
    "x-api-version": "3",
  };
  const result: Record<string, number> = {};
  for (const [name, path] of Object.entries(answers)) {
    const text = await (await fetch(SMALL.url + path, { headers })).text();
    const times = Math.ceil(2e7 / text.length);
    const ratios = Array.from({ length: 7 }, () => {
      return parseTime(parseJson, text, times) / parseTime(JSON.parse, text, times);
    });
    result[`${name}ToJsonParse`] = median(ratios);
  }
  return result;
}

function parseTime(parse: (text: string) => unknown, text: string, times: number): number {
  const before = cpuSeconds();
  for (let time = 0; time < times; time++) parse(text);
  return cpuSeconds() - before;
}

const MEASUREMENTS = { tables: measureTables, memory: measureMemory, parsing: measureParsing };

try {
  await Promise.all([until(SMALL.url), until(LARGE.url)]);
  for (const [name, measured] of Object.entries(MEASUREMENTS)) {
    if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
    const result = JSON.stringify({ [name]: await measured() }, null, 2);
    await Deno.stdout.write(new TextEncoder().encode(`${result}\n`));
  }
} finally {
  for (const { url } of [SMALL, LARGE]) {
    await (await fetch(`${url}/stop`, { method: "POST" })).body?.cancel();
  }
}

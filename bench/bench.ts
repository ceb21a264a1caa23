/**
 * Measures Sluice beside what else there is, in one run, against generated projects that other processes serve:
 * `deno task bench`, and then the names of what is measured, if not all is; `--save` writes the tables to
 * `bench/RESULTS.md`; `--quick` takes a twentieth of everything, to see that all runs. What is served doesn't count; the processor's time is that of all threads.
 *
 * @module
 */
import { parseJson } from "../src/text/json.ts";
import type { RateWindows } from "../src/simulator/cma/rate_limit.ts";
import type { AssetServed } from "./asset_files.ts";
import { type Case, CASES, type Served, USUAL } from "./cases.ts";
import { cpuSeconds, type Ended, measured, median, run, serve } from "./measured.ts";

const PORT = 8787;
const URL_OF_API = `http://127.0.0.1:${PORT}`;
const RESULTS = "bench/RESULTS.md";
const SAVE = "--save";
const QUICK = "--quick";

/** How much of what is measured is a part. */
const PART = Deno.args.includes(QUICK) ? 1 / 20 : 1;
/** How often what has a median is measured. */
const ROUNDS = PART < 1 ? 1 : 3;
const some = (count: number) => Math.ceil(count * PART);

/** What was measured. */
interface Table {
  readonly title: string;
  /** What its columns mean, and what must be so. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Serves a project while something is measured. */
async function served<T>(options: Omit<Served, "port">, work: () => Promise<T>): Promise<T> {
  const project = { ...options.project, records: some(options.project.records) };
  await using _server = await serve("serve.ts", { port: PORT, ...options, project }, PORT);
  return await work();
}

/** Runs a module, and counts its requests. */
async function counted(module: string, options: object): Promise<Ended & Requests> {
  await (await fetch(`${URL_OF_API}/bench`, { method: "DELETE" })).body?.cancel();
  const ended = await run(module, { url: URL_OF_API, ...options });
  return { ...ended, ...await (await fetch(`${URL_OF_API}/bench`)).json() };
}

interface Requests {
  readonly requests: number;
  readonly records: number;
  readonly refused: number;
}

/** The least seconds that requests take under the limit: those of a window may all be sent at its beginning. */
const least = (requests: number) => Math.floor((requests - 1) / 60) * 3;

/** The five shapes, beside the script that DatoCMS documents, as it is and with ten requests at a time. */
async function measureExports(): Promise<Table> {
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

/** The ids of one model, or of all: the API's filters take several in one, and blocks aren't meant. */
async function modelIds(apiKey?: string): Promise<string> {
  const headers = {
    authorization: "Bearer demo",
    accept: "application/json",
    "x-api-version": "3",
  };
  const answer = await fetch(`${URL_OF_API}/item-types`, { headers });
  const { data } = await answer.json() as {
    data: { id: string; attributes: { api_key: string; modular_block: boolean } }[];
  };
  return data.filter(({ attributes: { api_key: key, modular_block: isBlock } }) => {
    return !isBlock && (apiKey === undefined || key === apiKey);
  }).map(({ id }) => id).join();
}

/** The same where each answer takes long. */
async function measureLatency(): Promise<Table> {
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
async function measureIncremental(): Promise<Table> {
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

async function measurePace(): Promise<Table> {
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

/** What raw records and tables cost, as multiples of what parsing and writing the same JSON does. */
async function measureProcessor(): Promise<Table> {
  const rows = [];
  const usual = { name: "20,000 in 4 models", project: USUAL, model: undefined };
  for (const { name, project, model } of [usual, CASES[0]!, CASES[2]!]) {
    rows.push(
      await served({ project, latencyMs: 0 }, async () => {
        const runs: Record<"kb" | "raw" | "micros" | "parse" | "peak", number>[] = [];
        for (let n = 0; n < ROUNDS; n++) {
          const how = { model, assets: false };
          const raw = await counted("export.ts", { ...how, tables: false });
          const tables = await counted("export.ts", { ...how, tables: true });
          const models = await modelIds(model);
          const { facts } = await counted("parse.ts", { models, pages: some(60) });
          const { bytes, versions } = raw.facts as { bytes: number; versions: number };
          const parse = facts.parseSeconds! / facts.bytes! * bytes;
          const both = parse + facts.stringifySeconds! / facts.bytes! * bytes;
          runs.push({
            kb: bytes / versions / 1000,
            raw: raw.cpuSeconds / both,
            micros: (tables.cpuSeconds - raw.cpuSeconds) / versions * 1e6,
            parse: parse / versions * 1e6,
            peak: tables.peakMiB,
          });
        }
        const of = (key: keyof typeof runs[number]) => median(runs.map((run) => run[key]));
        return [
          name,
          round(of("kb")),
          round(of("raw")),
          round(of("micros")),
          round(of("parse")),
          round(median(runs.map(({ micros, parse }) => micros / parse))),
          Math.round(of("peak")),
        ];
      }),
    );
  }
  return {
    title: "Processor and memory",
    text:
      "Without a rate limit. An export without tables, whole, is to take at most 2.5 times as long as " +
      "`JSON.parse` and `JSON.stringify` of the bytes of both versions; tables, reading back included, 75 µs a " +
      "record version of 3.5 KB where `JSON.parse` takes 8, so 9.4 times that (the flat ones have 16 locales, and " +
      "a row for each); memory with tables at most 350 MiB. Medians of three.",
    head: [
      "project",
      "KB a version",
      "raw: ratio to parse + stringify",
      "tables: µs a version",
      "JSON.parse: µs a version",
      "ratio",
      "peak MiB with tables",
    ],
    rows,
  };
}

/** The most memory with ten times the records. */
async function measureMemory(): Promise<Table> {
  const rows: (string | number)[][] = [];
  const peaks: number[] = [];
  for (const records of [USUAL.records, USUAL.records * 10]) {
    await served({ project: { ...USUAL, records }, latencyMs: 0 }, async () => {
      const { seconds, peakMiB } = await counted("export.ts", { tables: true, assets: true });
      peaks.push(peakMiB);
      rows.push([some(records), Math.round(peakMiB), round(peakMiB / peaks[0]!), round(seconds)]);
    });
  }
  return {
    title: "Memory",
    text: "Exports with tables and 200 assets, without a rate limit.",
    head: ["records", "peak MiB", "ratio", "seconds"],
    rows,
  };
}

/** Asset files over TLS from a server that offers HTTP/2, beside curl and md5sum. */
async function measureAssets(): Promise<Table> {
  const [port, latencyMs, bytes, files] = [PORT + 1, 20, 10_000, some(20_000)];
  const url = `https://127.0.0.1:${port}`;
  const folder = await Deno.makeTempDir({ prefix: "sluice-bench-" });
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const trust = ["--unsafely-ignore-certificate-errors=127.0.0.1"];
  try {
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const fresh = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    await command("openssl", [...fresh, "-keyout", key, "-out", cert, ...subject]);
    const options: AssetServed = { port, latencyMs, bytes, cert, key };
    await using _server = await serve("asset_server.ts", options, port);
    const fetched = { url, files, bytes };
    const ways: Record<
      string,
      () => Promise<{ readonly seconds: number; readonly cpuSeconds?: number }>
    > = {
      "HTTP/2, 8 at a time (as before)": () =>
        run("fetch_assets.ts", { ...fetched, concurrency: 8, http2: true }, trust),
      "HTTP/1.1, 16 at a time": () =>
        run("fetch_assets.ts", { ...fetched, concurrency: 16, http2: false }, trust),
      "HTTP/1.1, 32 at a time": () =>
        run("fetch_assets.ts", { ...fetched, concurrency: 32, http2: false }, trust),
      "curl -Z, 16 at a time, and md5sum": () => measured(() => curl(folder, url, files)),
    };
    const seconds = new Map<string, number[]>();
    const cpu = new Map<string, number[]>();
    for (let n = 0; n < ROUNDS; n++) {
      for (const [name, way] of Object.entries(ways)) {
        const took = await way();
        seconds.set(name, [...seconds.get(name) ?? [], took.seconds]);
        cpu.set(name, [...cpu.get(name) ?? [], took.cpuSeconds ?? 0]);
      }
    }
    const names = Object.keys(ways);
    const of = (name: string) => files / median(seconds.get(name)!);
    const [before, , , peer] = names as [string, string, string, string];
    return {
      title: "Assets",
      text:
        `${files} files of 10 KB over TLS from a server that offers HTTP/2, ${latencyMs} ms each: at least 3 ` +
        "times as many files a second as before, and 0.8 times those of curl. Medians of three.",
      head: ["how", "files/s", "ratio to before", "ratio to curl", "CPU ms a file"],
      rows: names.map((name) => [
        name,
        Math.round(of(name)),
        round(of(name) / of(before)),
        round(of(name) / of(peer)),
        name === peer ? "" : round(median(cpu.get(name)!) / files * 1000),
      ]),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same files with curl, and their digests with md5sum. */
async function curl(folder: string, url: string, files: number): Promise<void> {
  const into = `${folder}/curl`;
  await Deno.mkdir(into);
  const list = Array.from(
    { length: files },
    (_, n) => `url="${url}/1/${n}.bin"\noutput="${into}/${n}.bin"`,
  );
  await Deno.writeTextFile(`${folder}/list`, list.join("\n"));
  const flags = ["--silent", "--fail", "--insecure", "--parallel", "--parallel-max", "16"];
  await command("curl", [...flags, "--config", `${folder}/list`]);
  await command("md5sum", Array.from({ length: files }, (_, n) => `${into}/${n}.bin`));
  await Deno.remove(into, { recursive: true });
}

async function command(name: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  })
    .output();
  if (!success) throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
}

/** What it costs to keep all numbers exact: the same answers parsed by both, in turn. */
async function measureParsing(): Promise<Table> {
  const answers = {
    records: "/items?nested=true&page[limit]=30",
    "flat records": "/items?page[limit]=500",
    uploads: "/uploads?page[limit]=200",
  };
  const headers = {
    authorization: "Bearer demo",
    accept: "application/json",
    "x-api-version": "3",
  };
  const rows = await served({ project: USUAL, latencyMs: 0 }, async () => {
    const rows = [];
    for (const [name, path] of Object.entries(answers)) {
      const text = await (await fetch(URL_OF_API + path, { headers })).text();
      const times = Math.ceil(some(2e7) / text.length);
      const ratios = Array.from({ length: 7 }, () => {
        return parseTime(parseJson, text, times) / parseTime(JSON.parse, text, times);
      });
      rows.push([name, round(median(ratios))]);
    }
    return rows;
  });
  return {
    title: "Parsing",
    text: "What it costs to keep all numbers exact.",
    head: ["answers", "ratio to JSON.parse"],
    rows,
  };
}

function parseTime(parse: (text: string) => unknown, text: string, times: number): number {
  const before = cpuSeconds();
  for (let time = 0; time < times; time++) parse(text);
  return cpuSeconds() - before;
}

function round(number: number): number {
  return Number(number.toFixed(number < 10 ? 2 : 1));
}

function markdown({ title, text, head, rows }: Table): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const rule = line(head.map(() => "---"));
  return `## ${title}\n\n${text}\n\n${[line(head), rule, ...rows.map(line)].join("\n")}\n`;
}

/** What the numbers hold for. */
async function machine(): Promise<string> {
  const cpu = /^model name\s*: (.*)$/m.exec(
    await Deno.readTextFile("/proc/cpuinfo").catch(() => ""),
  );
  const cores = navigator.hardwareConcurrency;
  const date = new Date().toISOString().slice(0, 10);
  return `${
    cpu?.[1] ?? "an unknown processor"
  }, ${cores} cores, Deno ${Deno.version.deno}, ${date}`;
}

// What the machine's other work disturbs comes first.
const MEASUREMENTS = {
  processor: measureProcessor,
  parsing: measureParsing,
  assets: measureAssets,
  memory: measureMemory,
  exports: measureExports,
  incremental: measureIncremental,
  latency: measureLatency,
  pace: measurePace,
};

const names = Deno.args.filter((arg) => arg !== SAVE && arg !== QUICK);
const unknown = names.find((name) => !Object.hasOwn(MEASUREMENTS, name));
if (unknown !== undefined) {
  throw new RangeError(
    `Expected ${Object.keys(MEASUREMENTS).join(", ")} ${SAVE} or ${QUICK}, but got ${
      JSON.stringify(unknown)
    }.`,
  );
}
let text = `# Results of \`deno task bench\`\n\nOne run: ${await machine()}.\n`;
for (const [name, measure] of Object.entries(MEASUREMENTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const table = `\n${markdown(await measure())}`;
  text += table;
  await Deno.stdout.write(new TextEncoder().encode(table));
  if (Deno.args.includes(SAVE)) await Deno.writeTextFile(RESULTS, text);
}

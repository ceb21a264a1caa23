/**
 * What exports take of the processor and of memory.
 *
 * @module
 */
import { parseJson } from "../src/text/json.ts";
import { CASES, USUAL } from "./cases.ts";
import { cpuSeconds, median } from "./measured.ts";
import {
  counted,
  modelIds,
  round,
  ROUNDS,
  served,
  some,
  type Table,
  URL_OF_API,
} from "./measurement.ts";

/** What raw records and tables cost, as multiples of what parsing and writing the same JSON does. */
export async function measureProcessor(): Promise<Table> {
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
export async function measureMemory(): Promise<Table> {
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

/** What it costs to keep all numbers exact: the same answers parsed by both, in turn. */
export async function measureParsing(): Promise<Table> {
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

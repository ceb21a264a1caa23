/**
 * What tables take of the processor and of memory, in each format.
 *
 * @module
 */
import { LocalStorage } from "../mod.ts";
import { generateProject } from "../src/simulator/generated/generated_project.ts";
import { writeSnapshots } from "../tasks/generated_snapshots.ts";
import { type Ended, run } from "./measured.ts";
import { round, some, type Table } from "./measurement.ts";

const FORMATS = ["ndjson", "csv", "parquet"] as const;
/** About 40,000 rows, and ten times as many. */
const RECORDS = [2_000, 20_000];

/** The tables of a snapshot, and of one that is ten times as large. */
export async function measureTables(): Promise<Table> {
  const rows: (string | number)[][] = [];
  const peaks = new Map<string, number>();
  for (const records of RECORDS.map(some)) {
    const root = await Deno.makeTempDir({ prefix: "sluice-bench-" });
    try {
      const { signal } = new AbortController();
      const project = generateProject({ records, uploads: 200, assetBytes: 50 });
      const wanted = [{ startedAt: new Date(1.7e12), compress: "none" as const }];
      await writeSnapshots(new LocalStorage(root), project, wanted, signal);
      const parsed = await run("make_tables.ts", { root });
      const versions = parsed.facts.entries!;
      const micros = ({ cpuSeconds }: Ended) => cpuSeconds / versions * 1e6;
      for (const format of FORMATS) {
        const made = await run("make_tables.ts", { root, format });
        const { peakMiB, seconds, facts: { rows: count, bytes } } = made;
        const before = peaks.get(format) ?? peakMiB;
        peaks.set(format, before);
        rows.push([
          format,
          count!,
          round(bytes! / 1e6),
          Math.round(peakMiB),
          round(peakMiB / before),
          round(micros(made)),
          round(micros(made) / micros(parsed)),
          Math.round(count! / seconds),
        ]);
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  }
  return {
    title: "Tables",
    text:
      "`sluice tables make` of a generated snapshot with three locales, start of the runtime apart: memory is to be " +
      "below 350 MiB, and at most 1.25 times as much with ten times the rows; the ratio is that of its processor " +
      "time to reading the same batches and `JSON.parse`.",
    head: [
      "format",
      "rows",
      "MB",
      "peak MiB",
      "ratio",
      "µs a version",
      "to JSON.parse",
      "rows a second",
    ],
    rows,
  };
}

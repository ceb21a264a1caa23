/**
 * Measures Sluice beside what else there is, in one run, against generated projects that other processes serve:
 * `deno task bench`, and then the names of what is measured, if not all is; `--save` writes the tables to
 * `bench/RESULTS.md`; `--quick` takes a twentieth of everything, to see that all runs. What is served doesn't count; the processor's time is that of all threads.
 *
 * @module
 */
import { measureAssets } from "./assets.ts";
import { measureExports, measureIncremental, measureLatency, measurePace } from "./exports.ts";
import { QUICK, type Table } from "./measurement.ts";
import { measureMemory, measureParsing, measureProcessor } from "./processor.ts";
import { measureServing } from "./serving.ts";
import { measureTables } from "./tables.ts";

const RESULTS = "bench/RESULTS.md";
const SAVE = "--save";

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
  tables: measureTables,
  exports: measureExports,
  incremental: measureIncremental,
  latency: measureLatency,
  pace: measurePace,
  serve: measureServing,
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

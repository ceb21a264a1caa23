// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Runs each command that reads snapshots on generated ones, each as a process of its own with the permissions that
 * users give it, and prints how long it took and the most memory that it had: `deno task bench:snapshots RECORDS`, and
 * then what the lines that are measured begin with, if not all are. Linux only, as it asks the system for the memory.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Item, Json } from "../src/content/resource.ts";
import { generateProject } from "../src/simulator/generated/generated_project.ts";
import { LocalStorage } from "../src/storage/local/local_storage.ts";
import { type IndexUse, openSnapshot } from "../src/tools/open.ts";
import { writeSnapshots } from "./generated_snapshots.ts";
import { withSmallRecords } from "./small_records.ts";

const MODELS = 20;
const EARLIER = "1700000000";
const LATER = "1700086400";
/** Of how many records one differs between the two snapshots. */
const ONE_EDITED_IN = 1000;

/** Runs what follows; says at the end of stderr its most memory in KiB, when it began and ended, and its CPU time. */
const MEASURE = `
exec 3>&1 9<> <(:)
begun=$EPOCHREALTIME
"$@" <&- >&3 &
pid=$!
while [ -r "/proc/$pid/status" ]; do
  while read -r name value _; do [ "$name" = VmHWM: ] && peak=$value; done 2>&- <"/proc/$pid/status"
  read -rt 0.05 -u 9
done
wait $pid
code=$?
ended=$EPOCHREALTIME
{ echo; echo "$peak $begun $ended"; times; } >&2
exit $code`;

/** What was measured of a process. */
interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** Exit codes that aren't failures: snapshots differ; a dump lacks the settings that nobody wrote. */
const ALSO: Readonly<Record<string, number>> = { diff: 1, download: 3 };
const FLAGS =
  (await Promise.all(["tasks/heap", "tasks/permissions"].map((path) => Deno.readTextFile(path))))
    .flatMap((text) => text.trim().split("\n"));

/** Runs a module of this folder as a process of its own. */
async function run(module: string, args: readonly string[]): Promise<Measured> {
  const { code, stderr } = await new Deno.Command("bash", {
    args: ["-c", MEASURE, "bash", Deno.execPath(), "run", ...FLAGS, module, ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr).trimEnd().split("\n");
  const [numbers, _bash, cpu] = said.splice(-3) as [string, string, string];
  if (code !== 0 && code !== ALSO[args[0]!]) {
    throw new Error(`${args.join(" ")} ended with ${code}: ${said.join("\n").trim()}`);
  }
  const [peak, begun, ended] = numbers.split(" ");
  return {
    seconds: Number(ended) - Number(begun),
    cpuSeconds: cpu.split(" ").reduce((sum, time) => {
      const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(time)!;
      return sum + 60 * Number(minutes) + Number(seconds);
    }, 0),
    peakMiB: Number(peak) / 1024,
  };
}

/** Writes two snapshots: an earlier one that is compressed, and a later one that isn't, with edited records. */
async function build(root: string, records: number): Promise<void> {
  const project = withSmallRecords(generateProject({
    records,
    models: MODELS,
    uploads: Math.ceil(records / 100),
    blocksPerRecord: 1,
    locales: ["en"],
    assetBytes: 500,
  }));
  const at = (seconds: string) => new Date(Number(seconds) * 1000);
  let seen = 0;
  const edited = (record: Item): Item => {
    if (seen++ % ONE_EDITED_IN > 0) return record;
    const [[key, value]] = Object.entries(record.attributes) as [[string, Json]];
    const text = typeof value === "string" ? "Edited" : { en: "Edited" };
    return { ...record, attributes: { ...record.attributes, [key]: text } };
  };
  await writeSnapshots(new LocalStorage(root), project, [
    { startedAt: at(EARLIER), compress: "zstd" },
    { startedAt: at(LATER), compress: "none", edited },
  ], new AbortController().signal);
}

/** What verify is compared with: all bytes of a folder hashed, and all lines parsed. */
function loop(folder: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) {
      loop(path);
      continue;
    }
    const bytes = Deno.readFileSync(path);
    createHash("sha256").update(bytes).digest("hex");
    if (!name.endsWith(".ndjson")) continue;
    for (const line of new TextDecoder().decode(bytes).split("\n")) {
      if (line !== "") JSON.parse(line);
    }
  }
}

/** Opens a snapshot, and reads a record by its id, as a program that uses the library does. */
async function record(root: string, id: string, index: IndexUse): Promise<void> {
  const snapshot = await openSnapshot(new LocalStorage(root), EARLIER, { index });
  if (await snapshot.record(id) === undefined) throw new Error(`There is no record ${id}.`);
}

/** Measures all, or only what begins with one of some words, and prints a line for each. */
async function bench(records: number, only: readonly string[]): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "sluice-bench-" });
  try {
    const own = "tasks/bench_snapshots.ts";
    const [from, out] = [`${root}/snapshots`, `${root}/out`];
    await run(own, ["build", from, String(records)]);
    const snapshot = await openSnapshot(new LocalStorage(from), LATER);
    const { objects } = snapshot.manifest!;
    const bytes = objects.reduce((sum, { size }) => sum + size, 0);
    let id = "";
    for await (const page of snapshot.records("page")) id = page.at(-1)!.id;
    console.log(
      `${records} records of ${MODELS} models, ${
        Math.round(bytes / 1e6)
      } MB in ${objects.length} objects; ` +
        `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} processors\n\n` +
        "| what is run | seconds | CPU | peak MiB | load |\n| --- | --- | --- | --- | --- |",
    );
    const measured = async (what: string, module: string, args: readonly string[]) => {
      if (only.length > 0 && !only.some((start) => what.startsWith(start))) return undefined;
      await Deno.mkdir(out);
      const one = await run(module, args);
      const load = Deno.loadavg()[0]!;
      const numbers = [one.seconds, one.cpuSeconds, Math.round(one.peakMiB), load];
      console.log(`| ${what} | ${numbers.map((each) => +each.toFixed(1)).join(" | ")} |`);
      await Deno.remove(out, { recursive: true });
      return one;
    };
    const command = (...args: readonly string[]) => {
      const what = args.map((arg) => arg === id ? "ID" : arg.replace(`${out}/`, "")).join(" ");
      return measured(what, "tasks/cli.ts", [...args, "--from", from]);
    };
    await command("list", "--limit", "30");
    await command("show");
    await command("cat", LATER, id);
    await command("cat", LATER, "page");
    await command("find", id, "--limit", "1");
    await command("verify", "--level", "manifest");
    const folder = `${from}/${snapshot.address.slice(snapshot.address.indexOf("content/"))}`;
    const parsed = await measured("a loop of createHash + JSON.parse", own, ["loop", folder]);
    const verified = await command("verify", "--level", "data");
    await command("verify", EARLIER, "--level", "data");
    await command("verify", "--level", "references");
    await command("diff", EARLIER, LATER, "--stat");
    await command("diff", EARLIER, LATER, "--html", `${out}/diff.html`);
    await command("download", "--out", `${out}/a.tar.zst`);
    await command("download", "--out", `${out}/a.zip`, "--as", "datocms-dump");
    await command("download", "--out", `${out}/a.json.gz`, "--single");
    await command("copy", "--to", `${out}/copy`);
    await command("tables", "make", "--out", `${out}/tables`);
    await measured("openSnapshot, a record by its id", own, ["record", from, id, "auto"]);
    await measured("the same by reading all batches", own, ["record", from, id, "none"]);
    await command("prune", "--keep-last", "1", "--unused-assets");
    if (parsed === undefined || verified === undefined) return;
    const ratios = [
      parsed.seconds / verified.seconds,
      parsed.cpuSeconds / verified.cpuSeconds,
    ].map((ratio) => ratio.toFixed(2));
    console.log(`\nverify has ${ratios[0]} times the speed of the loop; by CPU time ${ratios[1]}`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const [mode = "", ...rest] = Deno.args as [string?, ...string[]];
if (mode === "build") await build(rest[0]!, Number(rest[1]));
else if (mode === "loop") loop(rest[0]!);
else if (mode === "record") await record(rest[0]!, rest[1]!, rest[2] as IndexUse);
else await bench(Number(mode || 20_000), rest);

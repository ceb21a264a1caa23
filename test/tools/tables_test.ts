import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { makeTables, type MakeTablesProgress } from "../../src/tools/tables.ts";
import { directoryOf, filesOf, workbench } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { TracedStorage } from "../support/traced_storage.ts";

const SAMPLE = sampleProject();

/** The texts of all files below a directory, by path. */
async function textsIn(directory: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const file of await filesOf(directory)) {
    texts[file] = asText(await Deno.readFile(`${directory}/${file}`));
  }
  return texts;
}

/** Bytes as text that differs where they do. */
function asText(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return bytes.toBase64();
  }
}

function textsOf(storage: MemoryStorage): Record<string, string> {
  return Object.fromEntries(
    [...storage.objects].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, bytes]) => [key, asText(bytes)]),
  );
}

for (
  const [what, shape] of Object.entries(
    {
      "NDJSON": {},
      "Parquet": { format: "parquet", parquetCodec: "snappy" },
      "CSV of one locale, from the enterprise layout": {
        layout: "enterprise",
        format: "csv",
        locales: ["it"],
        structuredText: "markdown",
      },
    } as const,
  )
) {
  Deno.test(`makeTables() makes the tables of an export, byte for byte: ${what}`, async () => {
    const project = generateProject({ records: 300, uploads: 20, blocksPerRecord: 3 });
    await using bench = await workbench({ project });
    const report = await bench.export({ assets: false, ...shape });
    const directory = directoryOf(report);
    const before = await textsIn(directory);
    const out = new MemoryStorage();
    const told: MakeTablesProgress[] = [];
    const made = await makeTables({
      storage: bench.storage,
      out,
      ...shape,
      onProgress: (progress) => told.push(progress),
    });
    assert.deepEqual(textsOf(out), await textsIn(`${directory}/tables`));
    assert.deepEqual(await textsIn(directory), before);
    assert.deepEqual({ ...made, tables: made.tables.count }, {
      snapshot: report.snapshot,
      out: out.url,
      tables: (report.manifest.resources.tables as { count: number }).count,
      entries: told.at(-1)!.entries,
      warnings: report.manifest.warnings.filter(({ code }) => !code.startsWith("resource_")),
    });
    assert.deepEqual(told[0], { rows: 0, entries: 0, of: made.entries, objects: 0, bytes: 0 });
    assert.equal(told.at(-1)!.rows, made.tables.count);
    assert.ok(told.length > 3 && made.entries > 300);
  });
}

Deno.test("makeTables() makes the tables of a Project Export of DatoCMS", async () => {
  await using bench = await workbench({ project: SAMPLE });
  const report = await bench.export({ layout: "enterprise", assets: false });
  const directory = directoryOf(report);
  // It doesn't tell who made the records.
  const { "creators/part_000.ndjson": people, ...expected } = await textsIn(`${directory}/tables`);
  assert.ok(people?.includes('"type":"user"'));
  // Neither of these is in one, and nobody says how its JSON is laid out.
  for (const path of ["manifest.json", "export.json"]) await Deno.remove(`${directory}/${path}`);
  for (const path of ["tables", "settings"]) {
    await Deno.remove(`${directory}/${path}`, { recursive: true });
  }
  let reversed = 0;
  for (const folder of ["records", "uploads"]) {
    for (const file of await filesOf(`${directory}/${folder}`)) {
      const path = `${directory}/${folder}/${file}`;
      const { data } = JSON.parse(await Deno.readTextFile(path));
      const indent = reversed++ % 2 === 0 ? 2 : undefined;
      await Deno.writeTextFile(path, JSON.stringify({ data: data.reverse() }, null, indent));
    }
  }
  assert.ok(reversed > 5);
  const out = new MemoryStorage();
  await makeTables({ storage: bench.storage, out });
  const sorted = (texts: Record<string, string>) => {
    return Object.entries(texts).map(([path, text]) => [path, text.split("\n").sort()]);
  };
  // Their records are in no order.
  assert.deepEqual(sorted(textsOf(out)), sorted(expected));
});

Deno.test("makeTables() refuses what it can't make tables of or can't write to, in one sentence", async () => {
  await using bench = await workbench({ project: SAMPLE });
  const { storage } = bench;
  const report = await bench.export({ assets: false, include: ["records"] });
  const directory = directoryOf(report);
  const full = new MemoryStorage();
  await full.put("notes.txt", new Uint8Array([1]));
  const fails = async (
    options: Partial<Parameters<typeof makeTables>[0]>,
    message: RegExp,
    exitCode: number = EXIT.failed,
  ) => {
    const out = options.out ?? new MemoryStorage();
    await assert.rejects(makeTables({ storage, ...options, out }), (error) => {
      assert.ok(error instanceof SluiceError, String(error));
      assert.match(error.message, message);
      assert.equal(error.exitCode, exitCode);
      return true;
    });
    if (out instanceof MemoryStorage && out !== full) assert.equal(out.objects.size, 0);
  };
  await fails({ out: full }, /Expected nothing in .* yet, but "notes.txt" is there/, EXIT.usage);
  await fails(
    { out: new LocalStorage(`${directory}/more`) },
    /is in the snapshot .*: name a directory outside of it/,
    EXIT.usage,
  );
  await fails({ snapshot: "2020-01-01" }, /There is no snapshot "2020-01-01"/);
  await fails({ locales: ["xx"] }, /has no locale "xx": its locales are en, it/, EXIT.usage);

  const batch = `${directory}/records/article/published/batch_000.ndjson`;
  const text = await Deno.readTextFile(batch);
  await Deno.writeTextFile(batch, `${text}{"id":`);
  await fails({}, /^Can't make tables of .*: .*\. Check that it is a snapshot/);
  await Deno.writeTextFile(batch, text);
  await Deno.remove(`${directory}/models/article.json`);
  await fails({}, /no file in models\/ tells of the records in records\/article\/current/);

  await using only = await workbench({ project: SAMPLE });
  await only.export({ tables: "only", include: ["records"] });
  await fails({ storage: only.storage }, /was exported as tables only/);
});

Deno.test("makeTables() that is aborted or fails leaves nothing", async () => {
  const project = generateProject({ records: 300, models: 2, blocksPerRecord: 3 });
  await using bench = await workbench({ project });
  await bench.export({ assets: false, include: ["records"] });
  for (const how of ["abort", "put"]) {
    const abort = new AbortController();
    const reason = new Error(`Ended by ${how}`);
    const kept = new MemoryStorage();
    let puts = 0;
    const out: TracedStorage = new TracedStorage(kept, {
      onCall: () => {
        if (out.calls.at(-1)!.method !== "put" || ++puts < 3) return;
        if (how === "put") throw reason;
        abort.abort(reason);
      },
    });
    const making = makeTables({ storage: bench.storage, out, signal: abort.signal });
    await assert.rejects(making, (error) => error === reason, how);
    assert.deepEqual([...kept.objects.keys()], []);
    assert.ok(puts >= 3);
  }
});

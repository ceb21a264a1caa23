import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { diffSnapshots } from "../../src/tools/diff.ts";
import { downloadSingle } from "../../src/tools/download/single.ts";
import { findInSnapshots } from "../../src/tools/find.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { showSnapshot } from "../../src/tools/show.ts";
import { makeTables } from "../../src/tools/tables.ts";
import { collect } from "../storage/bodies.ts";
import { workbench } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const PROJECT = generateProject({ records: 40, models: 2, uploads: 4, assetBytes: 50 });

Deno.test("All that reads snapshots finds the same in compressed ones", async () => {
  await using bench = await workbench({ project: PROJECT });
  const { storage } = bench;
  const idOf = ({ snapshot }: { readonly snapshot: string }) => snapshot.split("_").at(-1)!;
  const plain = idOf(await bench.export({ assets: false }));
  const article = (await openSnapshot(storage, plain)).records("article");
  const { id = "" } = (await collect(article)).flat()[0]!;

  /** What each of them says of a snapshot, but for its name and sizes. */
  const readWith = async (snapshot: string) => {
    const opened = await openSnapshot(storage, snapshot);
    const single = await downloadSingle(storage, snapshot, { view: "current" });
    const document = await new Response(single.bytes).text();
    const tables = new MemoryStorage();
    await makeTables({ storage, snapshot, out: tables });
    const found = (await collect(findInSnapshots(storage, id))).flat();
    const { models } = await showSnapshot(storage, snapshot);
    return {
      records: (await collect(opened.records("article", { version: "current" }))).flat(),
      record: await opened.record(id),
      uploads: (await collect(opened.uploads())).flat(),
      rows: await Promise.all(
        (await opened.tables()).map(async (table) => (await collect(table.rows())).flat()),
      ),
      lines: document.split("\n").filter((line) => line.includes('"type":"item"')),
      tables: [...tables.objects.keys()].sort().map((key) => tables.text(key)),
      found: found.filter((match) => match.snapshot.endsWith(snapshot)).map(({ path }) => path),
      counts: JSON.stringify(models).replaceAll(/"bytes":\d+/g, ""),
    };
  };

  const expected = await readWith(plain);
  assert.ok(
    expected.records.length > 10 && expected.lines.length > 10 && expected.found.length > 0,
  );
  assert.ok(expected.rows.every((rows) => rows.length > 0) && expected.tables.length > 3);
  for (const compress of ["gzip", "zstd"] as const) {
    const snapshot = idOf(await bench.export({ assets: false, compress }));
    assert.deepEqual(await readWith(snapshot), expected);
    const changes = diffSnapshots({ storage, snapshot: plain }, { storage, snapshot });
    assert.deepEqual(await collect(changes), []);
  }
});

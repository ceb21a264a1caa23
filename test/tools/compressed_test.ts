import assert from "node:assert/strict";
import { unpackTar } from "modern-tar";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { catSnapshot } from "../../src/tools/cat.ts";
import { copySnapshot } from "../../src/tools/copy.ts";
import { diffSnapshots } from "../../src/tools/diff.ts";
import { downloadSnapshot } from "../../src/tools/download.ts";
import { downloadDump } from "../../src/tools/download/dump.ts";
import { downloadSingle } from "../../src/tools/download/single.ts";
import { findInSnapshots } from "../../src/tools/find.ts";
import { listSnapshots } from "../../src/tools/list.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { applyPrune } from "../../src/tools/prune.ts";
import { planPrune } from "../../src/tools/prune_policy.ts";
import { showSnapshot } from "../../src/tools/show.ts";
import { makeTables } from "../../src/tools/tables.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { collect } from "../storage/bodies.ts";
import { damaged } from "../support/damage.ts";
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
  // Nobody is told to have made its records, and no asset was fetched.
  assert.equal(expected.rows.filter((rows) => rows.length === 0).length, 2);
  assert.ok(expected.tables.length > 3);
  for (const compress of ["gzip", "zstd"] as const) {
    const snapshot = idOf(await bench.export({ assets: false, compress }));
    assert.deepEqual(await readWith(snapshot), expected);
    const changes = diffSnapshots({ storage, snapshot: plain }, { storage, snapshot });
    assert.deepEqual(await collect(changes), []);
  }
});

Deno.test("What takes compressed snapshots elsewhere, looks into them or removes them leaves them as they are", async () => {
  await using bench = await workbench({ project: PROJECT });
  await bench.export({ tables: false, compress: "gzip" });
  const report = await bench.export({ tables: false, compress: "zstd" });
  const snapshot = report.snapshot.split("_").at(-1)!;
  const { storage } = bench;
  const intact = async (place: Storage) => {
    const { problems } = await verifySnapshot(place, snapshot, { level: "references" });
    assert.deepEqual(problems, []);
  };

  const tar = await downloadSnapshot(storage, snapshot, { form: "tar" });
  const unpacked = new MemoryStorage();
  for (const { header: { name }, data } of await unpackTar(await new Response(tar.bytes).bytes())) {
    await unpacked.put(name, new Uint8Array(data!));
  }
  await intact(unpacked);
  const copy = new Elsewhere();
  await copySnapshot(storage, snapshot, copy);
  await intact(copy);
  const part = new Elsewhere();
  await copySnapshot(storage, snapshot, part, { assets: false, models: ["article"] });
  await intact(part);
  const { id = "" } = (await collect((await openSnapshot(copy, snapshot)).records("article")))
    .flat()[0]!;
  assert.ok("value" in await catSnapshot(copy, snapshot, id));
  const dump = await downloadDump(copy, snapshot);
  assert.ok((await new Response(dump.bytes).bytes()).length > 0);
  assert.deepEqual([dump.content().records, dump.content().assets.count], [40, 4]);

  const plan = planPrune((await collect(listSnapshots(storage))).flat(), { keepLast: 1 });
  assert.equal((await applyPrune(storage, plan)).remove.length, 1);
  await intact(storage);

  // A member that is damaged, but for its length.
  const key = [...copy.objects.keys()].find((key) => /article\/current\/.+\.zst$/.test(key))!;
  for (const at of [copy.objects.get(key)!.length - 1, 20]) {
    const flipped = copy.objects.get(key)!.slice();
    flipped[at]! ^= 1;
    await damaged(copy, key, flipped, async () => {
      const { bytes } = await downloadSingle(copy, snapshot, { view: "current" });
      await assert.rejects(new Response(bytes).text(), (error: Error) => {
        assert.match(
          error.message,
          /The snapshot \S+ is damaged: "records\S+\.zst": its bytes were changed/,
        );
        return true;
      });
    });
  }
});

/** Another place in memory. */
class Elsewhere extends MemoryStorage {
  override readonly url: MemoryStorage["url"] = "memory://elsewhere";
}

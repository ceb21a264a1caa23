import assert from "node:assert/strict";
import {
  catSnapshot,
  copySnapshot,
  diffSnapshots,
  downloadDump,
  downloadSingle,
  downloadSnapshot,
  findInSnapshots,
  openSnapshot,
  showSnapshot,
  verifySnapshot,
} from "../../src/tools/mod.ts";
import { editManifest } from "../support/damage.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";

const SECONDS = 1_700_000_000;

Deno.test("a snapshot whose manifest lists an object twice is refused, whatever is done with it", async () => {
  const storage = new MemoryStorage();
  const prefix = await putSmallSnapshot(storage, "1", SECONDS);
  editManifest(storage, prefix, ({ objects, ...manifest }) => {
    return { ...manifest, objects: [...objects, { ...objects.at(-1)!, size: 7 }] };
  });
  const name = String(SECONDS);
  const out = Object.assign(new MemoryStorage(), { url: "memory://out" });
  const uses: Readonly<Record<string, () => Promise<unknown>>> = {
    cat: () => catSnapshot(storage, name, "article"),
    copy: () => copySnapshot(storage, name, out),
    diff: () =>
      Array.fromAsync(diffSnapshots({ storage, snapshot: name }, { storage, snapshot: name })),
    "download as an archive": () => downloadSnapshot(storage, name),
    "download as a dump": () => downloadDump(storage, name),
    "download as a document": () => downloadSingle(storage, name),
    find: () => Array.fromAsync(findInSnapshots(storage, "1")),
    open: () => openSnapshot(storage, name),
  };
  for (const [use, run] of Object.entries(uses)) {
    await assert.rejects(run, /it lists site\.json twice/, use);
  }
  assert.deepEqual([...out.objects], []);
  assert.match((await showSnapshot(storage, name)).problem!, /it lists site\.json twice/);
  const { problems } = await verifySnapshot(storage, name);
  assert.ok(problems.some(({ detail }) => detail === "lists site.json twice"));
});

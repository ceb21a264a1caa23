import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Upload } from "../../src/content/resource.ts";
import { AssetFiles } from "../../src/assets/asset_files.ts";
import type { AssetOutcome } from "../../src/assets/asset_download.ts";
import { syncAssets } from "../../src/assets/asset_sync.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { AssetNames } from "../../src/assets/asset_names.ts";
import { collect } from "../storage/bodies.ts";
import { openFake } from "./open_fake.ts";

const NAMES = [
  "Gr\u00f6\u00dfe.JPG",
  "e\u0301tude.png",
  "\u00c9TUDE.gif",
  "IMG_1.jpg",
  "plain.txt",
];
const bytes = new TextEncoder().encode("the same bytes");
const md5 = createHash("md5").update(bytes).digest("hex");

const UPLOADS = NAMES.map((name, i): Upload => ({
  id: `u${i}`,
  type: "upload",
  attributes: { url: `https://assets.example/${i}`, path: `/1/${name}`, size: bytes.length, md5 },
}));

/** Brings the files of uploads into a storage, as an export does. Gives what became of each, and what was fetched. */
async function sync(
  storage: Storage,
  before: readonly AssetOutcome[],
): Promise<{ readonly outcomes: readonly AssetOutcome[]; readonly fetched: number }> {
  const files = new AssetFiles();
  for await (const page of storage.list("assets/")) page.forEach((info) => files.add(info));
  for (const { size, md5, ...rest } of before) {
    if (size !== null && md5 !== null) files.recall({ ...rest, size, md5 });
  }
  const names = new AssetNames();
  let fetched = 0;
  const outcomes = await collect(
    syncAssets(ReadableStream.from([UPLOADS]), storage, {
      files,
      key: (upload) => `assets/${names.of(upload)}`,
      fetch: () => {
        fetched++;
        return Promise.resolve(new Blob([bytes]).stream());
      },
    }),
  );
  return { outcomes: outcomes.flat(), fetched };
}

Deno.test("syncAssets() fetches no file again that the store lists in another case or form", async () => {
  const stores: Readonly<Record<string, (key: string) => string>> = {
    NFC: (key) => key.normalize("NFC"),
    NFD: (key) => key.normalize("NFD"),
    "lower case": (key) => key.toLowerCase(),
    "upper case, NFD": (key) =>
      key.replace(/[^/]*$/, (name) => name.toUpperCase().normalize("NFD")),
  };
  for (const [name, keys] of Object.entries(stores)) {
    for (const etags of ["md5", "random"] as const) {
      await using opened = await openFake({ keys, etags });
      const first = await sync(opened.storage, []);
      assert.equal(first.fetched, NAMES.length);
      assert.equal(opened.fake.objects.all.size, NAMES.length, name);
      const second = await sync(opened.storage, first.outcomes);
      assert.equal(second.fetched, 0, name);
      assert.ok(second.outcomes.every(({ outcome }) => outcome === "kept"));
      const keysOf = (outcomes: readonly AssetOutcome[]) => outcomes.map(({ key }) => key).sort();
      assert.deepEqual(keysOf(second.outcomes), keysOf(first.outcomes));
    }
  }
});

Deno.test("syncAssets() doesn't take a file for another one whose name differs only in case or form", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  for (const name of NAMES) {
    const other = [
      name.toLowerCase(),
      name.toUpperCase(),
      name.normalize("NFC"),
      name.normalize("NFD"),
    ]
      .find((form) => form !== name);
    if (other !== undefined) await storage.put(`assets/${other}`, bytes);
  }
  const before = fake.objects.all.size;
  assert.equal((await sync(storage, [])).fetched, NAMES.length);
  assert.equal(fake.objects.all.size, before + NAMES.length);
  assert.equal((await sync(storage, [])).fetched, 0);
});

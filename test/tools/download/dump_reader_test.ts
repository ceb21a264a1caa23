import assert from "node:assert/strict";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import { downloadDump } from "../../../src/tools/download/dump.ts";
import { zipFiles } from "../../support/zip_files.ts";
import { directoryOf, entriesOf, workbench } from "../../support/exported.ts";
import { readDump } from "./dump_reader.ts";

Deno.test("a reader that knows but the form's description reads the sample's dump whole", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export();
  const { bytes } = await downloadDump(bench.storage, "latest");
  const zip = await new Response(bytes).bytes();
  const dump = readDump([...zipFiles(zip)]);

  const models = [...Deno.readDirSync(`${directoryOf(report)}/records`)];
  const of = async (version: "current" | "published") => {
    const all = models.map(({ name }) =>
      entriesOf<{ id: string }>(`${directoryOf(report)}/records/${name}/${version}`)
    );
    return (await Promise.all(all)).flat();
  };
  const current = await of("current");
  assert.deepEqual([...dump.records.keys()].sort(), current.map(({ id }) => id).sort());
  for (const record of current) assert.deepEqual(dump.records.get(record.id)?.current, record);
  const published = new Map((await of("published")).map((record) => [record.id, record]));
  for (const [id, record] of dump.records) {
    assert.deepEqual(record.published, published.get(id) ?? null);
  }
  const uploads = await entriesOf(`${directoryOf(report)}/uploads`);
  assert.equal(dump.uploads.size, uploads.length);
  assert.ok(dump.assets.size > 0 && dump.collections.size > 0);
});

Deno.test("readDump() refuses what the form doesn't have", () => {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const line = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  const record = (id: string) => ({
    id,
    current: { id },
    published: null,
    scheduledPublication: null,
    scheduledUnpublishing: null,
  });
  const counts = { records: 1, uploads: 0, uploadCollections: 0, assets: 0 };
  const manifest = { format: "datocms-project-dump", version: 1, counts };
  const entries: [string, Uint8Array][] = [
    ["schema.json", json({ site: {}, workflows: [] })],
    ["records/000000.jsonl", line(record("a"))],
    ["manifest.json", json(manifest)],
  ];
  assert.equal(readDump(entries).records.size, 1);
  const but = (name: string, bytes: Uint8Array) =>
    entries.map((entry): [string, Uint8Array] => entry[0] === name ? [name, bytes] : entry);
  for (
    const [wrong, reason] of [
      [entries.slice(0, -1), /manifest\.json has to be the last/],
      [entries.slice(1), /no schema\.json/],
      [but("schema.json", json({ site: {} })), /no list of workflows/],
      [but("records/000000.jsonl", json(record("a"))), /last line is cut/],
      [but("records/000000.jsonl", line({ id: "a" })), /has the keys id/],
      [
        but("records/000000.jsonl", line({ ...record("a"), current: { id: "b" } })),
        /b in the line/,
      ],
      [[...entries.slice(0, 2), ["records/000001.jsonl", line(record("a"))], entries[2]!], /twice/],
      [
        [...entries.slice(0, 2), ["records/000003.jsonl", line(record("b"))], entries[2]!],
        /numbered/,
      ],
      [[["assets/x/y.png", line(1)], ...entries], /belongs to no upload/],
      [[["other.txt", line(1)], ...entries], /no place/],
      [
        but("manifest.json", json({ ...manifest, counts: { ...counts, records: 2 } })),
        /has 2 records/,
      ],
      [but("manifest.json", json({ ...manifest, version: 2 })), /version 1/],
    ] as [typeof entries, RegExp][]
  ) assert.throws(() => readDump(wrong), reason);
});

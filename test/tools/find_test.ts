import assert from "node:assert/strict";
import type { Item } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { findInSnapshots, type FindOptions, type FoundEntry } from "../../src/tools/find.ts";
import { directoryOf, entriesOf, filesOf, workbench } from "../support/exported.ts";

for (const layout of ["ndjson", "enterprise"] as const) {
  Deno.test(`findInSnapshots() finds each record and upload that holds a text: ${layout}`, async () => {
    await using bench = await workbench({ project: sampleProject() });
    const report = await bench.export({ layout, assets: false, tables: false });
    const directory = directoryOf(report);
    const find = async (text: string, options?: FindOptions): Promise<FoundEntry[]> => {
      return (await Array.fromAsync(findInSnapshots(bench.storage, text, options))).flat();
    };
    const values = (value: unknown): string[] => {
      if (typeof value === "string" || typeof value === "number") return [String(value)];
      if (typeof value !== "object" || value === null) return [];
      return Object.values(value).flatMap(values);
    };
    const folders = new Set(
      (await filesOf(directory)).flatMap((file) => {
        return /^(uploads|records\/.*)\/batch_/.exec(file)?.[1] ?? [];
      }),
    );
    const entries: { id: string; model: string | null; version: string | null; all: string[] }[] =
      [];
    for (const folder of folders) {
      const [, model = null, version = null] = folder.split("/");
      for (const entry of await entriesOf<Item>(`${directory}/${folder}`)) {
        entries.push({ id: entry.id, model, version, all: values(entry) });
      }
    }
    const some = entries[3]!.id;
    for (
      const text of [some, "chiusa", "água", '"', "\n", "di una scala d'acqua", "e", "2025-02"]
    ) {
      const expected = entries.filter(({ all }) => all.some((value) => value.includes(text)));
      const found = await find(text);
      const key = (
        { id, model, version }: Pick<FoundEntry, "id" | "model"> & { version: unknown },
      ) => `${model} ${version} ${id}`;
      assert.deepEqual(found.map(key).sort(), expected.map(key).sort(), text);
      for (const { text: shown } of found) assert.ok(shown.includes(text) && shown.length <= 122);
    }
    const [first] = await find(some);
    assert.equal(first?.path, "/id");
    assert.equal(first.text, some);
    assert.deepEqual(await find("nothing has this"), []);
    // Names of fields are no values.
    assert.deepEqual(await find("item_type_x"), []);
    await assert.rejects(find(""), /must be some text, but is empty/);
  });
}

Deno.test("findInSnapshots() searches the newest snapshots, and passes over those that can't be read", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { snapshot } = await bench.export({
      models: ["lock"],
      include: ["records"],
      tables: false,
    });
    ids.unshift(snapshot.split("_").at(-1)!);
  }
  const searched: string[] = [];
  const unreadable: string[] = [];
  const find = async (options: FindOptions) => {
    const pages = findInSnapshots(bench.storage, "Candle Lock", {
      onSnapshot: (name) => searched.push(name),
      ...options,
    });
    return [...new Set((await Array.fromAsync(pages)).flat().map(({ snapshot }) => snapshot))];
  };
  const names = ids.map((id) => `48213/${id}`);
  assert.deepEqual(await find({}), names);
  assert.deepEqual(searched.splice(0), names);
  assert.deepEqual(await find({ limit: 1 }), names.slice(0, 1));
  assert.deepEqual(await find({ before: names[0]! }), names.slice(1));
  const batch = `content/project_48213/snapshot_${ids[1]}/records/lock/current/batch_000.ndjson`;
  await Deno.writeTextFile(`${bench.root}/${batch}`, '{"id": "Candle Lock');
  await assert.rejects(find({}), SyntaxError);
  const onUnreadable = (name: string, reason: string) => unreadable.push(`${name}: ${reason}`);
  assert.deepEqual(await find({ onUnreadable }), [names[0], names[2]]);
  assert.equal(unreadable.length, 1);
  assert.ok(unreadable[0]!.startsWith(`${names[1]}: `));
  const abort = new AbortController();
  const onSnapshot = () => abort.abort(new Error("Enough"));
  await assert.rejects(find({ signal: abort.signal, onSnapshot, onUnreadable }), /Enough/);
});

import assert from "node:assert/strict";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { itemTypeId } from "../../src/simulator/schema_builder.ts";
import type { ExportReport } from "../../src/export/export.ts";
import { CLOCKS } from "../support/clocks.ts";
import { type EditMix, Editor } from "../support/editor.ts";
import { workbench } from "../support/exported.ts";
import { type ExportedSnapshot, readSnapshot } from "../support/exported_snapshot.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { Oracle, type Span, told } from "../support/oracle.ts";

const EARLIEST = {
  filters: [],
  orderBy: ["_created_at", "id"].map((column) => ({ column, direction: "ASC" as const })),
  offset: 0,
  limit: 1,
};

/** A record or upload that may be changed. */
interface Spoilable {
  id: string;
  type: string;
  attributes: JsonObject;
}

/** At least each size with each number of requests at a time. */
const SEEDS = long(20, 5);

/** How much there is, and how fast it changes; one for each seed in turn. */
const SIZES = [
  { records: long(400, 160), uploads: 520, blocksPerRecord: 4, changes: 5 },
  { records: long(600, 240), uploads: 40, blocksPerRecord: 2, changes: 5 },
  // Pages of models without blocks hold 500 records: one of these models has three such pages.
  { records: long(240, 120), uploads: 1050, blocksPerRecord: 2, changes: 5, authors: 1100 },
  { records: long(240, 120), uploads: 10, blocksPerRecord: 12, changes: 10 },
  // For what takes many looks at one snapshot.
  { records: long(100, 40), uploads: long(40, 20), blocksPerRecord: 3, changes: 3 },
] as const;
const SMALL = SIZES.length - 1;

const projects = SIZES.map((size) => {
  let time = Date.UTC(2026, 0, 1);
  const project = memoryCopy(generateProject(size), { clock: () => new Date(time += 1234) });
  const { items } = project.primary;
  for (let i = 0; "authors" in size && i < size.authors; i++) {
    const { id } = items.create(itemTypeId("author"), {
      name: `Author ${i}`,
      born_on: "1999-09-09",
    });
    if (i % 8 !== 0) items.publish(id);
  }
  return project;
});

interface Drift {
  readonly report: ExportReport;
  readonly snapshot: ExportedSnapshot;
  readonly oracle: Oracle;
  readonly editor: Editor;
  readonly span: Span;
}

/** Exports a project while an editor works on it. */
async function drift(
  seed: number,
  { clock, concurrency, size: which = seed % SMALL, mix, before = 100 }: {
    clock?: () => Date;
    concurrency?: number;
    size?: number;
    mix?: Partial<EditMix>;
    before?: number;
  } = {},
): Promise<Drift> {
  const size = SIZES[which]!;
  const project = memoryCopy(projects[which]!, { clock });
  const oracle = new Oracle(project);
  const storage = new MemoryStorage();
  const editor = new Editor(project, { seed, mix, purge: size.records / 10 });
  await using bench = await workbench({
    project,
    onRequest: editor.hook(size.changes),
    rateLimit: { limit: 100_000, windowMs: 1000 },
  });
  // What was before an export may not be in it.
  editor.edit(before);
  const from = oracle.now;
  const report = await bench.export({ storage, assets: false, concurrency });
  const span = { from, to: oracle.now };
  return { report, snapshot: await readSnapshot(storage, report.snapshot), oracle, editor, span };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  const clocks = Object.entries(CLOCKS);
  const [name, clock] = clocks[seed % clocks.length]!;
  const concurrency = [1, 4, 8][seed % 3]!;
  Deno.test(`exportProject() loses, repeats and invents nothing while editors work, seed ${seed}, ${name}`, async () => {
    const { report, snapshot, oracle, editor, span } = await drift(seed, { clock, concurrency });
    const violations = oracle.checkSnapshot(snapshot, span);
    assert.equal(violations.length, 0, told(violations));
    assert.deepEqual(report.manifest.failures, []);
    for (const { model, version, items } of snapshot.records) {
      assert.equal(report.manifest.records[model]?.[version]?.count, items.length);
    }
    assert.equal(snapshot.records.length, 8, "four models in two versions");
    assert.ok(snapshot.tables.length > 8);
    // It was worth looking: every kind of listing moved, and so did what was being read.
    for (const kind of ["current", "published", "uploads"] as const) {
      const { came, went } = oracle.moves(kind, span);
      const least = kind === "uploads" ? 2 : 10;
      assert.ok(came + went > least, `${came} ${kind} came, ${went} went`);
    }
    assert.ok(span.to - span.from > 100, `${span.to - span.from} changes during the export`);
    assert.ok(editor.done.border > 5 && editor.done.update > 40);
  });
}

for (const [name, clock] of Object.entries(CLOCKS).slice(0, 3)) {
  Deno.test(`exportProject() loses nothing while dates of creation change, ${name}`, async () => {
    const mix = { redate: 60 };
    const how = { clock, mix, concurrency: 4, size: long(2, 1) };
    const { snapshot, oracle, span, editor } = await drift(6, how);
    const violations = oracle.checkSnapshot(snapshot, span);
    assert.equal(violations.length, 0, told(violations));
    assert.ok(editor.done.redate > 50);
  });
}

Deno.test("exportProject() loses no upload when one goes and one comes between two pages", async () => {
  // A page begins with the last one of the page before: if it doesn't, all moved up, and it is looked back for it.
  for (
    const { moves, asked } of [{ moves: 0, asked: [0, 499] }, { moves: 1, asked: [0, 499, 374] }]
  ) {
    const project = memoryCopy(generateProject({ records: 0, uploads: 520 }));
    const oracle = new Oracle(project);
    const storage = new MemoryStorage();
    const offsets: number[] = [];
    await using bench = await workbench({
      project,
      onRequest(_request, { pathname, searchParams }) {
        if (pathname !== "/uploads" || !searchParams.has("order_by")) return;
        offsets.push(Number(searchParams.get("page[offset]")));
        if (offsets.length !== 2 || moves === 0) return;
        project.deleteUpload(project.primary.uploads.list(EARLIEST).page[0]!.id);
        // As long as before.
        const bytes = new Uint8Array([1]);
        project.addUpload({ filename: "a.txt", bytes, mimeType: "text/plain" });
      },
    });
    const from = oracle.now;
    const { snapshot } = await bench.export({ storage, assets: false });
    const span = { from, to: oracle.now };
    const { came, went } = oracle.moves("uploads", span);
    assert.deepEqual([came, went, offsets], [moves, moves, asked]);
    const violations = oracle.checkSnapshot(await readSnapshot(storage, snapshot), span);
    assert.equal(violations.length, 0, told(violations));
  }
});

Deno.test("Oracle.checkSnapshot() finds what is wrong with a snapshot", async (t) => {
  const { snapshot, oracle, span } = await drift(1, { size: SMALL, concurrency: 1, before: 500 });
  const before = new Set(oracle.checkSnapshot(snapshot, span).map((one) => JSON.stringify(one)));

  /** What is found, besides what was wrong before, once a copy of the snapshot is spoilt. */
  function faults(spoil: (copy: ExportedSnapshot) => unknown): string[] {
    const copy = structuredClone(snapshot);
    spoil(copy);
    const found = oracle.checkSnapshot(copy, span)
      .filter((one) => !before.has(JSON.stringify(one)))
      .map(({ fault, where }) => `${fault}: ${where.replace(/^table .*/, "tables")}`);
    return [...new Set(found)].sort();
  }

  for (const kind of ["current", "published", "uploads"] as const) {
    const where = kind === "uploads" ? kind : `${kind} of article`;
    /** What was exported of this kind. */
    const all = (copy: ExportedSnapshot): Spoilable[] => {
      if (kind === "uploads") return copy.uploads as unknown as Spoilable[];
      const part = copy.records.find(({ model, version }) => {
        return model === "article" && version === kind;
      });
      return part!.items as unknown as Spoilable[];
    };
    const lasting = all(snapshot).findIndex(({ id }) => oracle.lasted(kind, id, span));
    const key = kind === "uploads" ? "filename" : "day";
    const spoilt: Record<string, [spoil: (all: Spoilable[]) => unknown, fault: string]> = {
      "is missing": [(all) => all.splice(lasting, 1), "missing"],
      "is there twice": [(all) => all.push(structuredClone(all[0]!)), "twice"],
      "never existed": [(all) => all.push({ ...all[0]!, id: "nobody" }), "made up"],
      "has another value": [(all) => all[lasting]!.attributes[key] = "2000-01-01", "altered"],
      "has lost an attribute": [(all) => delete all[lasting]!.attributes[key], "altered"],
      "is as it was before the export": [(all) => {
        const index = all.findIndex(({ id }) => oracle.states(kind, id)[0]!.to <= span.from);
        all[index] = oracle.states(kind, all[index]!.id)[0]!.resource as unknown as Spoilable;
      }, "stale"],
    };
    for (const [name, [spoil, fault]] of Object.entries(spoilt)) {
      await t.step(`one of ${where} ${name}`, () => {
        const expected = ["half: tables", `${fault}: ${where}`];
        assert.deepEqual(faults((copy) => spoil(all(copy))), expected.sort());
      });
    }
    if (kind === "uploads") continue;

    await t.step(`one of ${where} is half of one state and half of another`, () => {
      /** Two states whose blocks aren't the same. */
      const revisions = (id: string) => {
        const states = oracle.states(kind, id).map(({ resource }) => resource);
        const [first] = states;
        return [
          first,
          states.find(({ attributes }) => {
            return JSON.stringify(attributes!.sections) !==
              JSON.stringify(first!.attributes!.sections);
          }),
        ];
      };
      const changed = all(snapshot).findIndex(({ id }) => revisions(id)[1]);
      const [first, second] = revisions(all(snapshot)[changed]!.id);
      const spoil = (copy: ExportedSnapshot) => {
        const attributes = { ...first!.attributes, sections: second!.attributes!.sections! };
        all(copy)[changed] = { ...first!, attributes };
      };
      assert.deepEqual(faults(spoil), [`altered: ${where}`, "half: tables"]);
    });
    await t.step(`one of ${where} is in the folder of another model`, () => {
      const spoil = (copy: ExportedSnapshot) => {
        const [item] = all(copy).splice(lasting, 1);
        const other = copy.records.find(({ model, version }) =>
          model === "page" && version === kind
        );
        other!.items.push(item as unknown as Item);
      };
      assert.deepEqual(faults(spoil), [`misplaced: ${kind} of page`, `missing: ${where}`]);
    });
  }

  const tables = snapshot.tables.map(({ table, version }) => ({ table, version }));
  for (const [nth, { table, version }] of tables.entries()) {
    await t.step(`table ${table} (${version}) has a row of another state`, () => {
      const rows = (copy: ExportedSnapshot) =>
        copy.tables.find((one) => one.table === table && one.version === version)!.rows;
      const spoilt: readonly ((copy: ExportedSnapshot) => unknown)[] = [
        (copy) => rows(copy).pop(),
        (copy) => rows(copy).push(rows(copy)[0]!),
        (copy) => rows(copy)[0]!._extra = "another",
      ];
      // Every look is at the whole snapshot: in short, each table is spoilt in one of the ways.
      for (let i = 0; i < long(spoilt.length, 1); i++) {
        assert.deepEqual(faults(spoilt[(nth + i) % spoilt.length]!), ["half: tables"]);
      }
    });
  }

  await t.step("what came or went meanwhile may be there or not", () => {
    const { models } = oracle;
    let [came, went] = [0, 0];
    for (const version of ["current", "published"] as const) {
      for (const model of models) {
        const items = snapshot.records
          .filter((one) => one.model === model && one.version === version)
          .flatMap((one) => one.items);
        const base = oracle.check(version, items, span, model).length;
        const steady = items.filter(({ id }) => oracle.lasted(version, id, span));
        assert.equal(oracle.check(version, steady, span, model).length, base);
        came += items.length - steady.length;
        const gone = oracle.ids(version, model).flatMap((id) => {
          const [first] = oracle.states(version, id);
          const isGone = first!.from <= span.from && first!.to > span.from &&
            !oracle.lasted(version, id, span);
          return isGone ? [first!.resource] : [];
        });
        went += gone.length;
        const without = new Set(gone.map(({ id }) => id));
        const both = [...items.filter(({ id }) => !without.has(id)), ...gone];
        assert.equal(oracle.check(version, both, span, model).length, base);
      }
    }
    assert.ok(came > 2 && went > 2, `${came} came, ${went} went`);
  });
});

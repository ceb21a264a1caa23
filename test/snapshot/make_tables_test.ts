import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item, Page, Resource, Version } from "../../src/content/resource.ts";
import { assetLines } from "../../src/snapshot/asset_lines.ts";
import { BatchPass, type BatchPassOptions, type PassState } from "../../src/snapshot/batch_pass.ts";
import { ByteJournal } from "../../src/snapshot/byte_journal.ts";
import type { TableFormat } from "../../src/snapshot/layout.ts";
import {
  type TableBatch,
  TableMaker,
  type TableMakerOptions,
  type TableProgress,
  type TablesState,
} from "../../src/snapshot/make_tables.ts";
import type { TableTarget } from "../../src/snapshot/table_writer.ts";
import { tableRows } from "../../src/transform/normalize.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { TracedStorage } from "../support/traced_storage.ts";
import { turn } from "../support/until.ts";
import { item, schemaOf } from "../transform/fixtures.ts";

const SCHEMA = schemaOf({
  a: { fields: { title: "string localized", link: "link" } },
  b: { fields: { text: "text" } },
}, ["en", "it"]);
const NEVER = new AbortController().signal;
const VERSIONS: readonly Version[] = ["current", "published"];

/** Rows are in parts of about this size (bytes). */
const PART_BYTES = 20_000;

/** What batches hold, by their keys. */
type Batches = ReadonlyMap<TableBatch, readonly Resource[]>;

function recordsOf(model: string, count: number): Item[] {
  return Array.from(
    { length: count },
    (_, i) =>
      model === "a"
        ? item("a", `a${i}`, { title: { en: `${i}`, it: "x".repeat(400) }, link: `b${i}` })
        : item("b", `b${i}`, { text: "y".repeat(300) }),
  );
}

/** Batches of two models in both versions, and of uploads: some parts of rows. */
function made(): Batches {
  const batches = new Map<TableBatch, readonly Resource[]>();
  for (const model of ["a", "b"]) {
    for (const version of VERSIONS) {
      for (let batch = 0; batch < 2; batch++) {
        const key = `${model}/${version}/${batch}`;
        const records = recordsOf(model, 130).slice(batch * 70, batch === 0 ? 70 : 130);
        batches.set({ key, records: { modelId: idOf(model), version } }, records);
      }
    }
  }
  const uploads = [{ id: "u", type: "upload", attributes: { path: "/1/u.png" } }];
  return batches.set({ key: "uploads/0" }, uploads);
}

function idOf(model: string): string {
  return SCHEMA.models.find(({ attributes }) => attributes.api_key === model)!.id;
}

/** Reads batches in pages of some length. */
function reader(batches: Batches, length: number): (batch: TableBatch) => AsyncIterable<Page> {
  return async function* ({ key }) {
    const entries = [...batches].find(([batch]) => batch.key === key)![1];
    for (let at = 0; at < entries.length; at += length) {
      yield await Promise.resolve(entries.slice(at, at + length));
    }
  };
}

/** The parts that were put, by path. */
class Parts {
  readonly texts = new Map<string, string>();
  readonly put = async (path: string, bytes: Uint8Array<ArrayBuffer>) => {
    await Promise.resolve();
    this.texts.set(path, new TextDecoder().decode(bytes));
  };
}

function makerOf(target: TableTarget, more: Partial<TableMakerOptions> = {}): TableMaker {
  return new TableMaker({
    schema: SCHEMA,
    target,
    partBytes: PART_BYTES,
    onLost: () => assert.fail(),
    ...more,
  });
}

/** Makes the rows of batches. */
async function makeAll(
  maker: TableMaker,
  options: Omit<BatchPassOptions<TableBatch, Resource>, "add">,
  pass: BatchPass = new BatchPass(),
): Promise<boolean> {
  try {
    return await pass.make({ ...options, add: (page, batch) => maker.add(page, batch) });
  } finally {
    await maker.settle();
  }
}

Deno.test("TableMaker makes the rows that the transforms make of all entries", async () => {
  const batches = made();
  const parts = new Parts();
  const counted: Record<string, number> = {};
  const told: TableProgress[] = [];
  const maker = makerOf(parts, {
    onRecords: (modelId, version, count) => {
      const key = `${modelId} ${version}`;
      counted[key] = (counted[key] ?? 0) + count;
    },
  });
  const isDone = await makeAll(maker, {
    batches: [...batches].map(([batch, { length: count }]) => ({ ...batch, count })),
    read: reader(batches, 30),
    onProgress: (progress) => void told.push({ rows: maker.rows, ...progress }),
    signal: NEVER,
  });
  await maker.end();
  assert.ok(isDone);
  const of = [...batches.values()].flat().length;
  const rows = [...parts.texts.values()].join("").trimEnd().split("\n").length;
  assert.deepEqual(told.at(0), { rows: 0, entries: 0, of });
  // Those of the project come at the end: two locales, two models, and their three fields.
  assert.deepEqual(told.at(-1), { rows: rows - 7, entries: of, of });
  assert.equal(maker.rows, rows);
  assert.ok(told.length > of / 30, `${told.length} times`);
  assert.deepEqual(new Set(Object.values(counted)), new Set([130]));
  for (const version of VERSIONS) {
    const items = ["a", "b"].flatMap((model) => recordsOf(model, 130));
    const expected = tableRows(items, SCHEMA, { version });
    assert.deepEqual(expected.map(({ table }) => table), ["records/a", "records/b", "links"]);
    for (const { table, rows } of expected) {
      const text = [...parts.texts].filter(([path]) => {
        return path.startsWith(`tables/${table}/version=${version}/`);
      }).map(([, text]) => text).join("");
      const found = text.trimEnd().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(found, rows);
    }
  }
  assert.match(parts.texts.get("tables/uploads/part_000.ndjson")!, /^\{"id":"u",.*\}\n$/);
  assert.ok(parts.texts.size > 20, `${parts.texts.size} parts`);
});

const FOUR_ENDS = [1, 2, 3, 4].map((pages) => ({ pages, isCrash: pages % 2 === 0 }));

Deno.test("TableMaker makes the same parts whatever the pages, and wherever it was ended and continued", async () => {
  const batches = made();
  const all = [...batches.keys()];
  const whole = async (format: TableFormat) => {
    const parts = new Parts();
    const maker = makerOf(parts, { format });
    await makeAll(maker, { batches: all, read: reader(batches, 100), signal: NEVER });
    await maker.end();
    return parts.texts;
  };
  const expected = { ndjson: await whole("ndjson"), csv: await whole("csv") };
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        format: fc.constantFrom("ndjson" as const, "csv" as const),
        length: fc.integer({ min: 1, max: 100 }),
        // After so many pages each it is stopped, or fails and goes back to what was written down.
        ends: fc.array(
          fc.record({ pages: fc.integer({ min: 1, max: 20 }), isCrash: fc.boolean() }),
          { maxLength: 4 },
        ),
        every: fc.integer({ min: 1, max: 7 }),
      }),
      async ({ format, length, ends, every }) => {
        const storage = new MemoryStorage();
        const options = { storage, prefix: "snapshot_1", signal: NEVER };
        const parts = new Parts();
        let saved:
          | {
            readonly state: TablesState;
            readonly pass: PassState;
            readonly journal: ByteJournal["files"];
          }
          | undefined;
        for (const end of [...ends, undefined]) {
          const journal = new ByteJournal({ ...options, files: saved?.journal });
          const maker = makerOf(parts, { format, from: saved?.state });
          const pass = new BatchPass(saved?.pass);
          await maker.restore(journal);
          const save = async () => {
            await maker.addTo(journal);
            await journal.save();
            saved = structuredClone({
              state: maker.state,
              pass: pass.state,
              journal: journal.files,
            });
          };
          const stop = new AbortController();
          const crash = new Error("Killed by the test");
          let pages = 0;
          const making = makeAll(maker, {
            batches: all,
            read: reader(batches, length),
            page: async (write) => {
              if (end?.isCrash && pages === end.pages) throw crash;
              await write();
              if (++pages % every === 0) await save();
              if (pages === end?.pages && !end.isCrash) stop.abort();
            },
            stop: stop.signal,
            signal: NEVER,
          }, pass);
          if (end?.isCrash) {
            const isDone = await making.catch((error) => {
              assert.equal(error, crash);
              return false;
            });
            if (isDone) break;
          } else if (await making) {
            await maker.end();
            break;
          } else await save();
          ended++;
        }
        const last = makerOf(parts, { format, from: saved?.state });
        await last.restore(new ByteJournal({ ...options, files: saved?.journal }));
        assert.ok(
          await makeAll(
            last,
            { batches: all, read: reader(batches, 50), signal: NEVER },
            new BatchPass(saved?.pass),
          ),
        );
        await last.end();
        assert.deepEqual(parts.texts, expected[format]);
      },
    ),
    {
      numRuns: 20,
      // Those that are drawn may be ended seldom; these are ended four times each.
      examples: [
        [{ format: "ndjson", length: 1, ends: FOUR_ENDS, every: 1 }],
        [{ format: "csv", length: 1, ends: FOUR_ENDS, every: 2 }],
        [{ format: "ndjson", length: 1, ends: FOUR_ENDS, every: 3 }],
      ],
    },
  );
  assert.ok(ended > 10, `ended ${ended} times`);
});

Deno.test("TableMaker loses a record that no rows can be made of, and no other one", async () => {
  const bad = item("a", "bad", {});
  Object.defineProperty(bad, "attributes", {
    get() {
      throw new Error("It has none.");
    },
  });
  const batch = { key: "a", records: { modelId: idOf("a"), version: "published" } } as const;
  const batches = new Map([[batch, [...recordsOf("a", 2), bad]]]);
  const parts = new Parts();
  const lost: unknown[] = [];
  const maker = makerOf(parts, { onLost: (record, ...more) => lost.push([record.id, ...more]) });
  await makeAll(maker, { batches: [batch], read: reader(batches, 10), signal: NEVER });
  await maker.end();
  assert.deepEqual(lost, [["bad", "published", "It has none."]]);
  const text = parts.texts.get("tables/records/a/version=published/part_000.ndjson")!;
  assert.deepEqual(
    text.trimEnd().split("\n").map((line) => (JSON.parse(line) as { readonly id: string }).id),
    ["a0", "a0", "a1", "a1"],
  );
});

Deno.test("A pass over batches that is aborted or fails leaves no part being written, and no batch being read", async () => {
  const batches = made();
  const all = [...batches.keys()];
  for (const how of ["abort", "read", "put"]) {
    const abort = new AbortController();
    const reason = new Error(`Ended by ${how}`);
    let writing = 0;
    let puts = 0;
    const put = async () => {
      writing++;
      try {
        for (let i = 0; i < 5; i++) await turn();
        if (++puts === 3 && how === "abort") abort.abort(reason);
        if (puts === 3 && how === "put") throw reason;
      } finally {
        writing--;
      }
    };
    const maker = makerOf({ put });
    let reading = 0;
    const read = async function* (batch: TableBatch): AsyncGenerator<Page, void> {
      if (how === "read" && batch.key === "b/published/1") throw reason;
      reading++;
      try {
        yield* reader(batches, 5)(batch);
      } finally {
        reading--;
      }
    };
    const making = makeAll(maker, { batches: all, read, signal: abort.signal })
      .then(() => maker.end());
    await assert.rejects(making, (error) => error === reason, how);
    assert.equal(writing, 0);
    assert.equal(reading, 0);
    assert.ok(puts > 0);
  }
});

Deno.test("assetLines() gives each line once, in the order of uploads, however few are in memory", async () => {
  const ids = fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(ids, fc.integer({ min: 1, max: 20 }), async (ids, most) => {
      const storage = new TracedStorage(new MemoryStorage());
      const text = ids.map((id) => `${JSON.stringify({ upload_id: id, key: `k${id}` })}\n`).join(
        "",
      );
      await storage.put("assets.ndjson", new TextEncoder().encode(text));
      const found: unknown[] = [];
      for await (const page of assetLines(storage, "assets.ndjson", NEVER, most)) {
        found.push(...page.map(({ upload_id }) => upload_id));
      }
      const order = (id: string) => `${id} k${id}`;
      assert.deepEqual(found, ids.toSorted((a, b) => order(a) < order(b) ? -1 : 1));
      assert.ok(storage.keys("get").length <= 1 + Math.ceil(ids.length / most));
    }),
    { numRuns: 50, examples: [[[], 1], [["b", "a", "c", "e", "d"], 1], [["b", "a"], 20]] },
  );
  const storage = new MemoryStorage();
  await storage.put("assets.ndjson", new TextEncoder().encode('{"id":"1"}\n'));
  await assert.rejects(
    Array.fromAsync(assetLines(storage, "assets.ndjson", NEVER)),
    /a line of assets\.ndjson isn't one of an asset/,
  );
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/content/resource.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { type AmendedTables, amendTables } from "../../../src/export/converge/amend_tables.ts";
import { type TableFormat, tablePath } from "../../../src/snapshot/layout.ts";
import type { SnapshotWriter } from "../../../src/snapshot/snapshot_writer.ts";
import { mayHold, type Span, UPLOADS } from "../../../src/snapshot/span.ts";
import { csvBytes } from "../../../src/transform/encode_csv.ts";
import { ndjsonBytes } from "../../../src/transform/encode_ndjson.ts";
import type { TableRows } from "../../../src/transform/normalize.ts";
import { filesOf } from "../../support/exported.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { TracedStorage } from "../../support/traced_storage.ts";
import { assertNoted, MODEL, newSnapshot, reopened, textsOf } from "../../snapshot/written.ts";
import { temporaryPath } from "../../support/temporary.ts";

const FORMATS: readonly TableFormat[] = ["ndjson", "csv"];
const TABLES = ["blocks/hero", "links", "records/article"];
const START = Date.parse("2026-01-01T00:00:00Z");

/** The columns of all tables here; who a row is of comes in another place in each. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  "records/article": ["id", "_record_id", "text"],
  "blocks/hero": ["id", "text", "_record_id"],
  links: ["_record_id", "id", "text"],
  uploads: ["id", "text"],
};
const columns = (table: string) => COLUMNS[table]!;

/** Ids may look like formulas; the "other" id of a row must never matter. */
const IDS = Array.from(
  { length: 12 },
  (_, at) => `${at % 3 === 0 ? "-" : at % 3 === 1 ? "_" : ""}r${at}`,
);

const text: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.array(fc.constantFrom('"', "\r", "\n", "\r\n", ",", "a", "ü", "😀", "=", "\u2028", "'"), {
    maxLength: 5,
  }).map((parts) => parts.join("")),
);

/** Rows of a table: whose each is, and its text. */
const rows = fc.array(fc.tuple(fc.nat(7), text), { maxLength: 12 });

const scene = fc.record({
  format: fc.constantFrom(...FORMATS),
  tables: fc.record({ "blocks/hero": rows, links: rows, "records/article": rows }),
  perPart: fc.integer({ min: 1, max: 5 }),
  withSpans: fc.boolean(),
  amended: fc.uniqueArray(fc.nat(11), { maxLength: 6 }),
  news: fc.record({
    "blocks/hero": fc.array(fc.tuple(fc.nat(11), text), { maxLength: 5 }),
    links: fc.array(fc.tuple(fc.nat(11), text), { maxLength: 5 }),
    "records/article": fc.array(fc.tuple(fc.nat(11), text), { maxLength: 5 }),
  }),
  crashAt: fc.integer({ min: 1, max: 4 }),
  noted: fc.constantFrom("before", "until then"),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

const timeOf = (at: number) => START + at * 1000;

function row(table: string, at: number, text: Json): JsonObject {
  const own = table.startsWith("records/") || table === "uploads" ? "id" : "_record_id";
  const other = IDS[(at + 1) % IDS.length]!;
  const row = { id: other, _record_id: other, text, [own]: IDS[at]! };
  return Object.fromEntries(columns(table).map((column) => [column, row[column]!]));
}

function encoded(table: string, rows: readonly JsonObject[], format: TableFormat): string {
  const bytes = format === "ndjson"
    ? ndjsonBytes(rows)
    : csvBytes(rows, { columns: columns(table), header: false });
  return new TextDecoder().decode(bytes);
}

const headOf = (table: string, format: TableFormat) =>
  format === "csv" ? columns(table).join(",") + "\r\n" : "";

interface ModelPart {
  readonly table: string;
  readonly path: string;
  rows: { readonly at: number; readonly line: string }[];
}

/** What is written, as arrays. */
function partsOf({ tables, perPart, format }: Scene): ModelPart[] {
  return Object.entries(tables).flatMap(([table, rows]) => {
    const sorted = rows.toSorted(([a], [b]) => a - b);
    return Array.from({ length: Math.ceil(sorted.length / perPart) }, (_, part): ModelPart => ({
      table,
      path: tablePath(table, "current", part, format),
      rows: sorted.slice(part * perPart, (part + 1) * perPart)
        .map(([at, text]) => ({ at, line: encoded(table, [row(table, at, text)], format) })),
    }));
  });
}

const contentOf = ({ table, rows }: ModelPart, format: TableFormat) =>
  headOf(table, format) + rows.map(({ line }) => line).join("");

/** The rows of a record are next to each other, but for those of a record that has rows twice. */
function recordsOf({ table, rows }: ModelPart): number | undefined {
  if (table !== "records/article") return undefined;
  return rows.filter(({ at }, i) => at !== rows[i - 1]?.at).length;
}

async function write(snapshot: SnapshotWriter, parts: readonly ModelPart[], scene: Scene) {
  const times = ({ rows }: ModelPart) => rows.map(({ at }) => timeOf(at));
  const spanOf = (part: ModelPart): Span => (
    { of: MODEL, from: Math.min(...times(part)), to: Math.max(...times(part)) }
  );
  for (const part of parts) {
    await snapshot.put(part.path, new TextEncoder().encode(contentOf(part, scene.format)), {
      count: part.rows.length,
      records: recordsOf(part),
      ...(scene.withSpans && { spans: [{ of: "other", from: 0, to: 1 }, spanOf(part)] }),
    });
  }
  // None of the others is to be touched, whatever ids they hold.
  const line = new TextEncoder().encode(encoded("links", [row("links", 0, "x")], scene.format));
  await snapshot.put(tablePath("links", "published", 0, scene.format), line, { count: 1 });
  const upload = new TextEncoder().encode(
    encoded("uploads", [row("uploads", 0, "x")], scene.format),
  );
  await snapshot.put(tablePath("uploads", undefined, 0, scene.format), upload, { count: 1 });
}

function newsOf(
  { news, amended }: Scene,
): { readonly table: string; readonly rows: [number, Json][] }[] {
  return Object.entries(news)
    .map(([table, rows]) => ({ table, rows: rows.filter(([at]) => amended.includes(at)) }))
    .filter(({ rows }) => rows.length > 0);
}

function amend(
  snapshot: SnapshotWriter,
  scene: Scene,
  signal: AbortSignal = new AbortController().signal,
): Promise<AmendedTables> {
  // Rows of one table come in several pages.
  const rows = newsOf(scene).flatMap(({ table, rows }): TableRows[] =>
    rows.map(([at, text]) => ({ table, rows: [row(table, at, text)] }))
  );
  const ids = new Map(scene.amended.map((at) => [IDS[at]!, timeOf(at)]));
  return amendTables(snapshot, {
    version: "current",
    of: MODEL,
    ids,
    rows,
    format: scene.format,
    columns,
    signal,
  });
}

/** The same done with arrays. */
function expected(
  scene: Scene,
): {
  readonly texts: Record<string, string>;
  readonly amended: AmendedTables;
  /** How many records each part of a table of records has rows of. */
  readonly records: Record<string, number | undefined>;
} {
  const { format, amended } = scene;
  const parts = partsOf(scene);
  const done = { removed: 0, added: 0, found: new Set<string>() };
  const pending = new Map(
    newsOf(scene).map(({ table, rows }) => [
      table,
      rows.map(([at, text]) => ({ at, line: encoded(table, [row(table, at, text)], format) })),
    ]),
  );
  for (const part of parts) {
    const before = contentOf(part, format);
    const kept = part.rows.filter(({ at }) => !amended.includes(at));
    const removed = part.rows.length - kept.length;
    if (removed === 0) continue;
    for (const { at } of part.rows) if (amended.includes(at)) done.found.add(IDS[at]!);
    const added = pending.get(part.table) ?? [];
    pending.delete(part.table);
    part.rows = [...kept, ...added];
    if (contentOf(part, format) === before) continue;
    done.removed += removed;
    done.added += added.length;
  }
  for (const [table, rows] of pending) {
    const number = parts.filter((part) => part.table === table).length;
    parts.push({ table, path: tablePath(table, "current", number, format), rows });
    done.added += rows.length;
  }
  const texts = Object.fromEntries(parts.map((part) => [part.path, contentOf(part, format)]));
  const records = Object.fromEntries(parts.map((part) => [part.path, recordsOf(part)]));
  return { texts, amended: done, records };
}

function currentTexts(storage: MemoryStorage, snapshot: SnapshotWriter): Record<string, string> {
  const texts = textsOf(storage, snapshot, "tables/");
  return Object.fromEntries(
    Object.entries(texts).filter(([path]) => path.includes("version=current")),
  );
}

/** Counts rows of parts: what is between rows is told by the texts of `"`, as none is in a name. */
function countOf(text: string, path: string): number | undefined {
  if (!path.startsWith("tables/")) return undefined;
  if (path.endsWith(".ndjson")) return text.split("\n").length - 1;
  let [lines, isQuoted] = [0, false];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text.startsWith("\r\n", at)) lines++;
  }
  const hasHead = path.includes("version=current");
  return hasHead ? lines - 1 : lines;
}

function assertSpans(scene: Scene, snapshot: SnapshotWriter, texts: Record<string, string>): void {
  for (const { path, spans } of snapshot.objects) {
    const text = texts[path];
    if (text === undefined) continue;
    for (const at of scene.amended) {
      const holds = newsOf(scene).some(({ table, rows }) =>
        rows.some(([other, cell]) =>
          other === at && path.startsWith(`tables/${table}/`) &&
          text.includes(encoded(table, [row(table, at, cell)], scene.format))
        )
      );
      if (holds) assert.ok(mayHold(spans, MODEL, timeOf(at)), `${path}: ${at}`);
    }
  }
}

Deno.test("amendTables() takes rows out and puts rows in as it is done with arrays", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (scene) => {
      const storage = new MemoryStorage();
      const snapshot = await newSnapshot(storage);
      await write(snapshot, partsOf(scene), scene);
      const before = textsOf(storage, snapshot, "tables/");
      const written = storage.appeared.length;
      const { texts, amended, records } = expected(scene);
      assert.deepEqual(await amend(snapshot, scene), amended);
      assert.deepEqual(currentTexts(storage, snapshot), texts);
      const after = textsOf(storage, snapshot, "tables/");
      const same = Object.keys(before).filter((path) => before[path] === after[path]);
      const rewritten = storage.appeared.slice(written);
      assert.ok(same.every((path) => !rewritten.includes(`${snapshot.prefix}/${path}`)));
      assertNoted(storage, snapshot, countOf);
      assertSpans(scene, snapshot, texts);
      for (const { path, records: noted } of snapshot.objects) {
        assert.equal(noted, records[path], path);
      }

      const { removed, added } = await amend(snapshot, scene);
      assert.deepEqual([removed, added], [0, 0]);
      assert.deepEqual(storage.appeared.slice(written), rewritten);
    }),
    { numRuns: 150 },
  );
});

Deno.test("amendTables() done again after a crash gives the same rows, whatever was noted by then", async () => {
  let crashes = 0;
  await fc.assert(
    fc.asyncProperty(scene, async (scene) => {
      let left = Infinity;
      const storage = new MemoryStorage({
        onChunk: () => {
          if (--left <= 0) throw new Error("crash");
        },
      });
      const snapshot = await newSnapshot(storage);
      await write(snapshot, partsOf(scene), scene);
      const before = snapshot.objects;
      left = scene.crashAt;
      try {
        await amend(snapshot, scene);
      } catch (error) {
        assert.equal((error as Error).message, "crash");
        crashes++;
      }
      left = Infinity;
      const known = scene.noted === "before" ? before : snapshot.objects;
      const next = await reopened(storage, snapshot.prefix, known, countOf);
      await amend(next, scene);
      const { texts } = expected(scene);
      for (const table of TABLES) {
        const rowsOf = (all: Record<string, string>) =>
          Object.entries(all).filter(([path]) => path.startsWith(`tables/${table}/`))
            .flatMap(([, text]) => [...text.slice(headOf(table, scene.format).length)]).sort().join(
              "",
            );
        assert.equal(rowsOf(currentTexts(storage, next)), rowsOf(texts), table);
      }
      assertNoted(storage, next, countOf);
      assertSpans(scene, next, currentTexts(storage, next));
      const { removed, added } = await amend(next, scene);
      assert.deepEqual([removed, added], [0, 0]);
    }),
    { numRuns: 150 },
  );
  assert.ok(crashes > 20, `${crashes} crashes`);
});

Deno.test("amendTables() keeps a part that loses all its rows, without rows", async () => {
  for (const format of FORMATS) {
    const storage = new MemoryStorage();
    const snapshot = await newSnapshot(storage);
    const path = tablePath("uploads", undefined, 0, format);
    const rows = [row("uploads", 0, "a"), row("uploads", 3, 'b"\r\n')];
    const bytes = new TextEncoder().encode(
      headOf("uploads", format) + encoded("uploads", rows, format),
    );
    await snapshot.put(path, bytes, { count: 2, spans: [{ of: UPLOADS, from: START, to: START }] });
    const amended = await amendTables(snapshot, {
      version: undefined,
      of: UPLOADS,
      ids: new Map([[IDS[0]!, START], [IDS[3]!, START]]),
      rows: [],
      format,
      columns,
      signal: new AbortController().signal,
    });
    const head = headOf("uploads", format);
    assert.deepEqual(amended, { removed: 2, added: 0, found: new Set([IDS[0], IDS[3]]) });
    assert.equal(storage.text(`${snapshot.prefix}/${path}`), head);
    assert.equal(snapshot.objects.find((object) => object.path === path)?.count, 0);
  }
});

Deno.test("amendTables() reads only parts that may hold such rows", async () => {
  const storage = new TracedStorage(new MemoryStorage());
  const snapshot = await newSnapshot(storage);
  const spanAt = (of: string, at: number) => ({ of, from: timeOf(at), to: timeOf(at) });
  for (let at = 0; at < 6; at++) {
    const bytes = ndjsonBytes([row("links", at, "x")]);
    const path = tablePath("links", "current", at, "ndjson");
    await snapshot.put(path, bytes, { count: 1, spans: [spanAt(at === 4 ? "other" : MODEL, at)] });
  }
  const before = storage.calls.length;
  await amendTables(snapshot, {
    version: "current",
    of: MODEL,
    ids: new Map([[IDS[2]!, timeOf(2)], [IDS[4]!, timeOf(4)], [IDS[9]!, timeOf(9)]]),
    rows: [],
    format: "ndjson",
    columns,
    signal: new AbortController().signal,
  });
  const key = `${snapshot.prefix}/${tablePath("links", "current", 2, "ndjson")}`;
  assert.deepEqual(storage.calls.slice(before), [
    { method: "get", key },
    { method: "put", key },
  ]);
});

Deno.test("amendTables() begins new parts where there is no more room", async () => {
  const storage = new MemoryStorage();
  const snapshot = await newSnapshot(storage);
  const table = "records/article";
  await snapshot.put(tablePath(table, "current", 0, "ndjson"), ndjsonBytes([row(table, 0, "x")]), {
    count: 1,
  });
  const news = Array.from(
    { length: 700 },
    (_, at) => row(table, at % 12, String(at).padEnd(40_000)),
  );
  const amendment = () =>
    amendTables(snapshot, {
      version: "current",
      of: MODEL,
      ids: new Map(IDS.map((id, at) => [id, timeOf(at)])),
      rows: [{ table, rows: news }],
      format: "ndjson",
      columns,
      signal: new AbortController().signal,
    });
  const { removed, added } = await amendment();
  assert.deepEqual({ removed, added }, { removed: 1, added: 700 });
  const texts = Object.values(currentTexts(storage, snapshot));
  assert.ok(texts.join("") === encoded(table, news, "ndjson"));
  const parts = snapshot.objects.filter(({ path }) => path.startsWith("tables/"));
  assert.deepEqual(parts.map(({ count }) => count), [200, 200, 200, 100]);
  assert.ok(parts.every(({ size }) => size < 10 * 1024 * 1024));
  const puts = storage.appeared.length;
  const again = await amendment();
  assert.deepEqual([again.removed, again.added], [0, 0]);
  assert.equal(storage.appeared.length, puts);
});

Deno.test("amendTables() keeps the rows of a record together", async () => {
  const storage = new MemoryStorage();
  const snapshot = await newSnapshot(storage);
  const table = "records/article";
  const news = Array.from(
    { length: 720 },
    (_, at) => row(table, Math.floor(at / 60), "x".repeat(40_000)),
  );
  await amendTables(snapshot, {
    version: "current",
    of: MODEL,
    ids: new Map(IDS.map((id, at) => [id, timeOf(at)])),
    rows: [{ table, rows: news }],
    format: "ndjson",
    columns,
    signal: new AbortController().signal,
  });
  const parts = snapshot.objects.filter(({ path }) => path.startsWith("tables/"));
  assert.deepEqual(parts.map(({ count, records }) => [count, records]), [
    [240, 4],
    [240, 4],
    [240, 4],
  ]);
});

Deno.test("amendTables() leaves each part as it was or amended when it is aborted, and nothing else", async () => {
  for (const format of FORMATS) {
    for (let call = 1; call <= 6; call++) {
      const root = await temporaryPath();
      try {
        const controller = new AbortController();
        let left = Infinity;
        const storage = new TracedStorage(new LocalStorage(root), {
          onCall: () => {
            if (--left === 0) controller.abort(new Error("enough"));
          },
        });
        const snapshot = await newSnapshot(storage, controller.signal);
        const scene: Scene = {
          format,
          tables: {
            "blocks/hero": [],
            links: [0, 1, 2].map((at) => [at, "old"]),
            "records/article": [],
          },
          perPart: 1,
          withSpans: true,
          amended: [0, 1, 2],
          news: { "blocks/hero": [], links: [[0, "new"]], "records/article": [] },
          crashAt: 1,
          noted: "before",
        };
        await write(snapshot, partsOf(scene), scene);
        const files = await filesOf(root);
        const read = () => Promise.all(files.map((file) => Deno.readTextFile(`${root}/${file}`)));
        const before = await read();
        left = call;
        await assert.rejects(amend(snapshot, scene, controller.signal), controller.signal.reason);
        assert.deepEqual(await filesOf(root), files);
        const { texts } = expected(scene);
        const after = await read();
        const isAmended = files.map((file, at) => {
          const path = file.slice(snapshot.prefix.length + 1);
          assert.ok(after[at] === before[at] || after[at] === texts[path], file);
          return after[at] !== before[at];
        });
        // Two calls for each part; one that is aborted in its last moment may be there.
        const amended = isAmended.filter(Boolean).length;
        assert.ok(Math.abs(amended - (call - 1) / 2) <= 1, `${amended} after ${call} calls`);
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    }
  }
});

Deno.test("amendTables() fails if a part isn't as it was written, and leaves it alone", async () => {
  const bad: Record<TableFormat, string[]> = {
    ndjson: ["{", "{}\n", '{"_record_id":1}\n', '{"_record_id":"a"}'],
    csv: ["id\r\nx\r\n", '_record_id\r\n"x', "_record_id,id\r\nx\r\n", '_record_id\r\nx"y\r\n'],
  };
  for (const format of FORMATS) {
    for (const content of bad[format]) {
      const storage = new MemoryStorage();
      const snapshot = await newSnapshot(storage);
      const path = tablePath("links", "current", 0, format);
      await snapshot.put(path, new TextEncoder().encode(content));
      await assert.rejects(
        amendTables(snapshot, {
          version: "current",
          of: MODEL,
          ids: new Map([["x", 0]]),
          rows: [],
          format,
          columns,
          signal: new AbortController().signal,
        }),
        (error) =>
          error instanceof SyntaxError && error.message.startsWith(`${path} isn't as it was`),
        content,
      );
      assert.equal(storage.text(`${snapshot.prefix}/${path}`), content);
    }
  }
});

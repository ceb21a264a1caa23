import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Resource } from "../../../src/content/resource.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { ObjectNotFoundError, type Storage } from "../../../src/storage/storage.ts";
import { amendBatches, type AmendedBatches } from "../../../src/export/converge/amend_batches.ts";
import { batchEntries } from "../../../src/snapshot/batch_entries.ts";
import { MAX_BYTES } from "../../../src/sink/batch_sink.ts";
import { encodingOf, type Layout, recordsPath } from "../../../src/snapshot/layout.ts";
import type { SnapshotWriter } from "../../../src/snapshot/snapshot_writer.ts";
import { createdAt } from "../../../src/content/attributes.ts";
import { mayHold } from "../../../src/snapshot/span.ts";
import { parseJson } from "../../../src/text/json.ts";
import { openFake, PART } from "../../s3/open_fake.ts";
import { filesOf } from "../../support/exported.ts";
import { long } from "../../support/long.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { TracedStorage } from "../../support/traced_storage.ts";
import { assertNoted, MODEL, newSnapshot, reopened, textsOf } from "../../snapshot/written.ts";
import { temporaryPath } from "../../support/temporary.ts";

const PREFIX = "records/article/current/";
const START = Date.parse("2026-01-01T00:00:00Z");
const LAYOUTS: readonly Layout[] = ["ndjson", "enterprise"];

/** Texts that end as lines of a batch do, and numbers that no double holds. */
const VALUES = [
  '"x"',
  '"]}"',
  '"},"',
  '"a\u2028b"',
  '"ü😀"',
  "12345678901234567890",
  "1e400",
  "[[]]",
]
  .concat('{"__proto__":1.25,"2":null,"1":-0.1}');

function record(id: string, second: number | undefined, value: string): Resource {
  const time = second === undefined ? undefined : new Date(START + second * 1000).toISOString();
  const meta = time === undefined ? "{}" : `{"created_at":"${time}"}`;
  return parseJson(
    `{"id":"${id}","type":"item","attributes":{"value":${value}},"meta":${meta}}`,
  ) as Resource;
}

const value = fc.constantFrom(...VALUES);

/** A listing as it was written, and what changed since. */
const scene = fc.record({
  layout: fc.constantFrom(...LAYOUTS),
  maxEntries: fc.integer({ min: 1, max: 5 }),
  seconds: fc.array(fc.integer({ min: 10, max: 20 }), { maxLength: 18 }),
  values: fc.array(value, { minLength: 18, maxLength: 18 }),
  /** Which are read twice, and how much later. */
  repeated: fc.array(fc.tuple(fc.nat(17), fc.nat(17)), { maxLength: 3 }),
  fates: fc.array(fc.constantFrom("kept", "kept", "same", "changed", "gone"), {
    minLength: 18,
    maxLength: 18,
  }),
  added: fc.array(
    fc.tuple(fc.option(fc.integer({ min: 5, max: 25 }), { nil: undefined, freq: 8 }), value),
    { maxLength: 6 },
  ),
  /** Whether spans of batches are known. */
  withSpans: fc.boolean(),
  crashAt: fc.integer({ min: 1, max: 6 }),
  noted: fc.constantFrom("before", "until then"),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

interface Change {
  readonly ids: Map<string, number>;
  readonly changed: Map<string, Resource>;
}

function listingOf({ seconds, values, repeated }: Scene): Resource[] {
  const listing = seconds.toSorted((a, b) => a - b)
    .map((second, at) => record(`r${at}`, second, values[at]!));
  for (const [at, later] of repeated) {
    if (listing[at]) listing.splice(at + later, 0, listing[at]);
  }
  return listing;
}

function changeOf({ seconds, values, fates, added }: Scene): Change {
  const change: Change = { ids: new Map([["never-there", START]]), changed: new Map() };
  seconds.toSorted((a, b) => a - b).forEach((second, at) => {
    const fate = fates[at];
    if (fate === "kept") return;
    change.ids.set(`r${at}`, START + second * 1000);
    if (fate === "gone") return;
    const value = fate === "same" ? values[at]! : '"changed"';
    change.changed.set(`r${at}`, record(`r${at}`, second, value));
  });
  added.forEach(([second, value], at) => {
    change.ids.set(`n${at}`, second === undefined ? NaN : START + second * 1000);
    change.changed.set(`n${at}`, record(`n${at}`, second, value));
  });
  return change;
}

async function write(
  snapshot: SnapshotWriter,
  listing: readonly Resource[],
  { layout, maxEntries, withSpans }: Pick<Scene, "layout" | "maxEntries" | "withSpans">,
): Promise<void> {
  await ReadableStream.from([listing]).pipeTo(snapshot.sink({
    path: (batch) => recordsPath("article", "current", batch, layout),
    encoding: encodingOf(layout),
    maxEntries,
    ...(withSpans && { of: MODEL }),
  }));
}

function amend(
  snapshot: SnapshotWriter,
  { ids, changed }: Change,
  { layout, maxEntries }: { readonly layout: Layout; readonly maxEntries?: number },
  signal: AbortSignal = new AbortController().signal,
): Promise<AmendedBatches> {
  return amendBatches(snapshot, {
    prefix: PREFIX,
    path: (batch) => recordsPath("article", "current", batch, layout),
    encoding: encodingOf(layout),
    of: MODEL,
    ids,
    changed,
    maxEntries,
    signal,
  });
}

/** The entries of a batch as they are written. */
function linesOf(text: string, path: string): string[] {
  if (path.endsWith(".ndjson")) return text.split("\n").slice(0, -1);
  assert.ok(text.startsWith('{"data":[') && text.endsWith("]}\n"), text);
  const inner = text.slice('{"data":['.length, -"]}\n".length);
  return inner === "" ? [] : inner.slice(1).split(",\n");
}

function countOf(text: string, path: string): number | undefined {
  return path.startsWith(PREFIX) ? linesOf(text, path).length : undefined;
}

/** The same done with arrays. */
function expected(listing: readonly Resource[], { ids, changed }: Change, scene: Scene): {
  readonly batches: string[][];
  readonly amended: AmendedBatches;
} {
  const { layout, maxEntries, withSpans } = scene;
  const lineOf = (resource: Resource) => {
    const line = JSON.stringify(resource);
    return layout === "ndjson" ? line.replaceAll("\u2028", "\\u2028") : line;
  };
  const counts = { replaced: 0, added: 0, removed: 0 };
  const before: Resource[][] = [];
  for (let at = 0; at < listing.length; at += maxEntries) {
    before.push(listing.slice(at, at + maxEntries));
  }
  const from = before.map((batch) => withSpans ? Math.min(...batch.map(createdAt)) : -Infinity);
  const seen = new Set<string>();
  const batches = before.map((batch) =>
    batch.flatMap((entry) => {
      const latest = changed.get(entry.id);
      if (latest === undefined && !ids.has(entry.id)) return [lineOf(entry)];
      if (latest === undefined || seen.has(entry.id)) {
        counts.removed++;
        return [];
      }
      seen.add(entry.id);
      if (lineOf(latest) !== lineOf(entry)) counts.replaced++;
      return [lineOf(latest)];
    })
  );
  const rank = (resource: Resource) => createdAt(resource) || Infinity;
  const missing = [...changed.values()].filter(({ id }) => !seen.has(id))
    .map((resource, at) => ({ resource, at }))
    .sort((a, b) =>
      rank(a.resource) === rank(b.resource) ? a.at - b.at : rank(a.resource) - rank(b.resource)
    );
  counts.added = missing.length;
  const sizes = before.map(({ length }) => length);
  const fresh: string[] = [];
  for (const { resource } of missing) {
    const home = from.findLastIndex((time) => time <= rank(resource));
    if (home < 0 || (home === before.length - 1 && sizes[home]! >= maxEntries)) {
      fresh.push(lineOf(resource));
    } else {
      batches[home]!.push(lineOf(resource));
      sizes[home]!++;
    }
  }
  for (let at = 0; at < fresh.length; at += maxEntries) {
    batches.push(fresh.slice(at, at + maxEntries));
  }
  return { batches, amended: counts };
}

function assertSpans(storage: MemoryStorage, snapshot: SnapshotWriter): void {
  for (const { path, spans } of snapshot.objects) {
    if (!path.startsWith(PREFIX)) continue;
    for (const line of linesOf(storage.text(`${snapshot.prefix}/${path}`)!, path)) {
      const time = createdAt(JSON.parse(line));
      assert.ok(mayHold(spans, MODEL, time), `${path} isn't known to hold ${line}`);
      if (!Number.isNaN(time)) continue;
      assert.ok(spans === undefined || mayHold(spans, MODEL, 0), "a time that nobody knows");
    }
  }
}

Deno.test("amendBatches() replaces, leaves out and adds as it is done with arrays, each id once", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (scene) => {
      const storage = new MemoryStorage();
      const snapshot = await newSnapshot(storage);
      const listing = listingOf(scene);
      const change = changeOf(scene);
      await write(snapshot, listing, scene);
      const texts = textsOf(storage, snapshot, PREFIX);
      const written = storage.appeared.length;
      const { batches, amended } = expected(listing, change, scene);
      const counts = await amend(snapshot, change, scene);
      const after = textsOf(storage, snapshot, PREFIX);
      assert.deepEqual(Object.entries(after).map(([path, text]) => linesOf(text, path)), batches);
      assert.deepEqual(counts, amended);
      const ids = batches.flat().map((line) => JSON.parse(line).id as string);
      for (const id of change.changed.keys()) {
        assert.equal(ids.filter((other) => other === id).length, 1, id);
      }
      assertNoted(storage, snapshot, countOf);
      assertSpans(storage, snapshot);
      const same = Object.keys(texts).filter((path) => texts[path] === after[path]);
      const rewritten = storage.appeared.slice(written);
      assert.ok(same.every((path) => !rewritten.includes(`${snapshot.prefix}/${path}`)));

      const again = await amend(snapshot, change, scene);
      assert.deepEqual(again, { replaced: 0, added: 0, removed: 0 });
      assert.deepEqual(storage.appeared.slice(written), rewritten);
    }),
    { numRuns: 120 },
  );
});

Deno.test("amendBatches() done again after a crash gives the same, whatever was noted by then", async () => {
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
      const listing = listingOf(scene);
      const change = changeOf(scene);
      await write(snapshot, listing, scene);
      const before = snapshot.objects;
      left = scene.crashAt;
      try {
        await amend(snapshot, change, scene);
      } catch (error) {
        assert.equal((error as Error).message, "crash");
        crashes++;
      }
      left = Infinity;
      const known = scene.noted === "before" ? before : snapshot.objects;
      const next = await reopened(storage, snapshot.prefix, known, countOf);
      await amend(next, change, scene);
      const entries = Object.entries(textsOf(storage, next, PREFIX))
        .flatMap(([path, text]) => linesOf(text, path));
      assert.deepEqual(
        entries.toSorted(),
        expected(listing, change, scene).batches.flat().toSorted(),
      );
      assertNoted(storage, next, countOf);
      assertSpans(storage, next);
      const again = await amend(next, change, scene);
      assert.deepEqual(again, { replaced: 0, added: 0, removed: 0 });
    }),
    { numRuns: 120 },
  );
  assert.ok(crashes > 20, `${crashes} crashes`);
});

Deno.test("amendBatches() reads only batches that may hold what changed", async () => {
  for (const layout of LAYOUTS) {
    const storage = new TracedStorage(new MemoryStorage());
    const snapshot = await newSnapshot(storage);
    const listing = Array.from({ length: 2000 }, (_, at) => record(`r${at}`, at, '"x"'));
    await write(snapshot, listing, { layout, maxEntries: 1, withSpans: true });
    const changed = record("r1500", 1500, '"y"');
    const change: Change = {
      ids: new Map([["r1500", createdAt(changed)], ["r3", START + 3000]]),
      changed: new Map([["r1500", changed]]),
    };
    const before = storage.calls.length;
    // The third batch loses its only entry, and its line ending or the line feed before it.
    assert.deepEqual(
      await amend(snapshot, change, { layout }),
      { replaced: 1, added: 0, removed: 1 },
    );
    const path = (batch: number) =>
      `${snapshot.prefix}/${recordsPath("article", "current", batch, layout)}`;
    assert.deepEqual(
      storage.calls.slice(before).map(({ method, key }) => `${method} ${key}`),
      // Each is looked at, then read and written at a time.
      [3, 1500].map((batch) => `get ${path(batch)}`).concat(
        [3, 1500].flatMap((batch) => [`put ${path(batch)}`, `get ${path(batch)}`]),
      ),
    );
  }
});

Deno.test("amendBatches() looks everywhere for those whose creation nobody knows", async () => {
  const storage = new MemoryStorage();
  const snapshot = await newSnapshot(storage);
  const listing = [0, 1, 2, 3].map((at) => record(`r${at}`, at, '"x"'));
  await write(snapshot, listing, { layout: "ndjson", maxEntries: 1, withSpans: true });
  const moved = record("r0", 3, '"moved"');
  const change = {
    ids: new Map([["r0", NaN], ["r2", NaN]]),
    changed: new Map([["r0", moved]]),
  };
  const { replaced, added, removed } = await amend(snapshot, change, { layout: "ndjson" });
  assert.deepEqual({ replaced, added, removed }, { replaced: 1, added: 0, removed: 1 });
  assert.equal(
    Object.values(textsOf(storage, snapshot, PREFIX)).join(""),
    [moved, listing[1], listing[3]].map((entry) => JSON.stringify(entry) + "\n").join(""),
  );
  assertSpans(storage, snapshot);
});

Deno.test("amendBatches() finds what it added before a crash, though nobody noted the batch's new span", async () => {
  for (const layout of LAYOUTS) {
    const storage = new MemoryStorage();
    const snapshot = await newSnapshot(storage);
    const listing = [0, 1, 2, 5].map((at) => record(`r${at}`, at, '"x"'));
    await write(snapshot, listing, { layout, maxEntries: 2, withSpans: true });
    const before = snapshot.objects;
    // One lies between the spans of two batches, one after the last.
    const added = [record("n3", 1.5, "1"), record("n9", 9, "2")];
    const change: Change = {
      ids: new Map(added.map((resource) => [resource.id, createdAt(resource)])),
      changed: new Map(added.map((resource) => [resource.id, resource])),
    };
    assert.equal((await amend(snapshot, change, { layout })).added, 2);
    const texts = textsOf(storage, snapshot, PREFIX);
    const next = await reopened(storage, snapshot.prefix, before, countOf);
    const nothing = { replaced: 0, added: 0, removed: 0 };
    assert.deepEqual(await amend(next, change, { layout }), nothing);
    assert.deepEqual(textsOf(storage, next, PREFIX), texts);
    assertSpans(storage, next);
  }
});

/** A storage that is read in small pieces, and tells of each. */
function toldOfReads(storage: Storage, onPiece: (bytes: Uint8Array) => void): Storage {
  return {
    url: storage.url,
    put: (...args) => storage.put(...args),
    stat: (...args) => storage.stat(...args),
    list: (...args) => storage.list(...args),
    delete: (...args) => storage.delete(...args),
    get: async (...args) => ReadableStream.from(pieces(await storage.get(...args), onPiece)),
  };
}

async function* pieces(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onPiece: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; at += 65_536) {
      const piece = chunk.subarray(at, at + 65_536);
      onPiece(piece);
      yield piece;
    }
  }
}

Deno.test("amendBatches() leaves each batch as it was or amended when it is aborted, and nothing else", async () => {
  for (const layout of LAYOUTS) {
    const listing = Array.from(
      { length: 600 },
      (_, at) => record(`r${at}`, at, JSON.stringify(String(at).repeat(500))),
    );
    const ids = new Map(listing.map(({ id }, at) => [id, START + at * 1000]));
    const changed = new Map(listing.map(({ id }, at) => [id, record(id, at, '"changed"')]));
    let [aborted, partly] = [0, 0];
    // Three batches are read twice, once to find what is in them: at three quarters the first one is amended.
    const parts = long(12, 4);
    let all: number | undefined;
    for (let part = 0; part < parts; part++) {
      const chunk = all === undefined ? undefined : Math.ceil(all * part / parts);
      const root = await temporaryPath();
      try {
        const controller = new AbortController();
        let chunks = 0;
        const storage = toldOfReads(new LocalStorage(root), () => {
          if (++chunks === chunk) controller.abort(new Error("enough"));
        });
        const snapshot = await newSnapshot(storage);
        await write(snapshot, listing, { layout, maxEntries: 200, withSpans: true });
        const files = await filesOf(root);
        const before = await Promise.all(files.map((file) => Deno.readTextFile(`${root}/${file}`)));
        try {
          await amend(snapshot, { ids, changed }, { layout }, controller.signal);
        } catch (error) {
          assert.equal(error, controller.signal.reason);
          aborted++;
        }
        all ??= chunks;
        assert.deepEqual(await filesOf(root), files);
        let amended = 0;
        for (const [at, file] of files.entries()) {
          const text = await Deno.readTextFile(`${root}/${file}`);
          if (text === before[at]) continue;
          const lines = linesOf(text, file.slice(file.indexOf("records/")));
          assert.ok(lines.length === 200 && lines.every((line) => line.includes('"changed"')));
          amended++;
        }
        if (amended > 0 && amended < 3) partly++;
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    }
    assert.ok(aborted >= 2 && partly >= 1, `${aborted} aborted, ${partly} of them partly`);
  }
});

Deno.test("amendBatches() never holds more than some pages of a batch", async () => {
  const count = long(5000, 2500);
  for (const layout of LAYOUTS) {
    let [read, most, total] = [0, 0, 0];
    const inner = new MemoryStorage({
      beforePut: () => {
        read = 0;
      },
      onChunk: (_key, chunk) => {
        total += chunk.length;
        read -= chunk.length;
      },
    });
    const storage = toldOfReads(inner, ({ length }) => {
      read += length;
      if (inner.open > 0) most = Math.max(most, read);
    });
    const snapshot = await newSnapshot(storage);
    const listing = Array.from(
      { length: count },
      (_, at) => record(`r${at}`, at, JSON.stringify("x".repeat(4000))),
    );
    await write(snapshot, listing, { layout, maxEntries: 5000, withSpans: true });
    const latest = record("r2000", 2000, JSON.stringify("y".repeat(4000)));
    const change = { ids: new Map([["r2000", NaN]]), changed: new Map([["r2000", latest]]) };
    total = 0;
    assert.equal((await amend(snapshot, change, { layout })).replaced, 1);
    assert.ok(total > count * 2000, `${total} bytes were written`);
    // A page is 0.4 MB; streams hold some chunks more.
    assert.ok(most > 0 && most < 2_000_000, `${most} bytes were held`);
  }
});

Deno.test("amendBatches() reads and replaces an object of S3 in parts at the same time", async () => {
  await using opened = await openFake();
  const { storage } = opened;
  const snapshot = await newSnapshot(storage);
  const listing = Array.from(
    { length: 1500 },
    (_, at) => record(`r${at}`, at, JSON.stringify(String(at).padEnd(4000))),
  );
  await write(snapshot, listing, { layout: "enterprise", maxEntries: 5000, withSpans: true });
  const latest = record("r2", 2, '"changed"');
  const change = {
    ids: new Map([["r2", START + 2000], ["r1499", START + 1_499_000]]),
    changed: new Map([["r2", latest]]),
  };
  const { replaced, removed } = await amend(snapshot, change, { layout: "enterprise" });
  assert.deepEqual({ replaced, removed }, { replaced: 1, removed: 1 });
  const { path, size, sha256, count } = snapshot.objects.at(-1)!;
  const bytes = await new Response(await storage.get(`${snapshot.prefix}/${path}`)).bytes();
  assert.ok(bytes.length > PART);
  assert.deepEqual(
    { size, sha256, count },
    { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"), count: 1499 },
  );
  const expected = listing.slice(0, -1).with(2, latest).map((entry) => JSON.stringify(entry));
  assert.ok(linesOf(new TextDecoder().decode(bytes), path).join("\n") === expected.join("\n"));
  assert.deepEqual(await opened.leftovers(), []);
});

Deno.test("amendBatches() leaves a batch as it was if it can't be read to its end while it is written", async () => {
  for (const layout of LAYOUTS) {
    const failure = new Error("The disk is gone.");
    const inner = new MemoryStorage();
    let wasWriting = false;
    const storage = toldOfReads(inner, () => {
      if (inner.open === 0) return;
      // Some of it is written by then.
      if (wasWriting) throw failure;
      wasWriting = true;
    });
    const snapshot = await newSnapshot(storage);
    const listing = Array.from(
      { length: 300 },
      (_, at) => record(`r${at}`, at, JSON.stringify("x".repeat(1000))),
    );
    await write(snapshot, listing, { layout, maxEntries: 5000, withSpans: true });
    const texts = textsOf(inner, snapshot, PREFIX);
    const change = { ids: new Map([["r7", START + 7000]]), changed: new Map<string, Resource>() };
    await assert.rejects(amend(snapshot, change, { layout }), failure);
    assert.equal(inner.open, 0);
    assert.deepEqual(textsOf(inner, snapshot, PREFIX), texts);
    assertNoted(inner, snapshot, countOf);
  }
});

Deno.test("amendBatches() fails if a batch is missing or isn't as it was written", async () => {
  const change = { ids: new Map([["r0", START]]), changed: new Map<string, Resource>() };
  for (const layout of LAYOUTS) {
    const storage = new MemoryStorage();
    const snapshot = await newSnapshot(storage);
    await write(snapshot, [record("r0", 0, "1")], { layout, maxEntries: 5, withSpans: true });
    const key = `${snapshot.prefix}/${recordsPath("article", "current", 0, layout)}`;
    const text = storage.text(key)!;
    const bad = layout === "ndjson"
      ? ["{"]
      : ["", "[]", '{"data":[\n', `${text}{"id":"x"},\n`, '{"data":[{"id":"r0"}]}'];
    for (const content of bad) {
      await storage.put(key, new TextEncoder().encode(content));
      await assert.rejects(amend(snapshot, change, { layout }), SyntaxError, content);
      assert.equal(storage.text(key), content);
    }
    await storage.delete([key]);
    await assert.rejects(amend(snapshot, change, { layout }), ObjectNotFoundError);
    assert.equal(storage.open, 0);
  }
});

Deno.test("batchEntries() reads batches of both layouts in pages of at most 100", async () => {
  for (const layout of LAYOUTS) {
    for (const length of [0, 1, 100, 101, 250]) {
      const storage = new MemoryStorage();
      const { encode, head = "", tail = "" } = encodingOf(layout);
      const entries = Array.from({ length }, (_, at) => record(`r${at}`, at, VALUES[at % 9]!));
      const body = length === 0 ? new Uint8Array() : encode(entries, true);
      const bytes = await new Blob([head, body, tail]).bytes();
      const key = recordsPath("article", "current", 0, layout);
      await storage.put(key, bytes);
      const pages = await Array.fromAsync(batchEntries<Resource>(storage, key));
      assert.ok(pages.every((page) => page.length > 0 && page.length <= 100));
      assert.deepEqual(
        pages.flat().map((e) => JSON.stringify(e)),
        entries.map((e) => JSON.stringify(e)),
      );
    }
  }
});

Deno.test("amendBatches() begins a new batch when the last one is as large as one gets", async () => {
  for (const [plainSize, counts] of [[MAX_BYTES - 1, [2]], [MAX_BYTES, [1, 1]]] as const) {
    const snapshot = await newSnapshot(new MemoryStorage());
    const layout = "ndjson";
    await write(snapshot, [record("1", 10, '"x"')], { layout, maxEntries: 10, withSpans: true });
    const batches = () => snapshot.objects.filter(({ path }) => path.startsWith(PREFIX));
    // What is noted decides: nothing as large has to be written.
    snapshot.note({ ...batches()[0]!, plainSize });
    const changed = new Map([["2", record("2", 20, '"y"')]]);
    await amend(snapshot, { ids: new Map([["2", START + 20_000]]), changed }, { layout });
    assert.deepEqual(batches().map(({ count }) => count), counts);
  }
});

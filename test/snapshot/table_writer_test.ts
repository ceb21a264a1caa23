import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import type { JsonObject } from "../../src/content/resource.ts";
import { ByteJournal } from "../../src/snapshot/byte_journal.ts";
import type { TableFormat } from "../../src/snapshot/layout.ts";
import { TableWriter } from "../../src/snapshot/table_writer.ts";
import { localeRows } from "../../src/transform/normalize_locales.ts";
import { tableSchema } from "../../src/transform/table_schema.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { item, schemaOf } from "../transform/fixtures.ts";
import { assertNoted, newSnapshot } from "./written.ts";

const LOCALES = Array.from({ length: 30 }, (_, i) => `l${i}`);
const SCHEMA = schemaOf({ m: { fields: { title: "string localized", body: "text" } } }, LOCALES);
/** Small parts show the same as the usual ones of 8 MiB. */
const partBytes = 256 * 1024;

/** The rows of a page whose text is in the rows of all locales: 20 kB of records are 600 kB of rows. */
function manyRows(records: number, bytes: number): JsonObject[] {
  const title = Object.fromEntries(LOCALES.map((locale) => [locale, locale]));
  const page = Array.from(
    { length: records },
    (_, i) => item("m", `r${i}`, { title, body: "x".repeat(bytes) }),
  );
  return localeRows(page, SCHEMA, { version: "current" });
}

/** The ids in the rows of a part, in order. */
function idsIn(text: string, format: TableFormat): string[] {
  const rows: { readonly id: string }[] = format === "csv"
    ? parse(text, { columns: true })
    : text.trimEnd().split("\n").map((line) => JSON.parse(line));
  return rows.map(({ id }) => id);
}

for (const format of ["ndjson", "csv"] satisfies TableFormat[]) {
  Deno.test(`TableWriter divides the rows of one page into ${format} parts, and never those of a record`, async () => {
    const storage = new MemoryStorage();
    const snapshot = await newSnapshot(storage);
    const tables = new TableWriter(snapshot, tableSchema(SCHEMA), { format, partBytes });
    const rows = manyRows(60, 300);
    await tables.write([{ table: "records/m", rows }], "current");
    await tables.flush();

    const parts = snapshot.objects.filter(({ path }) => path.startsWith("tables/"));
    const ids = parts.map(({ path }) => {
      return idsIn(storage.text(`${snapshot.prefix}/${path}`)!, format);
    });
    assert.ok(parts.length > 2);
    assert.deepEqual(ids.flat(), rows.map(({ id }) => id));
    const records = ids.flatMap((ids) => [...new Set(ids)]);
    assert.deepEqual(records, Array.from({ length: 60 }, (_, i) => `r${i}`));
    parts.forEach(({ size, count }, i) => {
      assert.ok(size < partBytes * 1.5 && (size >= partBytes || i === parts.length - 1), `${size}`);
      assert.equal(count, ids[i]!.length);
    });
    assertNoted(storage, snapshot, (_text, path) => {
      return path.startsWith("tables/")
        ? ids[parts.findIndex((p) => p.path === path)]!.length
        : undefined;
    });
  });
}

for (const format of ["ndjson", "csv", "parquet"] satisfies TableFormat[]) {
  Deno.test(`TableWriter writes the same ${format} parts whatever the pages, and wherever it was ended and began again`, async () => {
    const rows = manyRows(120, 200);
    const partsOf = async (length: number, ends: ReadonlySet<number>) => {
      const storage = new MemoryStorage();
      const snapshot = await newSnapshot(storage);
      const options = { storage, prefix: snapshot.prefix, signal: new AbortController().signal };
      let journal = new ByteJournal(options);
      let tables = new TableWriter(snapshot, tableSchema(SCHEMA), { format, partBytes });
      for (let at = 0, page = 0; at < rows.length; at += length, page++) {
        await tables.write([{ table: "records/m", rows: rows.slice(at, at + length) }], "current");
        if (page % 3 === 0 || ends.has(page)) {
          await tables.addTo(journal);
          await journal.save();
        }
        if (!ends.has(page)) continue;
        journal = new ByteJournal({ ...options, files: journal.files });
        const { state: from } = tables;
        tables = new TableWriter(snapshot, tableSchema(SCHEMA), { format, partBytes, from });
        await tables.restore(journal);
      }
      await tables.flush();
      return snapshot.objects.filter(({ path }) => path.startsWith("tables/"));
    };
    const whole = await partsOf(30 * 50, new Set());
    assert.ok(whole.length > 2);
    for (const [length, ends] of [[30 * 7, []], [30 * 7, [0, 1, 9]], [30, [5, 50, 51]]] as const) {
      assert.deepEqual(await partsOf(length, new Set(ends)), whole);
    }
  });
}

for (const format of ["ndjson", "csv"] satisfies TableFormat[]) {
  Deno.test(`TableWriter encodes few rows of a page at a time: ${format}`, async () => {
    let encoded = 0;
    // CSV's cells are made of objects as JSON, too.
    const body = {
      toJSON() {
        encoded++;
        return "x".repeat(100);
      },
    } as unknown as JsonObject;
    const rows = manyRows(200, 0).map((row): JsonObject => ({ ...row, body }));
    let before = 0;
    let most = 0;
    const put = () => {
      most = Math.max(most, encoded - before);
      before = encoded;
      return Promise.resolve();
    };
    // Each piece is as large as a part.
    const tables = new TableWriter({ put }, tableSchema(SCHEMA), { format, partBytes: 1000 });
    await tables.write([{ table: "records/m", rows }], "current");
    await tables.flush();
    // Of 6000; those of the records that a part is too small for are encoded again.
    assert.ok(most > 0 && most < 600, `${most} rows`);
  });
}

Deno.test({
  name: "TableWriter writes a page whose rows are longer than a string can be",
  // Half a gigabyte takes long; that few rows are encoded at a time is shown above.
  ignore: long(0, 1) === 1,
  async fn() {
    let bytes = 0;
    const snapshot = await newSnapshot(new MemoryStorage());
    // Half a gigabyte need not be kept.
    snapshot.put = (path, { length: size }) => {
      bytes += size;
      return Promise.resolve({ path, size, sha256: "" });
    };
    const tables = new TableWriter(snapshot, tableSchema(SCHEMA));
    const rows = manyRows(200, 100_000);
    await tables.write([{ table: "records/m", rows }], "current");
    await tables.flush();
    assert.ok(bytes > 0x1fffffe8, `${bytes}`);
  },
});

Deno.test("TableWriter tells at the next step that a part couldn't be written, and only once all are at rest", async () => {
  const steps: Record<string, (tables: TableWriter) => Promise<void>> = {
    flush: (tables) => tables.flush(),
    addTo: (tables) => {
      const { signal } = new AbortController();
      return tables.addTo(new ByteJournal({ storage: new MemoryStorage(), prefix: "", signal }));
    },
  };
  for (const [name, step] of Object.entries(steps)) {
    const reason = new Error("The disk is full.");
    const { promise, reject } = Promise.withResolvers<void>();
    let puts = 0;
    const put = () => {
      puts++;
      return promise;
    };
    const tables = new TableWriter({ put }, tableSchema(SCHEMA));
    await tables.write([{ table: "records/m", rows: manyRows(30, 10_000) }], "current");
    assert.equal(puts, 1, "it didn't wait for the part");
    const told = assert.rejects(step(tables), reason, name);
    reject(reason);
    await told;
    await assert.rejects(tables.flush(), reason);
  }
});

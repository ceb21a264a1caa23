import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { createHash } from "node:crypto";
import type { Storage } from "../../src/storage/storage.ts";
import { safeApiKey } from "../../src/text/safe_name.ts";
import { IndexReader } from "../../src/snapshot/index/index_reader.ts";
import { type Manifest, manifestSchema } from "../../src/snapshot/manifest.ts";
import { compressionOf } from "../../src/sink/compression.ts";
import { decompressed } from "../../src/sink/members.ts";
import { bytesIn, collect } from "../storage/bodies.ts";

/** What a snapshot says, however it is divided into batches and parts, and compressed. */
export interface SnapshotContent {
  /** The entries of each listing of records and uploads, in order, by folder. */
  readonly listings: Readonly<Record<string, readonly unknown[]>>;
  /** The rows of each table as text, sorted, by folder. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** The texts of all other files, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The file of each upload, in order. */
  readonly assets: readonly unknown[];
  /** What the manifest counts of everything. */
  readonly counts: Readonly<Record<string, unknown>>;
}

/**
 * Reads a complete snapshot, and checks that its manifest is true: it lists all that is there and nothing
 * else, and its counts are those of the files.
 *
 * @param storage Where it is.
 * @param address Its address, as an export's report tells it.
 */
export async function contentOf(storage: Storage, address: string): Promise<SnapshotContent> {
  const prefix = `${address.slice(storage.url.length + 1)}/`;
  const infos = (await collect(storage.list(prefix))).flat();
  const texts = new Map<string, string>();
  const sizes = new Map<string, number>();
  const hashes = new Map<string, string>();
  const objects = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { key } of infos) {
    const bytes = await bytesIn(await storage.get(key));
    const path = key.slice(prefix.length);
    objects.set(path, bytes);
    const isCompressed = /^(resume\/)?(records|uploads|tables)\/.*\.(gz|zst)$/.test(path);
    const stream = ReadableStream.from([bytes]);
    const text = isCompressed
      ? await bytesIn(decompressed(stream, path.endsWith(".gz") ? "gzip" : "zstd", key))
      : bytes;
    texts.set(path, new TextDecoder().decode(text));
    sizes.set(path, bytes.length);
    hashes.set(key.slice(prefix.length), createHash("sha256").update(bytes).digest("hex"));
  }
  const manifest = manifestSchema.parse(JSON.parse(texts.get("manifest.json") ?? "null"));
  assert.ok(texts.has("canary.txt"));
  for (const seal of ["manifest.json", "canary.txt"]) texts.delete(seal);
  for (const path of manifest.leftovers ?? []) texts.delete(path);
  const listed = manifest.objects.map(({ path }) => path);
  assert.deepEqual(listed, [...texts.keys()].sort(), "the manifest lists what is there");

  const listings: Record<string, unknown[]> = {};
  const tables: Record<string, string[]> = {};
  const files: Record<string, string> = {};
  const bytes: Record<string, number> = {};
  let assets: { upload_id: string; key: string; size: number; md5: string }[] = [];
  const numberOf = (path: string) => Number(/_(\d+)\.[\w.]+$/.exec(path)?.[1] ?? 0);
  for (const object of manifest.objects.toSorted((a, b) => numberOf(a.path) - numberOf(b.path))) {
    const { path, size } = object;
    const text = texts.get(path)!;
    assert.equal(sizes.get(path), size, path);
    const isText = !path.startsWith("index/") && !path.endsWith(".parquet");
    const textSize = isText ? new TextEncoder().encode(text).length : size;
    assert.equal(object.plainSize, textSize === size ? undefined : textSize, path);
    assert.equal(object.sha256, hashes.get(path), path);
    const folder = path.slice(0, path.lastIndexOf("/"));
    const isBatch = /^(records|uploads)\//.test(path);
    if (isBatch || /^tables\/.*\/part_\d+\./.test(path)) {
      // Rows of Parquet aren't told apart here.
      const entries = path.endsWith(".parquet")
        ? Array.from({ length: object.count! }, () => object.sha256)
        : entriesIn(path, text);
      assert.equal(object.count, entries.length, path);
      if (isBatch) (listings[folder] ??= []).push(...entries);
      else (tables[folder] ??= []).push(...entries.map((entry) => JSON.stringify(entry)));
      bytes[folder] = (bytes[folder] ?? 0) + size;
    } else if (path === "assets.ndjson") {
      assets = entriesIn(path, text) as typeof assets;
      assert.equal(object.count, assets.length);
    } else if (path.startsWith("index/")) {
      // Where entries are depends on how they are divided into batches.
      assert.equal(await entriesIndexed(objects, texts, path), object.count, path);
    } else if (path !== "export.json") files[path] = text;
  }
  const isIndexed = (start: string) => Object.keys(listings).some((each) => each.startsWith(start));
  assert.equal(objects.has("index/records.idx"), isIndexed("records/"));
  assert.equal(objects.has("index/uploads.idx"), isIndexed("uploads"));
  for (const rows of Object.values(tables)) rows.sort();
  assertCounts(manifest, listings, tables, bytes);
  return {
    listings,
    tables,
    files,
    assets: assets.map(({ upload_id, key, size, md5 }) => ({ upload_id, key, size, md5 }))
      .sort((a, b) => a.upload_id < b.upload_id ? -1 : 1),
    counts: countsIn(manifest),
  };
}

/** Makes sure that an index leads to each entry of what it is of, and says how many those are. */
async function entriesIndexed(
  objects: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  texts: ReadonlyMap<string, string>,
  path: string,
): Promise<number> {
  const bytes = objects.get(path)!;
  const { signal } = new AbortController();
  const read = (start: number, end: number) => Promise.resolve(bytes.slice(start, end));
  const index = await IndexReader.open(read, bytes.length, signal);
  const start = path === "index/uploads.idx" ? "uploads/" : "records/";
  const batches = [...objects.keys()].filter((path) => path.startsWith(start));
  assert.deepEqual(index.head.batches.map(({ path }) => path).sort(), batches.sort());
  let count = 0;
  for (const batch of batches) {
    for (const entry of entriesIn(batch, texts.get(batch)!)) {
      const { id } = entry as { readonly id: string };
      const place = (await index.find(id, signal)).find((found) => found.batch.path === batch)!;
      const { offset, size, inside, length } = place;
      const some = ReadableStream.from([objects.get(batch)!.slice(offset, offset + size)]);
      const text = await bytesIn(decompressed(some, compressionOf(batch), batch));
      const own = text.subarray(inside, inside + length);
      assert.deepEqual(JSON.parse(new TextDecoder().decode(own)), entry);
      count++;
    }
  }
  assert.equal(index.head.count, count);
  return count;
}

function entriesIn(path: string, text: string): unknown[] {
  if (/\.csv(\.|$)/.test(path)) return parse(text, { columns: true });
  if (path.endsWith(".json")) return (JSON.parse(text) as { data: unknown[] }).data;
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

function assertCounts(
  { resources, records, options }: Manifest,
  listings: Record<string, unknown[]>,
  tables: Record<string, string[]>,
  bytes: Record<string, number>,
): void {
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const folders = (object: Record<string, unknown>, start: string) =>
    Object.keys(object).filter((folder) => folder.startsWith(start));
  for (const [model, versions] of Object.entries(records)) {
    for (const [version, tally] of Object.entries(versions)) {
      const folder = `records/${safeApiKey(model)}/${version}`;
      const rows = tables[`tables/records/${safeApiKey(model)}/version=${version}`] ?? [];
      const count = options.tables === "only"
        ? new Set(rows.map((row) => (JSON.parse(row) as { readonly id: string }).id)).size
        : listings[folder]?.length ?? 0;
      assert.deepEqual(tally, { count, bytes: bytes[folder] ?? 0 }, folder);
    }
  }
  if (resources.uploads) {
    const found = { count: listings.uploads?.length ?? 0, bytes: bytes.uploads ?? 0 };
    assert.deepEqual(resources.uploads, found);
  }
  if (resources.tables) {
    const own = folders(tables, "tables/");
    assert.deepEqual(resources.tables, {
      count: sum(own.map((folder) => tables[folder]!.length)),
      bytes: sum(own.map((folder) => bytes[folder]!)),
    });
  }
}

/** Bytes depend on how batches are divided, and who fetched an asset on when that was. */
function countsIn(manifest: Manifest): Record<string, unknown> {
  const { resources, records, assets, findings, warnings, failures, options } = manifest;
  const counted = (tally: object | undefined) => tally && "count" in tally ? tally.count : tally;
  const sortedNotes = (notes: Manifest["warnings"]) =>
    notes.map(({ code, message }) => `${code}: ${message}`).sort();
  return {
    options: Object.fromEntries(Object.entries(options).filter(([name]) => name !== "compress")),
    resources: Object.fromEntries(
      Object.entries(resources).map(([name, tally]) => [name, counted(tally)] as const)
        .sort(([a], [b]) => a < b ? -1 : 1),
    ),
    records: Object.fromEntries(
      Object.entries(records).map(([model, { current, published }]) =>
        [model, [counted(current), counted(published)]] as const
      ).sort(([a], [b]) => a < b ? -1 : 1),
    ),
    assets: assets && {
      there: assets.downloaded.count + assets.kept.count,
      bytes: assets.downloaded.bytes + assets.kept.bytes,
      withdrawn: assets.withdrawn,
      failed: assets.failed,
      orphaned: assets.orphaned,
    },
    findings: sortedNotes(findings),
    warnings: sortedNotes(warnings),
    failures: sortedNotes(failures),
  };
}

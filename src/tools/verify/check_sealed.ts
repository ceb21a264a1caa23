import { CANARY, isAssetIndex, MANIFEST } from "../../snapshot/layout.ts";
import type { Manifest, Tally } from "../../snapshot/manifest.ts";
import { isObject } from "../../text/json.ts";
import { safeApiKey } from "../../text/safe_name.ts";
import type { Check, EntryReader } from "./check.ts";

/** The sizes of what is in a snapshot's folder, by path. */
export type Listed = ReadonlyMap<string, number>;

/** What reads the entries of an object, if somebody needs them. */
export type ReaderOf = (path: string) => EntryReader | undefined;

/**
 * Checks that a snapshot's folder holds what its manifest lists, and nothing else.
 *
 * @param check The verification.
 * @param manifest The manifest.
 * @param listed What is there.
 * @return Whether an object is there, by its path.
 * @throws {StorageError} If something can't be read.
 */
export async function checkPresence(
  check: Check,
  { objects, leftovers = [] }: Manifest,
  listed: Listed,
): Promise<(path: string) => boolean> {
  const known = new Set([MANIFEST, CANARY, ...leftovers]);
  const missing = new Set<string>();
  const own = new Set<string>();
  for (const { path } of objects) {
    if (own.has(path)) check.add("changed", MANIFEST, `lists ${path} twice`);
    own.add(path);
    if (listed.has(path)) continue;
    // A listing may be late.
    const found = await check.storage.stat(`${check.prefix}/${path}`, { signal: check.signal });
    if (found !== undefined) continue;
    missing.add(path);
    check.add("missing", path, "the manifest lists it");
  }
  for (const path of listed.keys()) {
    if (!own.has(path) && !known.has(path)) {
      check.add("extra", path, "the manifest doesn't list it");
    }
  }
  return (path) => !missing.has(path);
}

/**
 * Compares the sizes of objects with those that the manifest lists.
 *
 * @param check The verification.
 * @param manifest The manifest.
 * @param listed What is there.
 */
export function checkSizes(check: Check, { objects }: Manifest, listed: Listed): void {
  for (const { path, size } of objects) {
    const found = listed.get(path);
    if (found === undefined) continue;
    check.count(found);
    if (found < size) check.add("truncated", path, `has ${found} of ${size} bytes`);
    if (found > size) check.add("changed", path, `has ${found} bytes instead of ${size}`);
  }
}

/**
 * Reads the objects of a snapshot, and compares them with what its manifest says of each and counts of all.
 *
 * @param check The verification.
 * @param manifest The manifest.
 * @param isThere Whether an object is there.
 * @param readerOf What reads an object's entries: those of which one does are read, whatever the sample.
 * @throws {StorageError} If something can't be read.
 */
export async function checkData(
  check: Check,
  manifest: Manifest,
  isThere: (path: string) => boolean,
  readerOf: ReaderOf = () => undefined,
): Promise<void> {
  const read = manifest.objects.filter(({ path }) => {
    return isThere(path) && (readerOf(path) !== undefined || check.isRead(path));
  });
  check.expect(read.reduce((sum, { size }) => sum + size, 0));
  const { resources } = manifest;
  await check.each(read, async (object) => {
    const { path } = object;
    const found = await check.readExpected(object, readerOf(path));
    const name = /^settings\/(\w+)\.json$/.exec(path)?.[1];
    const tally = name === undefined ? undefined : resources[name];
    if (tally === undefined || !("count" in tally) || !isObject(found?.value)) return;
    const { data } = found.value;
    const entries = Array.isArray(data) ? data.length : 1;
    if (entries !== tally.count) {
      check.add("changed", MANIFEST, `counts ${tally.count} ${name}, but there are ${entries}`);
    }
  });
  checkCounts(check, manifest);
}

/** Compares what a manifest counts in all with what it says of each object. */
function checkCounts(
  check: Check,
  { objects, records, resources, assets, options }: Manifest,
): void {
  const sums = new Map<string, Tally>();
  for (const { path, size, count = 0 } of objects) {
    const folder = folderOf(path);
    if (folder === undefined) continue;
    const sum = sums.get(folder) ?? { count: 0, bytes: 0 };
    sums.set(folder, { count: sum.count + count, bytes: sum.bytes + size });
  }
  const compare = (folder: string, tally: Tally) => {
    const { count, bytes } = sums.get(folder) ?? { count: 0, bytes: 0 };
    sums.delete(folder);
    if (count === tally.count && bytes === tally.bytes) return;
    check.add(
      "changed",
      MANIFEST,
      `counts ${tally.count} entries of ${tally.bytes} bytes in ${folder}, but lists ${count} of ${bytes}`,
    );
  };
  for (const [model, versions] of options.tables === "only" ? [] : Object.entries(records)) {
    for (const [version, tally] of Object.entries(versions)) {
      if (tally) compare(`records/${safeApiKey(model)}/${version}`, tally);
    }
  }
  for (const name of ["uploads", "tables"]) {
    const tally = resources[name];
    if (tally && "count" in tally) compare(name, tally);
  }
  for (const folder of sums.keys()) {
    check.add("changed", MANIFEST, `counts nothing in ${folder}, but lists objects there`);
  }
  if (assets === undefined) return;
  const index = objects.find(({ path }) => path === assets.index);
  const { downloaded, kept, withdrawn, notServed = 0, failed } = assets;
  const files = downloaded.count + kept.count + withdrawn + notServed + failed;
  if (index === undefined) {
    check.add("changed", MANIFEST, `names the list of assets ${assets.index}, but doesn't list it`);
  } else if (index.count !== undefined && index.count !== files) {
    check.add("changed", MANIFEST, `counts ${files} assets, but lists ${index.count}`);
  }
  const others = objects.filter(({ path }) => isAssetIndex(path) && path !== assets.index);
  for (const { path } of others) check.add("changed", MANIFEST, `lists ${path}, but uses another`);
}

/** The folder whose objects are counted together. */
function folderOf(path: string): string | undefined {
  if (/^tables\/.*\/part_\d+\.[\w.]+$/.test(path)) return "tables";
  return /^(uploads|records\/[^/]+\/(?:current|published))\/[^/]+$/.exec(path)?.[1];
}

import type { Item, JsonObject, Upload, Version } from "../../src/content/resource.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { readBatch } from "../../src/snapshot/read_batch.ts";

/** A snapshot, read back. */
export interface ExportedSnapshot {
  readonly records: { readonly model: string; readonly version: Version; items: Item[] }[];
  uploads: Upload[];
  readonly tables: { readonly table: string; readonly version?: Version; rows: JsonObject[] }[];
}

/**
 * Reads a snapshot back, but for tables of Parquet.
 *
 * @param storage Where it is.
 * @param address Its address, as an export's report tells it.
 */
export async function readSnapshot(storage: Storage, address: string): Promise<ExportedSnapshot> {
  const prefix = `${address.slice(storage.url.length + 1)}/`;
  const keys = (await Array.fromAsync(storage.list(prefix))).flat().map(({ key }) => key);
  const folders = Map.groupBy(keys, (key) => key.slice(prefix.length, key.lastIndexOf("/")));
  const snapshot: ExportedSnapshot = { records: [], uploads: [], tables: [] };
  for (const [folder, keys] of folders) {
    const [, model, version] = /^records\/([^/]+)\/(current|published)$/.exec(folder) ?? [];
    const [, table, of] = /^tables\/(.+?)(?:\/version=(.+))?$/.exec(folder) ?? [];
    if (model !== undefined) {
      const items = await entriesIn<Item>(storage, keys);
      snapshot.records.push({ model, version: version as Version, items });
    } else if (table !== undefined && !keys.some((key) => key.endsWith(".parquet"))) {
      const rows = await entriesIn<JsonObject>(storage, keys);
      snapshot.tables.push({ table, ...(of && { version: of as Version }), rows });
    } else if (folder === "uploads") snapshot.uploads = await entriesIn<Upload>(storage, keys);
  }
  return snapshot;
}

async function entriesIn<T>(storage: Storage, keys: readonly string[]): Promise<T[]> {
  const entries: T[] = [];
  for (const key of keys) {
    for await (const page of readBatch<T>(storage, key)) entries.push(...page);
  }
  return entries;
}

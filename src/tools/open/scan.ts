import type { Item, Resource, Upload, Version } from "../../content/resource.ts";
import { searchEntries } from "../../snapshot/batches.ts";
import type { SnapshotContent } from "./content.ts";

/** A record in the versions that a snapshot has of it. */
export interface SnapshotRecord {
  /** Its model's `api_key`. */
  readonly model: string;
  /** Its latest version; `undefined` if the snapshot hasn't it. */
  readonly current: Item | undefined;
  /** Its public version; `undefined` if it isn't published, or the snapshot hasn't it. */
  readonly published: Item | undefined;
}

/**
 * Searches all batches for a record.
 *
 * @param content The snapshot.
 * @param models The models' `api_key`s.
 * @param id The record's id.
 * @param signal Aborts it.
 * @return `undefined` if there is none.
 */
export async function scanForRecord(
  content: SnapshotContent,
  models: readonly string[],
  id: string,
  signal: AbortSignal,
): Promise<SnapshotRecord | undefined> {
  const find = async (some: readonly string[], version: Version) => {
    for (const model of some) {
      const paths = content.recordBatches(model, version);
      const item = await scanFor<Item>(content, paths, id, signal);
      if (item !== undefined) return { model, item };
    }
    return undefined;
  };
  const current = await find(models, "current");
  const published = await find(current === undefined ? models : [current.model], "published");
  const model = current?.model ?? published?.model;
  if (model === undefined) return undefined;
  return { model, current: current?.item, published: published?.item };
}

/**
 * Searches all batches of uploads for one.
 *
 * @param content The snapshot.
 * @param id The upload's id.
 * @param signal Aborts it.
 * @return `undefined` if there is none.
 */
export async function scanForUpload(
  content: SnapshotContent,
  id: string,
  signal: AbortSignal,
): Promise<Upload | undefined> {
  return await scanFor<Upload>(content, content.uploadBatches, id, signal);
}

/** The entry of batches that has an id. All of the batch that has it is read, as its digest is checked. */
async function scanFor<T extends Resource>(
  content: SnapshotContent,
  paths: readonly string[],
  id: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const text = JSON.stringify(id);
  let found: T | undefined;
  for (const path of paths) {
    signal.throwIfAborted();
    const may = (line: string) => found === undefined && line.includes(text);
    for await (
      const page of searchEntries<T>(content.objects, content.key(path), may, signal)
    ) {
      // What mentions it, as a link, isn't it.
      found ??= page.find((entry) => entry.id === id);
    }
    if (found !== undefined) return found;
  }
  return undefined;
}

import { mapBlocks } from "../../content/blocks.ts";
import type { Item, Json, Page, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { ObjectNotFoundError } from "../../storage/storage.ts";
import { isObject } from "../../text/json.ts";
import { getOwn } from "../../text/own.ts";
import { safeApiKey } from "../../text/safe_name.ts";
import { linkRows } from "../../transform/collect_links.ts";
import { type ModelPlan, modelPlanOf } from "../../transform/model_plan.ts";
import { readEntries } from "../../snapshot/batches.ts";
import type { Check } from "./check.ts";
import { batchOf, type KnownIds } from "./known_ids.ts";

/** What references of records are compared with. */
export interface ReferenceTargets {
  /** The snapshot's schema. */
  readonly schema: SchemaIndex;
  /** The ids of all records and uploads. */
  readonly ids: KnownIds;
  /** Whether it has the records of all models: otherwise nobody knows where a link leads that it doesn't have. */
  readonly hasAllRecords: boolean;
  /** Whether it has the uploads. */
  readonly hasUploads: boolean;
}

/** Attributes of records that aren't fields. */
const OF_RECORDS = new Set([
  "created_at",
  "updated_at",
  "position",
  "parent_id",
  "is_valid",
]);

/**
 * Checks that every link, upload and block of a snapshot's records leads to something, that each published
 * version has a current one, and that the records have the fields that their models have.
 *
 * @param check The verification.
 * @param paths The paths of the batches; others are passed over.
 * @param targets What is there.
 * @throws {StorageError} If something can't be read.
 */
export async function checkRecords(
  check: Check,
  paths: readonly string[],
  targets: ReferenceTargets,
): Promise<void> {
  await check.each(paths.filter((path) => check.isRead(path)), async (path) => {
    const batch = batchOf(path);
    if (batch === undefined || batch === "uploads") return;
    const told = new ToldOnce(check, path);
    try {
      for await (const page of pagesOf(check, path)) {
        for (const item of page) {
          if (!isObject(item) || typeof item.id !== "string") continue;
          checkRecord(told, item as unknown as Item, batch, targets);
        }
      }
    } catch (error) {
      check.signal.throwIfAborted();
      const isKnown = error instanceof SyntaxError || error instanceof TypeError ||
        error instanceof ObjectNotFoundError;
      // It was added when the batch was read the first time.
      if (!isKnown) throw error;
    }
  });
}

async function* pagesOf(check: Check, path: string): AsyncGenerator<Page<unknown>, void> {
  const key = `${check.prefix}/${path}`;
  for await (const page of readEntries<unknown>(check.storage, key, check.signal)) {
    yield page;
    // Others want to run, too: what is read already may hold many pages.
    check.signal.throwIfAborted();
  }
}

/** Adds problems of a batch: what is wrong with all records of a model is told once. */
class ToldOnce {
  readonly #check: Check;
  readonly #path: string;
  readonly #told = new Set<string>();

  constructor(check: Check, path: string) {
    this.#check = check;
    this.#path = path;
  }

  add(detail: string): void {
    this.#check.add("dangling", this.#path, detail);
  }

  once(what: string, detail: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.add(`${detail} (perhaps others have this, too)`);
  }
}

function checkRecord(
  told: ToldOnce,
  item: Item,
  batch: { readonly model: string; readonly version: Version },
  { schema, ids, hasAllRecords, hasUploads }: ReferenceTargets,
): void {
  const { id } = item;
  if (batch.version === "published" && !ids.hasCurrent(id)) {
    told.add(`the published record ${id} has no current version`);
  }
  checkItem(told, item, `record ${id}`, schema, true);
  const { apiKey, itemType } = modelPlanOf(schema, item);
  if (itemType && ![safeApiKey(apiKey), apiKey].includes(batch.model)) {
    told.add(`record ${id} is of the model ${apiKey}`);
  }
  const options = { version: batch.version, onWarning: () => {} };
  for (
    const { target_type: type, target_id: target, _path: path } of linkRows([item], schema, options)
  ) {
    const isThere = type === "upload"
      ? !hasUploads || ids.hasUpload(target as string)
      : !hasAllRecords || ids.hasRecord(target as string);
    if (isThere) continue;
    const what = type === "upload" ? "upload" : "record";
    told.add(`record ${id}, ${path}: there is no ${what} ${target}`);
  }
}

/** Checks the fields of a record or block, and the blocks in them. */
function checkItem(
  told: ToldOnce,
  item: Item,
  what: string,
  schema: SchemaIndex,
  isRecord: boolean,
): void {
  if (!isObject(item.attributes) || !isObject(item.relationships)) return;
  const plan = modelPlanOf(schema, item);
  if (plan.itemType === undefined) {
    told.once(`model ${plan.id}`, `${what} is of the model ${plan.id}, which models/ doesn't have`);
    return;
  }
  checkFields(told, item, plan, what, isRecord);
  for (const { key, type, localized } of plan.blockFields) {
    const value = getOwn(item.attributes, key);
    if (value === undefined || value === null) continue;
    const values: readonly (Json | undefined)[] = localized && isObject(value)
      ? Object.values(value)
      : [value];
    for (const each of values) {
      if (each === undefined || each === null) continue;
      mapBlocks(each, type, (block) => {
        if (typeof block === "string") {
          told.add(`${what}: the block ${block} is there as its id only`);
        } else checkItem(told, block, `${what}, block ${block.id}`, schema, false);
        return null;
      });
    }
  }
}

function checkFields(
  told: ToldOnce,
  { attributes }: Item,
  { keys, apiKey }: ModelPlan,
  what: string,
  isRecord: boolean,
): void {
  for (const key of keys) {
    if (Object.hasOwn(attributes, key)) continue;
    told.once(`${apiKey}.${key}`, `${what} lacks the field ${key} of the model ${apiKey}`);
  }
  if (!isRecord) return;
  for (const key of Object.keys(attributes)) {
    if (keys.has(key) || OF_RECORDS.has(key)) continue;
    told.once(`${apiKey}.${key}`, `${what} has ${key}, which isn't a field of the model ${apiKey}`);
  }
}

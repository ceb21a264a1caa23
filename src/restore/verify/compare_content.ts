import type { Item, Resource, Version } from "../../content/resource.ts";
import type { Json } from "../../text/json.ts";
import { compareItems } from "../../tools/diff/compare_items.ts";
import { compareJson } from "../../tools/diff/compare_json.ts";
import { compareListings, type EntryPair } from "../../tools/diff/compare_listings.ts";
import type { FieldChange } from "../../tools/diff/changes.ts";
import type { ReadableSide } from "../../tools/diff/diff_side.ts";
import type { SchemaPair } from "../../tools/diff/schema_pair.ts";
import { canonical, canonicalText, flat } from "./canonical.ts";
import { withItems } from "../records/in_schema.ts";
import { SiblingOrder } from "./compare_order.ts";
import type { Differences, RestoreDifference } from "./difference.ts";
import type { LeftOuts } from "./left_out.ts";

/** Both sides of a comparison, and what it is made with. */
export interface Sides {
  /** The snapshot. */
  readonly wanted: ReadableSide;
  /** The target. */
  readonly found: ReadableSide;
  /** Their schemas. */
  readonly schemas: SchemaPair;
  /** What is left out. */
  readonly leftOuts: LeftOuts;
  /** Takes what differs. */
  readonly differences: Differences;
  /**
   * The models whose public versions aren't compared, as nothing was published. Of others, records may be public that
   * aren't in the snapshot, as nothing was unpublished, either.
   *
   * @default All was published and unpublished
   */
  readonly hasDrafts?: ReadonlySet<string> | undefined;
  /** What of a record in the target is compared. @default as it is */
  readonly foundItem?: ((record: Item) => Item) | undefined;
  /** What the snapshot holds of a record, as far as it could be restored. @default as it is */
  readonly restorable?: ((record: Item) => Item) | undefined;
  /** Whether validators may refuse a record in the target because it lacks a file. @default none */
  readonly isImpaired?: ((record: Item) => boolean) | undefined;
  /** Whether nobody knows what a record's path is to be. @default Everything is known */
  readonly isUnknown?: ((id: string, path: string) => boolean) | undefined;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/** What tells whether validators refuse a record. */
const VALIDITY = /^meta\/is_(?:(?:current|published)_version_)?valid$/;

const VERSIONS = ["current", "published"] as const satisfies readonly Version[];

/**
 * Compares the records of a model, in both versions.
 *
 * @param sides Both sides.
 * @param model The model's `api_key`, which is the same on both.
 * @param hasPublished Whether the snapshot has published versions.
 */
export async function compareModelRecords(
  sides: Sides,
  model: string,
  hasPublished: boolean,
): Promise<void> {
  const { wanted, leftOuts, hasDrafts, foundItem, signal } = sides;
  const { found } = sides;
  const versions = hasPublished && !hasDrafts?.has(model) ? VERSIONS : VERSIONS.slice(0, 1);
  const listings = versions.map((version) => ({
    before: wanted.records(model, version),
    after: found.records(model, version),
  }));
  const pairs = compareListings<Item>({
    before: wanted,
    after: foundItem === undefined ? found : withItems(found, foundItem),
    listings,
    textOf: (record) => canonicalText(record, leftOuts),
    signal,
  });
  for await (const pair of pairs) comparePair(pair, model, versions, sides);
}

/**
 * Compares a record.
 *
 * @param pair The record on both sides.
 * @param model The model's `api_key`.
 * @param versions The versions of the pair's parts.
 * @param sides Both sides.
 */
export function comparePair(
  pair: EntryPair<Item>,
  model: string,
  versions: readonly Version[],
  sides: Pick<
    Sides,
    | "schemas"
    | "leftOuts"
    | "differences"
    | "hasDrafts"
    | "restorable"
    | "isImpaired"
    | "isUnknown"
  >,
): void {
  const { schemas, leftOuts, differences, hasDrafts, isImpaired, isUnknown } = sides;
  const { restorable = (record: Item) => record } = sides;
  const { id } = pair;
  const head = { resource: "item", id, name: model };
  const [isWanted, isThere] = [pair.before, pair.after].map((parts) => parts.some(Boolean));
  if (!isWanted || !isThere) {
    differences.add({ ...head, versions, locale: null, path: "*", ...presence(isWanted!) });
    return;
  }
  const impaired = pair.before.some((record) => record && isImpaired?.(record));
  const merged = new Map<string, RestoreDifference>();
  for (const [i, version] of versions.entries()) {
    const [before, after] = [pair.before[i], pair.after[i]];
    if (!before && (!after || hasDrafts !== undefined)) continue;
    if (!before || !after) {
      differences.add({
        ...head,
        versions: [version],
        locale: null,
        path: version,
        ...presence(before !== undefined),
      });
      continue;
    }
    for (const change of changesOf(restorable(before), after, schemas, leftOuts)) {
      const { path, locale, before: wanted, after: found } = change;
      if (impaired && found === false && VALIDITY.test(path)) continue;
      if (isUnknown?.(id, path)) continue;
      const key = JSON.stringify([path, locale, wanted, found]);
      const own = merged.get(key);
      const all = [...own?.versions ?? [], version];
      merged.set(key, { ...head, versions: all, locale, path, wanted, found });
    }
  }
  for (const difference of merged.values()) differences.add(difference);
}

function presence(isWanted: boolean): Pick<RestoreDifference, "wanted" | "found"> {
  return isWanted ? { wanted: true, found: null } : { wanted: null, found: true };
}

function changesOf(
  before: Item,
  after: Item,
  schemas: SchemaPair,
  leftOuts: LeftOuts,
): readonly FieldChange[] {
  const [a, b] = [canonical(before, leftOuts), canonical(after, leftOuts)];
  const dates = new Set(
    schemas.after.fields(after.relationships.item_type.data.id)
      .filter(({ attributes }) => attributes.field_type === "date_time")
      .map(({ attributes }) => attributes.api_key),
  );
  const fields = compareItems(before, after, { schemas, path: [], locale: null })
    .filter(({ path }) => !leftOuts.has("item", path))
    .filter(({ path, before, after }) => {
      return !dates.has(path.split("/")[0]!) || !isOneInstant(before, after);
    });
  return [
    ...fields,
    ...compareJson(a.relationships, b.relationships, []).filter(({ path, before }) => {
      return !leftOuts.has("item", path, before === null);
    }),
    ...compareJson(a.meta, b.meta, ["meta"]).filter(({ path, before }) => {
      return !leftOuts.has("item", path, before === null);
    }),
  ];
}

function isOneInstant(a: Json, b: Json): boolean {
  return typeof a === "string" && typeof b === "string" && Date.parse(a) === Date.parse(b);
}

/**
 * Compares the order of a model's records, if editors decide on it.
 *
 * @param sides Both sides.
 * @param model The model's `api_key`.
 */
export async function compareRecordOrder(
  { wanted, found, differences, signal }: Sides,
  model: string,
): Promise<void> {
  const orders = [wanted, found].map(async (side) => {
    const order = new SiblingOrder();
    for (const path of side.records(model, "current")) {
      for await (const page of side.entries(path, signal)) {
        for (const { id, attributes } of page) {
          order.add(id, attributes?.parent_id, attributes?.position);
        }
      }
    }
    return order;
  });
  const [a, b] = [await orders[0]!, await orders[1]!];
  a.compare(b, { resource: "item", name: model }, differences);
}

/**
 * Compares uploads.
 *
 * @param sides Both sides.
 */
export async function compareAllUploads(sides: Sides): Promise<void> {
  const { wanted, found, leftOuts, differences, signal } = sides;
  const pairs = compareListings<Resource>({
    before: wanted,
    after: found,
    listings: [{ before: wanted.uploads, after: found.uploads }],
    textOf: (upload) => canonicalText(upload, leftOuts),
    signal,
  });
  for await (const { id, before: [before], after: [after] } of pairs) {
    const { filename } = (before ?? after)?.attributes ?? {};
    const name = typeof filename === "string" ? filename : null;
    const head = { resource: "upload", id, name, versions: [], locale: null };
    if (!before || !after) {
      differences.add({ ...head, path: "*", ...presence(before !== undefined) });
      continue;
    }
    const [a, b] = [flat(canonical(before, leftOuts)), flat(canonical(after, leftOuts))];
    for (const { path, before: wanted, after: found } of compareJson(a, b, [])) {
      // DatoCMS didn't always tell it.
      if (path === "md5" && wanted === null) continue;
      if (leftOuts.has("upload", path, wanted === null)) continue;
      differences.add({ ...head, path, wanted, found });
    }
  }
}

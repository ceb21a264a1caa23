import type { Item, Resource, Version } from "../../content/resource.ts";
import { titleOf } from "../../content/title_of.ts";
import { isObject, type JsonObject } from "../../text/json.ts";
import type { ChangeKind, FieldChange, RecordChange, RecordFieldChange } from "./changes.ts";
import { compareItems } from "./compare_items.ts";
import { compareJson } from "./compare_json.ts";
import type { EntryPair } from "./compare_listings.ts";
import { compareRelationships } from "./compare_schema.ts";
import type { SchemaPair } from "./schema_pair.ts";

/** What a record's meta says that somebody decided; all else follows from it, or is a time. */
const DECIDED = [
  "status",
  "stage",
  "created_at",
  "publication_scheduled_at",
  "unpublishing_scheduled_at",
];

/** How records are compared. */
export interface RecordOptions {
  /** The schemas. */
  readonly schemas: SchemaPair;
  /** The model's `api_key`. */
  readonly model: string;
  /** The versions that are compared, in the order of the parts. */
  readonly versions: readonly Version[];
  /** Whether all times, version numbers and the like count, too. */
  readonly meta: boolean;
}

/**
 * What of a record is compared, as text.
 *
 * @param record The record.
 * @param version Which version it is.
 * @param meta Whether all of its meta counts.
 */
export function recordText(record: Resource, version: Version, meta: boolean): string {
  const { attributes, relationships } = record;
  if (meta) return JSON.stringify([attributes, relationships, record.meta]);
  const own = { ...attributes };
  // Both are in the meta; if fields are called so, they tell more.
  for (const key of ["created_at", "updated_at"]) {
    if (own[key] === record.meta?.[key]) delete own[key];
  }
  const text = JSON.stringify([own, relationships]);
  return version === "current" ? text + JSON.stringify(decidedOf(record)) : text;
}

function decidedOf({ meta }: Resource): JsonObject {
  const own = isObject(meta) ? meta : {};
  return Object.fromEntries(DECIDED.map((key) => [key, own[key] ?? null]));
}

/**
 * Compares the versions of a record.
 *
 * @param pair The record.
 * @param options How.
 * @return `undefined` if nothing differs.
 */
export function compareRecords(
  { id, before, after }: EntryPair<Item>,
  { schemas, model, versions, meta }: RecordOptions,
): RecordChange | undefined {
  const [a, b] = [newestOf(before), newestOf(after)];
  const change: ChangeKind = a === undefined ? "added" : b === undefined ? "removed" : "changed";
  const place = { schemas, path: [], locale: null };
  const found = versions.map((version, i): [Version, FieldChange[]] => {
    const [from, to] = [before[i], after[i]];
    if (change !== "changed") return [version, from || to ? compareItems(from, to, place) : []];
    if (from === undefined || to === undefined) return [version, []];
    return [version, [
      ...compareItems(from, to, place),
      ...compareRelationships(from, to),
      ...compareMeta(from, to, version, meta),
    ]];
  });
  const fields = inVersions(found);
  const at = versions.indexOf("published");
  const current = versions.indexOf("current");
  const [from, to] = [statusOf(before[current]), statusOf(after[current])];
  const status = from === to ? null : { before: from, after: to };
  const published = publishedChange(
    before[at],
    after[at],
    found.some(([version, changes]) => version === "published" && changes.length > 0),
  );
  const isSame = change === "changed" && fields.length === 0 && status === null &&
    published === null;
  if (isSame) return undefined;
  const title = b ? titleOf(b, schemas.after) : titleOf(a!, schemas.before);
  return { kind: "record", model, id, title, change, status, published, fields };
}

function newestOf(parts: readonly (Item | undefined)[]): Item | undefined {
  return parts.find((part) => part !== undefined);
}

function statusOf(record: Item | undefined): string | null {
  const status = record?.meta?.status;
  return typeof status === "string" ? status : null;
}

function publishedChange(
  before: Item | undefined,
  after: Item | undefined,
  differs: boolean,
): ChangeKind | null {
  if (before === undefined) return after === undefined ? null : "added";
  return after === undefined ? "removed" : differs ? "changed" : null;
}

function compareMeta(before: Item, after: Item, version: Version, all: boolean): FieldChange[] {
  if (!all && version === "published") return [];
  const [a, b] = all
    ? [before.meta ?? {}, after.meta ?? {}]
    : [decidedOf(before), decidedOf(after)];
  // The status is told by itself.
  return compareJson({ ...a, status: null }, { ...b, status: null }, ["meta"]);
}

/** What differs in some versions: what differs in several in just the same way is told once. */
function inVersions(
  found: readonly (readonly [Version, readonly FieldChange[]])[],
): RecordFieldChange[] {
  const merged = new Map<string, FieldChange & { readonly versions: Version[] }>();
  for (const [version, changes] of found) {
    for (const change of changes) {
      const key = JSON.stringify(change);
      const own = merged.get(key);
      if (own) own.versions.push(version);
      else merged.set(key, { ...change, versions: [version] });
    }
  }
  return [...merged.values()];
}

import type { Resource } from "../../content/resource.ts";
import { isObject, type Json, type JsonObject } from "../../text/json.ts";
import type { FieldChange, SchemaChange } from "./changes.ts";
import { compareJson, isSame } from "./compare_json.ts";
import type { ReadableSide } from "./diff_side.ts";
import { type Pair, pairUp, type SchemaPair } from "./schema_pair.ts";

/** What changes by itself, or by what is done elsewhere. */
const BY_ITSELF = /^(?:updated_at|last_(?!name$).*|build_status|indexing_status)$/;
/** What isn't a resource's own: lists of others, and what follows from them. */
const OF_OTHERS = new Set([
  "fields",
  "fieldsets",
  "item_type",
  "item_types",
  "singleton_item",
  "has_singleton_item",
]);
/** Objects that have a form of their own, or say nothing of the project. */
const NO_SETTINGS = /^(?:models|records|uploads|tables|resume|index|assets[^/]*)\/|^[^/]*$/;

/** Options of the comparison of two schemas. */
export interface SchemaOptions {
  /** Whether times and the like count, too. */
  readonly meta: boolean;
  /** Called with what isn't compared, and why. */
  readonly onNote: (message: string) => void;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

/**
 * Compares models, fields and fieldsets.
 *
 * @param schemas The schemas.
 * @param isCompared Whether a model is compared.
 * @param meta Whether times and the like count, too.
 */
export function compareModels(
  schemas: SchemaPair,
  isCompared: (apiKey: string) => boolean,
  meta: boolean,
): SchemaChange[] {
  const { before, after } = schemas;
  return schemas.itemTypes.flatMap((pair) => {
    const { id, attributes: { api_key: key, modular_block: isBlock } } =
      (pair.after ?? pair.before)!;
    if (!isCompared(key)) return [];
    const [from, to] = [pair.before?.id, pair.after?.id];
    const fieldsets = pairUp(
      from === undefined ? [] : before.fieldsets(from),
      to === undefined ? [] : after.fieldsets(to),
      (fieldset) => fieldset.attributes?.title,
    );
    return [
      ...compareResource(pair, { type: isBlock ? "block_model" : "model", name: key, id, meta }),
      ...schemas.fields(from, to).flatMap((pair) => {
        const { id, attributes } = (pair.after ?? pair.before)!;
        const name = `${key}.${attributes.api_key}`;
        return compareResource(pair, { type: "field", name, id, meta });
      }),
      ...fieldsets.flatMap((pair) => {
        const { id, attributes } = (pair.after ?? pair.before)!;
        const name = `${key}.${attributes?.title ?? id}`;
        return compareResource(pair, { type: "fieldset", name, id, meta });
      }),
    ];
  });
}

/**
 * Compares the project itself and its settings.
 *
 * @param before The earlier snapshot.
 * @param after The later snapshot.
 * @param options Options.
 * @throws {SyntaxError} If a file isn't what its name says.
 */
export async function compareSettings(
  before: ReadableSide,
  after: ReadableSide,
  { meta, onNote, signal }: SchemaOptions,
): Promise<SchemaChange[]> {
  const [a, b] = [
    await resourcesOf(before, "site.json", signal),
    await resourcesOf(after, "site.json", signal),
  ];
  const changes = compareAll(a, b, meta);
  const files = Map.groupBy(
    new Set([...before.paths, ...after.paths]),
    (path) => NO_SETTINGS.test(path) || !path.endsWith(".json") ? undefined : settingOf(path),
  );
  for (const [name, paths] of files) {
    if (name === undefined) continue;
    const [lacking, other] = [before, after].filter((side) => !hasSetting(side, name));
    if (lacking !== undefined) {
      if (other === undefined) {
        onNote(`The ${name} aren't in ${lacking.name}: they weren't compared.`);
      }
      continue;
    }
    if (name === "schedules" && selectionOf(before) !== selectionOf(after)) {
      onNote("The schedules are of other models: they weren't compared.");
      continue;
    }
    const lists = [before, after].map(async (side) => {
      const found: Resource[] = [];
      for (const path of paths) {
        if (side.paths.includes(path)) found.push(...await resourcesOf(side, path, signal));
      }
      return found;
    });
    changes.push(...compareAll(await lists[0]!, await lists[1]!, meta));
  }
  return changes;
}

/** The kind of resources that a file holds: as an export calls it. */
function settingOf(path: string): string {
  return /^settings\/([^/]+)\.json$/.exec(path)?.[1] ?? path.slice(0, path.indexOf("/"));
}

/** Of which models a snapshot has records. */
function selectionOf({ manifest }: ReadableSide): string {
  return JSON.stringify([manifest?.options.models, manifest?.options.excludeModels]);
}

function hasSetting(side: ReadableSide, name: string): boolean {
  return side.manifest !== undefined
    ? side.hasResource(name)
    : side.paths.some((path) => settingOf(path) === name);
}

async function resourcesOf(
  side: ReadableSide,
  path: string,
  signal: AbortSignal,
): Promise<Resource[]> {
  const file = await side.json(path, signal);
  const data = isObject(file) ? file.data : undefined;
  const list = Array.isArray(data) ? data : [data];
  if (!list.every((one) => isObject(one) && typeof one.id === "string")) {
    throw new SyntaxError(`Expected resources with an id in ${path}`);
  }
  return list as unknown as Resource[];
}

function compareAll(
  before: readonly Resource[],
  after: readonly Resource[],
  meta: boolean,
): SchemaChange[] {
  return pairUp(before, after, nameOf).flatMap((pair) => {
    const one = (pair.after ?? pair.before)!;
    return compareResource(pair, { type: one.type, name: nameOf(one), id: one.id, meta });
  });
}

/** What people call a resource. */
function nameOf({ id, type, attributes }: Resource): string {
  const names = ["name", "label", "title", "api_key", "email"].map((key) => attributes?.[key]);
  const name = names.find((name) => typeof name === "string" && name !== "");
  return typeof name === "string" ? name : type === "site" ? type : id;
}

function compareResource(
  { before, after }: Pair<Resource>,
  { meta, ...what }: Pick<SchemaChange, "type" | "name" | "id"> & { readonly meta: boolean },
): SchemaChange[] {
  const head = { kind: "schema", ...what } as const;
  if (before === undefined) return [{ ...head, change: "added", fields: [] }];
  if (after === undefined) return [{ ...head, change: "removed", fields: [] }];
  const [a, b] = [ownOf(before, meta), ownOf(after, meta)];
  const fields = compareJson(a, b, []);
  return fields.length === 0 ? [] : [{ ...head, change: "changed", fields }];
}

/** What a resource says, but for what others say. */
function ownOf({ type, attributes, relationships, meta }: Resource, withMeta: boolean): JsonObject {
  const own = { ...(type === "environment" || withMeta ? meta : {}), ...attributes };
  for (const [name, relation] of Object.entries(relationships ?? {})) {
    own[name] ??= idsOf(relation?.data);
  }
  const entries = Object.entries(own).filter(([key]) => {
    return !OF_OTHERS.has(key) && (withMeta || !BY_ITSELF.test(key));
  });
  return Object.fromEntries(entries);
}

/**
 * The ids that a relationship names, or the one.
 *
 * @param data What it holds.
 */
export function idsOf(data: unknown): Json {
  if (Array.isArray(data)) return data.map(idsOf);
  return isObject(data) && typeof data.id === "string" ? data.id : null;
}

/**
 * Compares what two resources refer to.
 *
 * @param before The earlier one.
 * @param after The later one.
 */
export function compareRelationships(before: Resource, after: Resource): FieldChange[] {
  const [a, b] = [before, after].map(({ relationships }) => {
    const entries = Object.entries(relationships ?? {}).filter(([name]) => name !== "item_type");
    return Object.fromEntries(entries.map(([name, relation]) => [name, idsOf(relation?.data)]));
  });
  return isSame(a, b) ? [] : compareJson(a, b, []);
}

import type { Item, Resource, Site, Version } from "../../content/resource.ts";
import { NESTED_LIMIT } from "../../source/datocms/records.ts";
import { resourcesById } from "../../source/datocms/resources_by_id.ts";
import { type KeepReference, referencesOf, withReferences } from "../../content/item_references.ts";
import { compareJson } from "../../tools/diff/compare_json.ts";
import { compareModels, compareSettings } from "../../tools/diff/compare_schema.ts";
import type { SchemaChange } from "../../tools/diff/changes.ts";
import { type ReadableSide, readableSide } from "../../tools/diff/diff_side.ts";
import { SchemaPair } from "../../tools/diff/schema_pair.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import type { RestoreConflict } from "../living.ts";
import type { RestoreWork } from "../made_plan.ts";
import type { VerifyRestore } from "../options.ts";
import type { Loss } from "../phases.ts";
import { differingSchedules } from "../records/schedules.ts";
import { itemsInSchema } from "../records/in_schema.ts";
import { inventoryOf } from "../settled.ts";
import { someRecords } from "../some_records.ts";
import type { Target } from "../target.ts";
import { canonical, flat } from "./canonical.ts";
import {
  compareAllUploads,
  compareModelRecords,
  comparePair,
  compareRecordOrder,
  type Sides,
} from "./compare_content.ts";
import { orderOf } from "./compare_order.ts";
import { Differences, type RestoreDifference, type Verified } from "./difference.ts";
import { LeftOuts, whensOf } from "./left_out.ts";

/** What is compared. */
export interface VerifyTargetOptions {
  /** What was restored, and how the target is reached. */
  readonly work: RestoreWork;
  /** The target. */
  readonly target: Target;
  /** The ids of uploads whose file nobody has. */
  readonly missing: ReadonlySet<string>;
  /** The ids of uploads that have another file in the target, as the snapshot has none. */
  readonly replaced: ReadonlySet<string>;
  /** What was told to be lost. */
  readonly losses: readonly Loss[];
  /** What was left as the target has it. */
  readonly conflicts: readonly RestoreConflict[];
  /** How much is compared. */
  readonly verify: Exclude<VerifyRestore, "none">;
}

/** Kinds of settings that have an order. */
const ORDERED = {
  menu_items: "menu_item",
  schema_menu_items: "schema_menu_item",
  upload_collections: "upload_collection",
} as const;

/**
 * Reads a target again, and compares it with the snapshot: all that isn't left out by name.
 *
 * @param options What is compared.
 * @throws {CmaError} If it can't be read.
 */
export async function verifyTarget(options: VerifyTargetOptions): Promise<Verified> {
  const { work, losses, conflicts, missing, replaced, verify } = options;
  const { options: restore, choices, expected, place: { environment, forkOf } } = work;
  // Of a part, what is expected is that all else is as it was.
  const snapshot = wantedSnapshot(work);
  const { signal, onEvent } = restore;
  const isSample = verify !== "full";
  await using inventory = await inventoryOf(
    restore,
    environment,
    "verify",
    isSample ? "schema" : "all",
  );
  const wanted = expected?.side ?? await readableSide(wantedOf(work).source, signal);
  const target = await readableSide(inventory.source, signal);
  const lost = new Set(losses.flatMap(({ code, type, id }) => {
    // What is scheduled isn't compared, and what is dropped with a file is dropped from both.
    const isCompared = code === "schedule_left" || code === "link_left" ||
      (code === "asset_file_missing" && type === "item");
    return type && id && !isCompared ? [`${type} ${id}`] : [];
  }));
  const { keepExtra, living } = choices;
  const left = new Set(conflicts.map(({ type, id }) => type === "site" ? type : `${type} ${id}`));
  const isOverwritten = (living?.conflicts ?? "overwrite") === "overwrite";
  const isKept = (resource: string) => {
    // Uploads are never destroyed; all else only in what this restore made, or if that was asked for.
    if (living !== undefined && !living.removes) return true;
    if (expected !== undefined) return false;
    return keepExtra || (resource === "upload" && (forkOf !== undefined || living !== undefined));
  };
  const isLeft = ({ resource, id, path }: RestoreDifference) =>
    left.has(resource === "site" ? resource : `${resource} ${id}`) ||
    (path === "position" && !isOverwritten);
  const { undone, wanted: own } = work;
  const isMeant = ({ resource, id }: RestoreDifference) => {
    if (undone === undefined || resource === "site") return undone?.hasAny("site", "site") ?? true;
    // What was destroyed under a number comes back under another id.
    const old = own?.ids?.oldId(resource, id) ?? id;
    return undone.hasAny(resource, id) || undone.hasAny(resource, old);
  };
  const strangers = new Set(
    losses.flatMap(({ code, id }) => code === "creator_unknown" && id ? [id] : []),
  );
  const isStranger = ({ path, wanted }: RestoreDifference) =>
    path === "creator" && typeof wanted === "string" && strangers.has(wanted);
  const differences = new Differences(
    (one) => lost.has(`${one.resource} ${one.id}`) || isStranger(one),
    (one) => !isMeant(one) || (one.path === "*" && one.wanted === null && isKept(one.resource)),
    isLeft,
  );
  const schemas = new SchemaPair(wanted.schema, target.schema);
  const sides: Sides = {
    wanted,
    found: target,
    schemas,
    leftOuts: new LeftOuts(whensOf(choices)),
    differences,
    isUnknown: expected && ((id, path) => expected.isUnknown(id, path)),
    hasDrafts: living?.publishes === false ? draftModels(wanted.schema) : undefined,
    // What the snapshot's models haven't isn't compared where it is kept.
    foundItem: living?.removes === false ? itemsInSchema(target.schema, wanted.schema) : undefined,
    // What refers to a file that nobody has was dropped.
    ...missing.size > 0 && {
      restorable: (record: Item) => {
        const keep: KeepReference = ({ type, id }) => type !== "upload" || !missing.has(id);
        return { ...record, attributes: withReferences(record, wanted.schema, keep).attributes };
      },
    },
    ...missing.size + replaced.size > 0 && {
      isImpaired: (record: Item) =>
        referencesOf(record, wanted.schema).some(({ type, id }) => {
          return type === "upload" && (missing.has(id) || replaced.has(id));
        }),
    },
    signal,
  };
  onEvent({ type: "comparing", now: "models and settings" });
  await compareSchema(sides, snapshot, inventory.snapshot, isSample, isKept("site"));
  let records = 0;
  if (isSample) {
    records = await compareSample(options, sides, Number(verify.slice("sample:".length)));
  } else {
    for (const { attributes } of wanted.schema.models) {
      const { api_key: model, sortable, tree } = attributes;
      if (!wanted.hasRecords(model, "current")) continue;
      onEvent({ type: "comparing", now: model });
      records += expected?.countOf(model) ?? countOf(wanted, model);
      await compareModelRecords(sides, model, wanted.hasRecords(model, "published"));
      if (sortable || tree) await compareRecordOrder(sides, model);
    }
    onEvent({ type: "comparing", now: "uploads" });
    await compareAllUploads(sides);
    await compareSchedules(options, inventory.snapshot, differences);
  }
  return differences.result(records);
}

/** What the target is to be. */
function wantedSnapshot(work: RestoreWork): Snapshot {
  return (work.expected ?? wantedOf(work)).snapshot;
}

/** The snapshot, with the ids that it has in the target. */
function wantedOf({ wanted, snapshot, options: { storage }, found }: RestoreWork) {
  return wanted ?? { snapshot, source: { storage, snapshot: found } };
}

/** Compares what is scheduled and still to come. */
async function compareSchedules(
  { work, losses }: VerifyTargetOptions,
  target: Snapshot,
  differences: Differences,
): Promise<void> {
  const { choices: { schedules }, options: { clock, signal }, place: { forkOf }, expected } = work;
  const snapshot = wantedSnapshot(work);
  const isOwn = forkOf !== undefined;
  const input = { snapshot, target, schedules, isOwn, chosen: expected?.chosen, signal };
  for (const one of await differingSchedules(input, clock.now())) {
    const { item: id, type: path, attributes, isWanted } = one;
    const isTold = losses.some((loss) => loss.code === "schedule_left" && loss.id === id);
    if (isWanted && isTold) continue;
    differences.add({
      ...{ resource: "item", id, name: null, versions: [], locale: null, path },
      wanted: isWanted ? attributes : null,
      found: isWanted ? null : attributes,
    });
  }
}

function countOf({ manifest }: ReadableSide, model: string): number {
  return manifest?.records[model]?.current?.count ?? 0;
}

/** Compares models, fields, settings, and their orders. */
async function compareSchema(
  { wanted, found, schemas, leftOuts, differences, signal }: Sides,
  snapshot: Snapshot,
  target: Snapshot,
  isSample: boolean,
  keepsLocales: boolean,
): Promise<void> {
  const onNote = (note: string) => {
    // What is never restored isn't read again.
    if (!isSample && !/^The \w+ aren't in /.test(note)) differences.notes.push(note);
  };
  const changes = [
    ...compareModels(schemas, () => true, true),
    ...await compareSettings(wanted, found, { meta: true, onNote, signal }),
  ];
  for (const change of changes) {
    // There is only one, whatever its id.
    if (change.type !== "site") addChange(change, leftOuts, differences);
  }
  const sites = [await snapshot.site({ signal }), await target.site({ signal })] as const;
  const [a, b] = [flat(canonical(sites[0], leftOuts)), flat(canonical(sites[1], leftOuts))];
  for (const { path, before: wanted, after: found } of compareJson(a, b, [])) {
    if (leftOuts.has("site", path, !isNamed(sites[0], path))) continue;
    if (keepsLocales && path.startsWith("locales") && hasAllLocales(sites[0], sites[1])) continue;
    const head = { resource: "site", id: sites[1].id, name: null, versions: [], locale: null };
    differences.add({ ...head, path, wanted, found });
  }
  for (const { before, after } of schemas.itemTypes) {
    if (!before || !after) continue;
    const name = before.attributes.api_key;
    orderOf(schemas.before.fields(before.id))
      .compare(orderOf(schemas.after.fields(after.id)), { resource: "field", name }, differences);
    orderOf(schemas.before.fieldsets(before.id)).compare(
      orderOf(schemas.after.fieldsets(after.id)),
      { resource: "fieldset", name },
      differences,
    );
  }
  for (const [kind, resource] of Object.entries(ORDERED)) {
    const [a, b] = [
      await snapshot.settings(kind, { signal }),
      await target.settings(kind, { signal }),
    ];
    if (a && b) orderOf(a).compare(orderOf(b), { resource, name: null }, differences);
  }
}

/** The models with drafts, by their `api_key`. */
function draftModels({ models }: SchemaIndex): ReadonlySet<string> {
  return new Set(
    models.flatMap(({ attributes: { api_key: key, draft_mode_active: drafts } }) => {
      return drafts === true ? [key] : [];
    }),
  );
}

/** Whether a project has all locales of another one, in their order. */
function hasAllLocales({ attributes: { locales: own } }: Site, { attributes }: Site): boolean {
  const common = attributes.locales.filter((locale) => own.includes(locale));
  return own.length === common.length && own.every((locale, i) => locale === common[i]);
}

/** Whether a resource has something at a path, were it \`null\`. */
function isNamed(
  { attributes = {}, relationships = {}, meta = {} }: Resource,
  path: string,
): boolean {
  const [name = "", inMeta = ""] = path.split("/");
  return Object.hasOwn(attributes, name) || Object.hasOwn(relationships, name) ||
    (name === "meta" && Object.hasOwn(meta, inMeta));
}

/** Models and block models are one type to the API. */
const TYPES: Readonly<Record<string, string>> = { model: "item_type", block_model: "item_type" };

function addChange(change: SchemaChange, leftOuts: LeftOuts, differences: Differences): void {
  const { type, id, name, fields } = change;
  const resource = TYPES[type] ?? type;
  if (leftOuts.has(resource, "*")) return;
  const head = { resource, id, name, versions: [], locale: null };
  if (change.change !== "changed") {
    const isWanted = change.change === "removed";
    const [wanted, found] = isWanted ? [true, null] : [null, true];
    return differences.add({ ...head, path: "*", wanted, found });
  }
  for (const { path, before: wanted, after: found } of fields) {
    if (!leftOuts.has(resource, path, wanted === null)) {
      differences.add({ ...head, path, wanted, found });
    }
  }
}

/** Compares some records, chosen by their ids, so that each has its chance and a repetition chooses the same. */
async function compareSample(
  { work, target }: VerifyTargetOptions,
  sides: Sides,
  most: number,
): Promise<number> {
  const { options: { signal, onEvent } } = work;
  const snapshot = wantedSnapshot(work);
  const models = (await snapshot.models({ signal })).flatMap(({ model: { attributes } }) => {
    const { api_key: model, modular_block: isBlock } = attributes;
    return isBlock || !sides.wanted.hasRecords(model, "current") ? [] : [model];
  });
  const chosen = await someRecords(snapshot, models, { most, seed: "" }, signal);
  for (const [model, own] of Map.groupBy(chosen, ({ model }) => model)) {
    onEvent({ type: "comparing", now: model });
    const hasPublished = sides.wanted.hasRecords(model, "published") &&
      !sides.hasDrafts?.has(model);
    const versions: readonly Version[] = hasPublished ? ["current", "published"] : ["current"];
    for (let at = 0; at < own.length; at += NESTED_LIMIT) {
      const ids = new Set(own.slice(at, at + NESTED_LIMIT).map(({ id }) => id));
      const answers = [];
      for (const version of versions) {
        const query = { version, nested: true };
        answers.push(
          await resourcesById<Item>(target.client, { path: "/items", ids, query }, { signal }),
        );
      }
      for (const id of ids) {
        const record = await snapshot.record(id, { signal });
        const pair = {
          id,
          before: versions.map((version) => record?.[version]),
          after: answers.map((answer) => {
            const item = answer?.get(id);
            return item && sides.foundItem ? sides.foundItem(item) : item;
          }),
        };
        comparePair(pair, model, versions, sides);
      }
    }
  }
  return chosen.length;
}

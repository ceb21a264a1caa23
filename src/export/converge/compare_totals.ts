import { concurrently } from "../../async/concurrently.ts";
import type { Item, ItemType, Page, Version } from "../../content/resource.ts";
import { recordsFolder } from "../../snapshot/layout.ts";
import { census } from "../../source/datocms/census.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { totalOf } from "../../source/datocms/listing.ts";
import type { ListingVerdict } from "../../source/datocms/listing_check.ts";
import { packsOf } from "../../source/datocms/packs.ts";
import { FLAT_LIMIT, recordPages, recordRows } from "../../source/datocms/records.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { Listings } from "../listings.ts";
import type { ChangedResources } from "./changed_resources.ts";
import { Comparison } from "./comparison.ts";
import { converge } from "./converge.ts";
import { amendRecords, type ConvergeRecordsParts, MODELS_AT_ONCE } from "./converge_records.ts";

/** The step's name in checkpoints. */
const TOTALS = "totals";
/** So many runs may be stopped while they list a model: one that is too long for a time budget has to end, too. */
const MOST_TRIES = 3;

/** What {@linkcode compareTotals} uses. */
export interface CompareTotalsParts extends ConvergeRecordsParts {
  /** How listings are read. */
  readonly listings: Listings;
  /** Whose records they are. */
  readonly project: Pick<ProjectSchema, "schema">;
}

/**
 * Compares how many records there are with how many were written, in each version. Where they differ, rows are
 * listed once more, and what doesn't match what was written is asked for again: so it is also seen what no
 * time of a change tells, such as that a record was unpublished.
 *
 * An export does so once, in whichever of its runs.
 *
 * @param parts What was read, and where it is. Everything has to be written and up to date, and nothing else is written meanwhile.
 * @param signal Ends it.
 * @return Whether it came to its end; `false` if it was stopped before.
 */
export async function compareTotals(
  parts: CompareTotalsParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { selection, state, checkpoints } = parts;
  if (state.isDone(TOTALS)) return true;
  const models = new Map(selection.recordListings.map(({ model }) => [model.id, model]));
  for (const ids of packsOf(models.keys(), { most: MODELS_AT_ONCE })) {
    const some = ids.map((id) => models.get(id)!);
    for (const { models, versions } of await differing(parts, some, signal)) {
      if (!await compareModels(parts, models, versions, signal)) return false;
    }
  }
  state.finish(TOTALS);
  await checkpoints.saveIfDue();
  return true;
}

/** Models whose records may be other ones than those that were written. */
interface Differing {
  readonly models: readonly ItemType[];
  /** The versions of which there are more or fewer. */
  readonly versions: ReadonlySet<Version>;
}

/** The models whose records may be other ones, in lists to look at together. */
async function differing(
  parts: CompareTotalsParts,
  models: readonly ItemType[],
  signal: AbortSignal,
): Promise<readonly Differing[]> {
  const versions = await otherVersions(parts, models, signal);
  if (versions?.size === 0) return [];
  if (models.length === 1) return [{ models, versions: versions ?? new Set(versionsOf(parts)) }];
  const pages = models.reduce((sum, model) => {
    return sum + Math.ceil(written(parts, model, "current") / FLAT_LIMIT);
  }, 0);
  // To list all of them may take less than to find out which ones.
  if (versions !== undefined && pages <= 2 * models.length) return [{ models, versions }];
  const found: Differing[] = [];
  for (const model of models) found.push(...await differing(parts, [model], signal));
  return found;
}

/** The versions of which there are more or fewer than were written; `undefined` if the API doesn't tell. */
async function otherVersions(
  parts: CompareTotalsParts,
  models: readonly ItemType[],
  signal: AbortSignal,
): Promise<ReadonlySet<Version> | undefined> {
  const { client, journal } = parts;
  const found = new Set<Version>();
  const refused = new Map<Version, CmaError>();
  let isTold = true;
  const compare = async (version: Version, signal: AbortSignal) => {
    const query = { filter: { type: models.map(({ id }) => id).join(",") }, version };
    try {
      const total = await totalOf(client, "/items", query, signal);
      const sum = models.reduce((sum, model) => sum + written(parts, model, version), 0);
      isTold &&= total !== undefined;
      if (total !== sum) found.add(version);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
      refused.set(version, error);
    }
  };
  const versions = versionsOf(parts);
  await concurrently(
    versions.map((version) => (signal) => compare(version, signal)),
    versions.length,
    signal,
  );
  for (const version of versions) {
    const error = refused.get(version);
    if (error === undefined) continue;
    const whose = models.length === 1
      ? `model ${models[0]!.attributes.api_key}`
      : `${models.length} models`;
    journal.addWarning(
      "api_fallback",
      `DatoCMS was asked how many ${version} records of ${whose} there are, and refused that: ${error.message}`,
    );
    return undefined;
  }
  return isTold ? found : undefined;
}

function versionsOf({ selection }: CompareTotalsParts): readonly Version[] {
  return selection.wantsPublished ? ["current", "published"] : ["current"];
}

function written(
  { snapshot, settings }: CompareTotalsParts,
  model: ItemType,
  version: Version,
): number {
  const isAside = settings.tables === "only";
  return snapshot.tally(recordsFolder(model.attributes.api_key, version, isAside)).count;
}

/** Lists models once more, and brings up to date what isn't as it was written. */
async function compareModels(
  parts: CompareTotalsParts,
  models: readonly ItemType[],
  versions: ReadonlySet<Version>,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, state, stop } = parts;
  const open = models.filter((model) => mayCompare(parts, model));
  for (const { id } of open) state.compared.set(id, (state.compared.get(id) ?? 0) + 1);
  for await (const part of census(client, open, { signal, stop })) {
    const together = "together" in part ? part.together : [{ model: part.alone, rows: undefined }];
    for (const { model, rows } of together) {
      if (stop?.aborted) return false;
      const comparison = await Comparison.of(parts, model, signal);
      const isWhole = { current: true, published: false };
      if (rows) comparison.look(rows);
      else isWhole.current = await list(parts, comparison, "current", signal);
      if (versions.has("published")) {
        isWhole.published = await list(parts, comparison, "published", signal);
      }
      if (stop?.aborted || !await amended(parts, comparison, isWhole, signal)) return false;
      state.finish(`${TOTALS} ${model.id}`);
    }
  }
  return !stop?.aborted;
}

/** Whether a model is still to be listed, and may be once more. */
function mayCompare({ state, journal }: CompareTotalsParts, model: ItemType): boolean {
  if (state.isDone(`${TOTALS} ${model.id}`)) return false;
  if ((state.compared.get(model.id) ?? 0) < MOST_TRIES) return true;
  journal.addFinding(
    "changes_missing",
    `The API has other numbers of records of model ${model.attributes.api_key} than were exported, and ` +
      `${MOST_TRIES} runs were stopped while they listed them once more: records that were unpublished ` +
      "during the export may be there as published.",
  );
  return false;
}

/** Lists a model's rows, and tells whether they came whole. */
async function list(
  { client, listings }: CompareTotalsParts,
  comparison: Comparison,
  version: Version,
  signal: AbortSignal,
): Promise<boolean> {
  const { model } = comparison;
  let verdict: ListingVerdict | undefined;
  const about = { resource: "records", model: model.attributes.api_key, version };
  const options = {
    ...listings.options(signal, about, "records"),
    onEnd: (found: ListingVerdict) => void (verdict = found),
    // What there is to tell was told when they were first read.
    onTotal: undefined,
    onFallback: undefined,
    onUnreadable: undefined,
  };
  const look = (rows: Page<Item>) =>
    version === "current" ? comparison.look(rows) : comparison.lookPublished(rows);
  for await (const rows of recordRows(client, model, options, { version })) look(rows);
  return (verdict as ListingVerdict | undefined)?.state === "whole";
}

/** Asks again for what isn't as it was written; if that doesn't bring it, lists it with its blocks. */
async function amended(
  parts: CompareTotalsParts,
  comparison: Comparison,
  isWhole: Parameters<Comparison["doubtful"]>[0],
  signal: AbortSignal,
): Promise<boolean> {
  const { model } = comparison;
  const ids = comparison.doubtful(isWhole);
  if (ids.length === 0) return true;
  if (!await amendAll(parts, model, ids, signal)) return false;
  const { api_key: key } = model.attributes;
  // What was said of them when they were written doesn't tell any more whether versions go together.
  parts.state.listing(`records/${key}/published`).publicIds = undefined;
  const now = await Comparison.of(parts, model, signal);
  const lacking = comparison.lackedBy(now).filter((id) => !parts.journal.isLost(id));
  if (lacking.length === 0 || (await otherVersions(parts, [model], signal))?.size === 0) {
    return true;
  }
  parts.journal.addWarning(
    "api_fallback",
    `DatoCMS lists records of model ${key} that it doesn't send by their ids, such as ${
      lacking[0]
    }.`,
  );
  return await amendAll(parts, model, lacking, signal, (_, ids, version, signal) => {
    return listed(parts, model, new Set(ids), version, signal);
  });
}

async function amendAll(
  parts: CompareTotalsParts,
  model: ItemType,
  ids: readonly string[],
  signal: AbortSignal,
  read?: Parameters<typeof amendRecords>[4],
): Promise<boolean> {
  let isFound = false;
  return await converge(parts, {
    what: "records",
    since: parts.state.changedSince,
    find: () => {
      // Nobody has brought them up to date from just this state.
      const states = { current: crypto.randomUUID() };
      const some = isFound ? [] : ids.filter((id) => !parts.journal.isLost(id));
      isFound = true;
      const changed: ChangedResources = new Map(
        some.map((id) => [id, { of: model.id, time: NaN, states }]),
      );
      return Promise.resolve(changed);
    },
    amend: (_, some) => amendRecords(parts, model, some, signal, read),
  });
}

/** Some records of a model, from the listing of all of them with their blocks. */
async function listed(
  { client, project: { schema } }: CompareTotalsParts,
  model: ItemType,
  ids: ReadonlySet<string>,
  version: Version,
  signal: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of recordPages(client, schema, model, version, { signal })) {
    found.push(...page.filter(({ id }) => ids.has(id)));
  }
  return found;
}

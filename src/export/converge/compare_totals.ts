import type { Item, ItemType, Page, Version } from "../../content/resource.ts";
import { recordsFolder } from "../../snapshot/layout.ts";
import { isPublic } from "../../snapshot/written_entries.ts";
import { census } from "../../source/datocms/census.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import type { ListingVerdict } from "../../source/datocms/listing_check.ts";
import { packsOf } from "../../source/datocms/packs.ts";
import { FLAT_LIMIT, recordPages, recordRows } from "../../source/datocms/records.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import { totalOf } from "../../source/datocms/listing.ts";
import type { Listings } from "../listings.ts";
import { recordEntries } from "../steps/written_records.ts";
import type { ChangedResources } from "./changed_resources.ts";
import { converge } from "./converge.ts";
import { amendRecords, type ConvergeRecordsParts, MODELS_AT_ONCE } from "./converge_records.ts";

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
 * Where totals differ, the ids of the models' records are in memory, one model at a time: about 100 bytes for
 * each.
 *
 * @param parts What was read, and where it is. Everything has to be written and up to date, and nothing else is written meanwhile.
 * @param signal Ends it.
 * @return Whether it came to its end; `false` if it was stopped before.
 */
export async function compareTotals(
  parts: CompareTotalsParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { selection } = parts;
  const models = new Map(selection.recordListings.map(({ model }) => [model.id, model]));
  for (const ids of packsOf(models.keys(), { most: MODELS_AT_ONCE })) {
    const some = ids.map((id) => models.get(id)!);
    for (const { models, versions } of await differing(parts, some, signal)) {
      if (!await compareModels(parts, models, versions, signal)) return false;
    }
  }
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
  if (versions.size === 0) return [];
  const pages = models.reduce((sum, model) => {
    return sum + Math.ceil(written(parts, model, "current") / FLAT_LIMIT);
  }, 0);
  // To list all of them may take less than to find out which ones.
  if (models.length === 1 || pages <= 2 * models.length) return [{ models, versions }];
  const found: Differing[] = [];
  for (const model of models) {
    const versions = await otherVersions(parts, [model], signal);
    if (versions.size > 0) found.push({ models: [model], versions });
  }
  return found;
}

/** The versions of which there are more or fewer than were written. */
async function otherVersions(
  parts: CompareTotalsParts,
  models: readonly ItemType[],
  signal: AbortSignal,
): Promise<ReadonlySet<Version>> {
  const { client, selection } = parts;
  const found = new Set<Version>();
  const versions: Version[] = selection.wantsPublished ? ["current", "published"] : ["current"];
  for (const version of versions) {
    const query = { filter: { type: models.map(({ id }) => id).join(",") }, version };
    try {
      const total = await totalOf(client, "/items", query, signal);
      const sum = models.reduce((sum, model) => sum + written(parts, model, version), 0);
      if (total !== undefined && total !== sum) found.add(version);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
    }
  }
  return found;
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
  const { client, stop } = parts;
  for await (const part of census(client, models, { signal, stop })) {
    const together = "together" in part ? part.together : [{ model: part.alone, rows: undefined }];
    for (const { model, rows } of together) {
      const comparison = await Comparison.of(parts, model, signal);
      let isWhole = true;
      if (rows) comparison.look(rows);
      else {
        isWhole = await lookAt(parts, model, "current", signal, (rows) => comparison.look(rows));
      }
      if (versions.has("published")) {
        await lookAt(parts, model, "published", signal, (rows) => comparison.lookPublished(rows));
      }
      if (!await amended(parts, comparison, isWhole, signal)) return false;
    }
  }
  return !stop?.aborted;
}

/** Lists a model's rows, and tells whether they came whole. */
async function lookAt(
  { client, listings }: CompareTotalsParts,
  model: ItemType,
  version: Version,
  signal: AbortSignal,
  look: (rows: Page<Item>) => void,
): Promise<boolean> {
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
  for await (const rows of recordRows(client, model, options, { version })) look(rows);
  return (verdict as ListingVerdict | undefined)?.state === "whole";
}

async function amended(
  parts: CompareTotalsParts,
  comparison: Comparison,
  isWhole: boolean,
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
  const missing = comparison.unlike(now).filter((id) => !parts.journal.isLost(id));
  if (missing.length === 0 || (await otherVersions(parts, [model], signal)).size === 0) return true;
  parts.journal.addWarning(
    "api_fallback",
    `DatoCMS lists records of model ${key} that it doesn't send by their ids, such as ${
      missing[0]
    }.`,
  );
  return await amendAll(parts, model, missing, signal, (_, ids, version, signal) => {
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

/** What was written of a model beside what is listed now. */
class Comparison {
  readonly model: ItemType;
  /** The records that were written, and whether they have a published version. */
  readonly #written: ReadonlyMap<string, boolean>;
  readonly #isOfPublished: boolean;
  /** The records that are listed, and whether they have a published version. */
  readonly #listed = new Map<string, boolean | undefined>();
  readonly #doubtful = new Set<string>();

  private constructor(
    model: ItemType,
    written: ReadonlyMap<string, boolean>,
    isOfPublished: boolean,
  ) {
    this.model = model;
    this.#written = written;
    this.#isOfPublished = isOfPublished;
  }

  static async of(
    parts: CompareTotalsParts,
    model: ItemType,
    signal: AbortSignal,
  ): Promise<Comparison> {
    const written = new Map<string, boolean>();
    const { wantsPublished } = parts.selection;
    for await (const page of recordEntries(parts, { model, version: "current" }, signal)) {
      for (const { id } of page) written.set(id, false);
    }
    if (wantsPublished) {
      for await (const page of recordEntries(parts, { model, version: "published" }, signal)) {
        for (const { id } of page) written.set(id, true);
      }
    }
    return new Comparison(model, written, wantsPublished);
  }

  look(rows: Page<Item>): void {
    for (const { id, meta } of rows) {
      const before = this.#written.get(id);
      const now = isPublic(meta?.status);
      this.#listed.set(id, now);
      const isSame = !this.#isOfPublished || now === undefined || now === before;
      if (before === undefined || !isSame) this.#doubtful.add(id);
    }
  }

  lookPublished(rows: Page<Item>): void {
    for (const { id } of rows) if (!this.#written.get(id)) this.#doubtful.add(id);
  }

  /** The records that aren't as they were written; if the listing was whole, also those that aren't in it. */
  doubtful(isWhole: boolean): readonly string[] {
    if (!isWhole) return [...this.#doubtful];
    const gone = this.#written.keys().filter((id) => !this.#listed.has(id));
    return [...this.#doubtful, ...gone];
  }

  /** The records that are listed, and aren't there, or lack their published version, by what is written now. */
  unlike(now: Comparison): readonly string[] {
    return [...this.#listed].flatMap(([id, isPublic]) => {
      const written = now.#written.get(id);
      const isLacking = written === undefined || this.#isOfPublished && isPublic && !written;
      return isLacking ? [id] : [];
    });
  }
}

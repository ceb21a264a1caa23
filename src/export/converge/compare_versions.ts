import type { ItemType } from "../../content/resource.ts";
import { IdBits } from "../../text/id_bits.ts";
import { fewNames } from "../../text/printable.ts";
import type { ChangedResources } from "./changed_resources.ts";
import { converge } from "./converge.ts";
import { amendRecords, type ConvergeRecordsParts } from "./converge_records.ts";
import type { Journal } from "../journal.ts";
import { recordEntries } from "../steps/written_records.ts";

/** Records that are requested by their ids at first: if that brings nothing, nothing else will. */
const FIRST = 300;
/** Records that are requested between two comparisons of all of them. */
const AT_ONCE = 10_000;

/** So few records that don't go together are requested a few times more. */
const [FEW, MOST_AGAIN] = [30, 2];

/** What is known of a current version: that it says it is published, and that there is a published one. */
const [PUBLIC, FOUND] = [1, 2];

/** How the two versions of a model's records don't go together. */
interface Differences {
  /** Records that are published, as they say, and have no published version. */
  readonly unpublished: readonly string[];
  /** Records that have a published version and no current one. */
  readonly uncurrent: readonly string[];
}

/**
 * Compares the versions of each model's records: each published version is one of a current record, and each
 * current record that isn't a draft has one. What doesn't go together is asked for again by its ids; what
 * still doesn't then is missing from the snapshot.
 *
 * That costs nothing as long as what was read goes together. Else the records of the model are read back from
 * the storage, and their ids are in memory meanwhile: at most 40 bytes for each, besides those that don't go together.
 *
 * @param parts What was read, and where it is. Everything has to be written and up to date, and nothing else is written meanwhile.
 * @param signal Ends it.
 * @return Whether it came to its end; `false` if it was stopped before.
 */
export async function compareVersions(
  parts: ConvergeRecordsParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { selection, state } = parts;
  const published = selection.recordListings.filter(({ version }) => version === "published");
  for (const { model } of published) {
    const [current, other] = (["current", "published"] as const).map((version) => {
      return state.listing(`records/${model.attributes.api_key}/${version}`).publicIds;
    });
    if (current !== undefined && current === other) continue;
    if (!await compareModel(parts, model, signal)) return false;
  }
  return true;
}

async function compareModel(
  parts: ConvergeRecordsParts,
  model: ItemType,
  signal: AbortSignal,
): Promise<boolean> {
  let before = Infinity;
  let again = 0;
  for (let most = FIRST;; most = AT_ONCE) {
    const differences = await differencesOf(parts, model, signal);
    const ids = [...differences.uncurrent, ...differences.unpublished];
    if (ids.length === 0) return true;
    // Of a few, somebody may have unpublished some just between the requests for both their versions.
    const isTold = ids.length > FEW || ++again > MOST_AGAIN;
    if (ids.length >= before && isTold) {
      tell(parts.journal, model, differences);
      return true;
    }
    before = ids.length;
    let asked = false;
    const isDone = await converge(parts, {
      what: "records",
      since: parts.state.changedSince,
      find: () => {
        const some = asked ? [] : ids.slice(0, most);
        asked = true;
        // Nobody has brought them up to date from just this state.
        const states = { current: `one of ${ids.length} that don't go together, ${again}` };
        const changed: ChangedResources = new Map(
          some.map((id) => [id, { of: model.id, time: NaN, states }]),
        );
        return Promise.resolve(changed);
      },
      amend: (_, some) => amendRecords(parts, model, some, signal),
    });
    if (!isDone) return false;
  }
}

async function differencesOf(
  parts: ConvergeRecordsParts,
  model: ItemType,
  signal: AbortSignal,
): Promise<Differences> {
  const { journal } = parts;
  const ids = new IdBits();
  for await (const page of recordEntries(parts, { model, version: "current" }, signal)) {
    for (const { id, isPublic } of page) ids.set(id, isPublic === true ? PUBLIC : 0);
  }
  const uncurrent = new Set<string>();
  for await (const page of recordEntries(parts, { model, version: "published" }, signal)) {
    for (const { id } of page) {
      if (ids.has(id)) ids.set(id, FOUND);
      else if (!journal.isLost(id)) uncurrent.add(id);
    }
  }
  const unpublished = ids.where((bits) => (bits & (PUBLIC | FOUND)) === PUBLIC)
    .filter((id) => !journal.isLost(id)).toArray();
  return { unpublished, uncurrent: [...uncurrent] };
}

function tell(
  journal: Pick<Journal, "addFailure">,
  { attributes: { api_key: key } }: ItemType,
  { unpublished, uncurrent }: Differences,
): void {
  if (unpublished.length > 0) {
    journal.addFailure(
      "published_missing",
      `The API says that ${unpublished.length} records of model ${key} are published, and didn't send ` +
        `their published versions: ${fewNames(unpublished)}.`,
      true,
    );
  }
  if (uncurrent.length > 0) {
    journal.addFailure(
      "current_missing",
      `The API sent published versions of ${uncurrent.length} records of model ${key}, and didn't send ` +
        `their current ones: ${fewNames(uncurrent)}.`,
      true,
    );
  }
}

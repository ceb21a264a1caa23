import type { ItemType } from "../../content/resource.ts";
import { fewNames } from "../../text/printable.ts";
import type { ChangedResources } from "./changed_resources.ts";
import { converge } from "./converge.ts";
import { amendRecords } from "./converge_records.ts";
import type { ExportContext } from "../export_context.ts";
import { recordEntries } from "../steps/written_records.ts";

/** So many records are asked for by their ids at first: if that brings nothing, nothing else will. */
const FIRST = 300;
/** So many are asked for between two looks at all of them. */
const AT_ONCE = 10_000;

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
 * the storage, and their ids are in memory meanwhile: about 100 bytes for each.
 *
 * @param context The export. Everything has to be written and up to date, and nothing else is written meanwhile.
 * @param signal Ends it.
 * @return Whether it came to its end; `false` if it was stopped before.
 */
export async function compareVersions(
  context: ExportContext,
  signal: AbortSignal,
): Promise<boolean> {
  const { run, state } = context;
  const published = run.recordListings.filter(({ version }) => version === "published");
  for (const { model } of published) {
    const [current, other] = (["current", "published"] as const).map((version) => {
      return state.listing(`records/${model.attributes.api_key}/${version}`).publicIds;
    });
    if (current !== undefined && current === other) continue;
    if (!await compareModel(context, model, signal)) return false;
  }
  return true;
}

async function compareModel(
  context: ExportContext,
  model: ItemType,
  signal: AbortSignal,
): Promise<boolean> {
  let before = Infinity;
  for (let most = FIRST;; most = AT_ONCE) {
    const differences = await differencesOf(context, model, signal);
    const ids = [...differences.uncurrent, ...differences.unpublished];
    if (ids.length === 0) return true;
    if (ids.length >= before) {
      tell(context, model, differences);
      return true;
    }
    before = ids.length;
    let asked = false;
    const isDone = await converge(context, {
      what: "records",
      since: context.state.changedSince,
      find: () => {
        const some = asked ? [] : ids.slice(0, most);
        asked = true;
        // Nobody has brought them up to date from just this state.
        const states = { current: `one of ${ids.length} that don't go together` };
        const changed: ChangedResources = new Map(
          some.map((id) => [id, { of: model.id, time: NaN, states }]),
        );
        return Promise.resolve(changed);
      },
      amend: (_, some) => amendRecords(context, model, some, signal),
    });
    if (!isDone) return false;
  }
}

async function differencesOf(
  context: ExportContext,
  model: ItemType,
  signal: AbortSignal,
): Promise<Differences> {
  const { run } = context;
  const isPublicById = new Map<string, boolean>();
  for await (const page of recordEntries(context, { model, version: "current" }, signal)) {
    for (const { id, isPublic } of page) isPublicById.set(id, isPublic === true);
  }
  const found = new Set<string>();
  const uncurrent = new Set<string>();
  for await (const page of recordEntries(context, { model, version: "published" }, signal)) {
    for (const { id } of page) {
      if (isPublicById.has(id)) found.add(id);
      else if (!run.isLost(id)) uncurrent.add(id);
    }
  }
  const unpublished = [...isPublicById].flatMap(([id, isPublic]) => {
    return isPublic && !found.has(id) && !run.isLost(id) ? [id] : [];
  });
  return { unpublished, uncurrent: [...uncurrent] };
}

function tell(
  { run }: ExportContext,
  { attributes: { api_key: key } }: ItemType,
  { unpublished, uncurrent }: Differences,
): void {
  if (unpublished.length > 0) {
    run.addFailure(
      "published_missing",
      `The API says that ${unpublished.length} records of model ${key} are published, and didn't send ` +
        `their published versions: ${fewNames(unpublished)}.`,
      true,
    );
  }
  if (uncurrent.length > 0) {
    run.addFailure(
      "current_missing",
      `The API sent published versions of ${uncurrent.length} records of model ${key}, and didn't send ` +
        `their current ones: ${fewNames(uncurrent)}.`,
      true,
    );
  }
}

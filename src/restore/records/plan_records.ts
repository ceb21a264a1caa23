import { EXIT, SluiceError } from "../../error.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { printable } from "../../text/printable.ts";
import { assertCreatable } from "../ids/check_ids.ts";
import type { PlanInput, Step } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import { bulkRequests, bulkUntilDone } from "./bulk.ts";
import { planOrder } from "./order.ts";
import { Publication } from "./publication.ts";
import { BIT } from "./record_graph.ts";
import { RecordWriter } from "./record_writer.ts";
import { isNeeded } from "./refusals.ts";
import { planSchedules } from "./schedules.ts";
import { Survey } from "./survey.ts";

/** What is done about records. */
export interface RecordsPlan {
  /** The steps. */
  readonly steps: readonly Step[];
  /**
   * The ids of the models whose validators have to be those of structure alone until all records are there, with
   * those of the block models below them.
   */
  readonly relaxed: ReadonlySet<string>;
}

/**
 * Plans what is written of records: those that the target lacks are made with what is public of them, targets of
 * links first; then what is public becomes so; then current content is put on top.
 *
 * At most 150 bytes are held for each record of the snapshot, with up to 15 links, for as long as the plan is;
 * while it is made, 80 more for each one of the largest model.
 *
 * @param input What is planned.
 * @param options What else is known.
 * @param options.missingUploads The ids of the uploads that the target won't have: what refers to them is dropped.
 * @param options.replacedUploads The ids of the uploads that have another file there, which validators may refuse.
 * @param options.now The time, in milliseconds since 1970. @default {Date.now()}
 * @throws {SluiceError} If there are records that can't be made under their ids, references to assets without a file
 * mustn't be dropped, or the snapshot can't be read.
 */
export async function planRecords(
  input: PlanInput,
  { missingUploads, replacedUploads = new Set(), now = Date.now() }: {
    readonly missingUploads: ReadonlySet<string>;
    readonly replacedUploads?: ReadonlySet<string> | undefined;
    readonly now?: number | undefined;
  },
): Promise<RecordsPlan> {
  const survey = await Survey.of(input, { missingUploads, replacedUploads });
  const { graph, models, relaxed } = survey;
  assertAssets(survey, input);
  graph.sort();
  assertCreatable(
    graph.inOrder((n) => graph.has(n, BIT.CREATE)).map((n) => ({
      type: "record",
      id: graph.ids.idOf(n),
    })),
    (id) => /^[\w-]{22}$/.test(id),
  );
  bar(survey, input);
  const writer = new RecordWriter(survey, input);
  const publication = new Publication(survey, writer);
  /** Those that are made before what they need. */
  const waiting = new Set<number>();
  for (const n of graph.order) {
    const links = [...graph.targets(n)];
    const parent = graph.has(n, BIT.ORPHAN) ? undefined : graph.parent(n);
    const isWaiting = [...links, ...parent === undefined ? [] : [parent]].some((target) => {
      return graph.waits(n, target);
    });
    if (isWaiting) waiting.add(n);
    const isCyclic = publication.isCyclic(n);
    if (!isWaiting && !isCyclic) continue;
    input.signal.throwIfAborted();
    for (const reference of survey.content.references(await writer.first(n))) {
      if (reference.type !== "item") continue;
      const target = graph.ids.numberOf(reference.id);
      if (target === undefined) continue;
      const model = survey.modelOf(n);
      if (graph.waits(n, target) && isNeeded(reference) && !model.savesInvalid) {
        if (input.validators === "auto") relaxed.add(model.type.id);
      }
      if (isCyclic) publication.allow(n, target, reference);
    }
  }
  if (input.validators === "last") {
    for (const { type } of models) relaxed.add(type.id);
  }
  if (input.onTouch !== undefined) {
    const isMade = (n: number) => graph.has(n, BIT.CREATE);
    for (const n of [...graph.order, ...[...survey.stages.values()].flat()]) {
      input.onTouch(isMade(n) ? "created" : "changed", "item", graph.ids.idOf(n));
    }
  }
  const schedules = await planSchedules(input, now);
  const steps: Step[] = [
    ...schedules,
    ...singletons(survey, input, writer),
    ...publication.holding(),
    createStep(survey, writer),
    updatesStep(survey, writer, {
      phase: "links",
      isDue: (n) => graph.has(n, BIT.FIRST) || waiting.has(n),
      put: (run, n) => writer.putFirst(run, n),
    }),
    ...await planOrder(survey, writer, input),
    ...publication.steps(),
    updatesStep(survey, writer, {
      phase: "current",
      isDue: (n) => graph.has(n, BIT.CURRENT),
      put: (run, n) => writer.putCurrent(run, n),
    }),
    ...publication.releasing(),
    stagesStep(survey, writer),
    ...removal(survey, input, writer),
    ...publication.ending(),
  ];
  return { steps: steps.filter(({ writes }) => writes.length > 0), relaxed };
}

function createStep(survey: Survey, writer: RecordWriter): Step {
  const { graph } = survey;
  const numbers = () => graph.inOrder((n) => graph.has(n, BIT.CREATE));
  return {
    phase: "records",
    writes: survey.planned(numbers(), "create"),
    run: (run) => run.forEach(numbers(), (n) => writer.create(run, n)),
  };
}

/** Writes what records hold that were made before. */
function updatesStep(survey: Survey, writer: RecordWriter, { phase, isDue, put }: {
  readonly phase: "links" | "current";
  readonly isDue: (n: number) => boolean;
  readonly put: (run: RestoreRun, n: number) => Promise<void>;
}): Step {
  const numbers = () => survey.graph.inOrder(isDue);
  return {
    phase,
    writes: survey.planned(numbers(), "update"),
    async run(run) {
      await run.forEach(numbers(), async (n) => {
        // Of what wasn't made there is nothing to be changed.
        if (!writer.isRefused(n)) await put(run, n);
      });
    },
  };
}

function stagesStep(survey: Survey, writer: RecordWriter): Step {
  const { graph, stages } = survey;
  const writes = [...stages.values()].flatMap((numbers) => {
    return survey.planned(numbers, "move", bulkRequests);
  });
  return {
    phase: "stages",
    writes,
    async run(run) {
      for (const [stage, numbers] of stages) {
        const ids = numbers.filter((n) => !writer.isRefused(n)).map((n) => graph.ids.idOf(n));
        const left = await bulkUntilDone(run, "move-to-stage", ids, {
          stage,
          // None needs another one.
          before: () => 0,
          onDone: (count) => run.wrote("stages", "item", count),
        });
        for (const id of left) {
          run.lost({
            code: "stage_refused",
            message: `The record ${printable(id, 60)} can't be moved to the stage ${
              printable(stage, 60)
            }.`,
            type: "item",
            id,
          });
        }
      }
    },
  };
}

/** The only record of a model is another one than in the snapshot: it has to go first. */
function singletons(survey: Survey, input: PlanInput, { lock }: RecordWriter): Step[] {
  const { target, signal } = input;
  if (![...survey.extras].some((id) => survey.isDestroyed(id))) return [];
  const { graph } = survey;
  const keys = new Set<string>();
  for (const n of graph.order) {
    const { attributes } = survey.modelOf(n).type;
    if (attributes.singleton === true && graph.has(n, BIT.CREATE)) keys.add(attributes.api_key);
  }
  if (keys.size === 0) return [];
  const count = keys.size;
  return [{
    phase: "records",
    writes: [{ action: "destroy", type: "item", count, requests: bulkRequests(count) }],
    async run(run) {
      const ids: string[] = [];
      const known = (await target.schema({ signal })).models;
      for (const { attributes: { api_key: key } } of known) {
        if (!keys.has(key)) continue;
        for await (const page of target.records(key, { signal })) {
          for (const { id } of page) {
            if (survey.extras.numberOf(id) !== undefined && survey.isDestroyed(id)) ids.push(id);
          }
        }
      }
      await destroy(run, await lock.unedited(run, ids), "records");
    },
  }];
}

/** What the target has and the snapshot hasn't. */
function removal(survey: Survey, { onTouch }: PlanInput, { lock }: RecordWriter): Step[] {
  // What was made last is most likely to be below others, or to link to them.
  const ids = () => [...survey.extras].reverse().filter((id) => survey.isDestroyed(id));
  const count = ids().length;
  if (count === 0) return [];
  for (const id of ids()) onTouch?.("destroyed", "item", id);
  return [{
    phase: "removal",
    writes: [{ action: "destroy", type: "item", count, requests: bulkRequests(count) }],
    run: async (run) => await destroy(run, await lock.unedited(run, ids()), "removal"),
  }];
}

async function destroy(
  run: RestoreRun,
  ids: Iterable<string>,
  phase: "records" | "removal",
): Promise<void> {
  const left = await bulkUntilDone(run, "destroy", ids, {
    onDone: (count) => run.wrote(phase, "item", count),
  });
  for (const id of left) {
    let why = "DatoCMS doesn't say why";
    try {
      await run.target.destroy(`/items/${encodeURIComponent(id)}`, { signal: run.signal });
      continue;
    } catch (error) {
      if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
      why = error.message;
    }
    run.lost({
      code: "record_kept",
      message: `The record ${printable(id, 60)} can't be destroyed: ${why}`,
      type: "item",
      id,
    });
  }
}

/** Whoever wants no reference dropped gets nothing written. */
function assertAssets({ droppedAssets: count }: Survey, { missingAssets }: PlanInput): void {
  if (missingAssets !== "fail" || count === 0) return;
  throw new SluiceError(
    `Expected the files of all assets that records refer to, but the snapshot lacks those of ${count} ${
      count === 1 ? "reference" : "references"
    }: let them be dropped, or restore a snapshot that has them.`,
    EXIT.usage,
    { code: "assets_missing" },
  );
}

/** What links to something that can't be public can't be public either. */
function bar(survey: Survey, { onLoss }: PlanInput): void {
  const { graph } = survey;
  const barred = new Set<number>();
  const isOpen = (n: number) => graph.has(n, BIT.OPEN) && !graph.has(n, BIT.UNPUBLISH);
  const isBarred = (n: number) => barred.has(n) || (graph.has(n, BIT.AS_DRAFT) && !isOpen(n));
  for (let size = -1; size !== barred.size;) {
    size = barred.size;
    for (const n of graph.order) {
      if (!graph.has(n, BIT.PUBLISH) || barred.has(n)) continue;
      const parent = graph.parent(n);
      const needed = [...graph.targets(n), ...parent === undefined ? [] : [parent]];
      const target = needed.find(isBarred);
      if (target === undefined) continue;
      barred.add(n);
      const isSettled = graph.has(n, BIT.SETTLED);
      graph.mark(n, 0, BIT.PUBLISH | (isSettled ? BIT.FIRST | BIT.CURRENT : 0));
      const [id, other] = [n, target].map((one) => printable(graph.ids.idOf(one), 60));
      onLoss({
        code: "published_link_to_draft",
        message:
          `The record ${id} stays a draft: it was public and links to ${other}, which stays one, too.`,
        type: "item",
        id: graph.ids.idOf(n),
      });
    }
  }
}

import { assertCreatable } from "../ids/check_ids.ts";
import type { Phase } from "../phases.ts";
import type { PlanInput, PlannedWrites, Step } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import { type KindName, KINDS } from "./kinds.ts";
import {
  fieldRoles,
  fields,
  fieldsets,
  fieldsMadeAnew,
  modelKeys,
  models,
  places,
  validators,
} from "./models.ts";
import { removesExtras } from "../living.ts";
import { KeptSchema } from "./kept.ts";
import { filters, menuEntries, menuOrder, menuRemoval } from "./presentation.ts";
import { extraFields, extraFilters, extraModels, extraSettings } from "./removal.ts";
import {
  collections,
  plugins,
  pluginSettings,
  siteFirst,
  siteLast,
  siteLocales,
  workflowKeys,
  workflows,
} from "./settings.ts";
import { relaxedKeys, withBlockModels } from "./relaxing.ts";
import type { SchemaContext, Stage } from "./stage.ts";
import { snapshotState, targetState } from "./state.ts";
import type { Touch } from "../touched.ts";
import type { Write } from "./write.ts";

/** What is written in each phase, in order. */
const STAGES: readonly (readonly [Phase, readonly Stage[]])[] = [
  ["settings", [siteFirst, workflowKeys, workflows, plugins, pluginSettings, collections]],
  ["models", [modelKeys, models, fieldsets, fields, places, fieldRoles]],
  ["removal", [extraFilters, extraFields, extraModels, extraSettings, siteLocales]],
  ["validators", [validators]],
  ["presentation", [filters, menuEntries, menuOrder, menuRemoval, siteLast]],
];

/** What each action does to what is there. */
const TOUCHES = {
  create: "created",
  update: "changed",
  move: "changed",
  destroy: "destroyed",
} as const satisfies Record<Write["action"], Touch>;

/** How {@linkcode planSchema} plans. */
export interface PlanSchemaOptions {
  /** The models whose validators step aside until all records are there, by their ids. */
  readonly relaxed: ReadonlySet<string>;
  /** Uploads that the target won't have: references of the project to them are dropped. @default None */
  readonly missingUploads?: ReadonlySet<string> | undefined;
}

/** What of a schema's restore others have to know. */
export interface SchemaPlan {
  /** What is written. */
  readonly steps: readonly Step[];
  /** Fields of models that the target has, which are made anew: their values have to be written, however alike. */
  readonly madeAnew: ReadonlySet<string>;
}

/**
 * Plans how the models, fields and settings of a snapshot come back: what there is to be made, changed and destroyed
 * follows from the difference between the snapshot and the target, and is found anew when each step is run, so that
 * each may be run again.
 *
 * Validators that would refuse what the snapshot holds step aside, and come back in the phase `validators`.
 *
 * @param input The snapshot and the target.
 * @param options The models whose validators step aside.
 * @throws {SluiceError} If something in the target is in the way and mustn't be touched, or ids can't be made.
 */
export async function planSchema(
  input: PlanInput,
  { relaxed, missingUploads = new Set() }: PlanSchemaOptions,
): Promise<SchemaPlan> {
  const { snapshot, target, isOwn, isOtherProject, living, onLoss, signal } = input;
  const held = await snapshotState(snapshot, signal);
  const present = await snapshotState(target, signal);
  const kept = new KeptSchema(held, present, input, withBlockModels(held, relaxed));
  const wanted = kept.wanted(present);
  const context: SchemaContext = {
    relaxed: withBlockModels(wanted, relaxed),
    missingUploads,
    isOwn,
    isOtherProject,
    removes: removesExtras(input),
    isInScope: (type, id) => input.isInScope?.(type, id) ?? true,
    isKept: (type, id) => kept.has(type, id),
    reorders: (living?.conflicts ?? "overwrite") === "overwrite",
    lose: onLoss,
  };
  const madeAnew = fieldsMadeAnew(wanted, present);
  const steps: Step[] = [];
  for (const [phase, stages] of STAGES) {
    const writes = stages.flatMap((stage) => {
      const chains = stage.writes(wanted, present, context);
      for (const write of chains.flat()) {
        write.foresee(present);
        for (const id of write.ids) input.onTouch?.(TOUCHES[write.action], write.type, id);
      }
      return chains.flat();
    });
    // What is made makes entries of menus by itself; and validators are noted as put back.
    const looksAnyway = (phase === "presentation" && steps.length > 0) ||
      (phase === "validators" && relaxed.size > 0);
    if (writes.length === 0 && !looksAnyway) continue;
    const step = new SchemaStep(phase, stages, writes, kept, { ...context, lose: () => {} });
    steps.push(step);
  }
  const before = await snapshotState(target, signal);
  assertCreatable(
    Object.values(KINDS).flatMap(({ type }) => {
      return wanted.all(type).filter(({ id }) => before.get(type, id) === undefined);
    }),
  );
  return { steps, madeAnew };
}

/** A phase of a schema's restore. */
class SchemaStep implements Step {
  readonly phase: Phase;
  readonly writes: readonly PlannedWrites[];
  readonly #stages: readonly Stage[];
  readonly #kept: KeptSchema;
  readonly #context: SchemaContext;

  constructor(
    phase: Phase,
    stages: readonly Stage[],
    writes: readonly Write[],
    kept: KeptSchema,
    context: SchemaContext,
  ) {
    this.phase = phase;
    this.#stages = stages;
    this.#kept = kept;
    this.#context = context;
    this.writes = summed(writes);
  }

  async run(run: RestoreRun): Promise<void> {
    const { held } = this.#kept;
    // Of what the snapshot doesn't know, nothing is asked.
    const known = (kinds: readonly KindName[]) => new Set(kinds.filter((kind) => held.knows(kind)));
    const needs = known(this.#stages.flatMap((stage) => stage.needs));
    const present = await targetState(run.target, needs, run.signal);
    for (const { rereads, writes } of this.#stages) {
      if (rereads) {
        const again = await targetState(
          run.target,
          known(["item_type", "field", "fieldset"]),
          run.signal,
        );
        for (const kind of ["item_type", "field", "fieldset"] as const) {
          present.set(kind, again.all(kind));
        }
      }
      const wanted = this.#kept.wanted(present);
      const chains = writes(wanted, present, this.#context).filter(({ length }) => length > 0);
      await run.forEach(chains, async (chain) => {
        for (const write of chain) {
          const now = await write.send(run);
          if (now === undefined) write.foresee(present);
          else present.put(now);
          run.wrote(this.phase, write.type);
        }
      });
    }
    if (this.phase !== "validators") return;
    const wanted = this.#kept.wanted(present);
    for (const key of relaxedKeys(wanted, this.#context.relaxed)) await run.temporary.done(key);
  }
}

/** What is done to how many of what. */
function summed(writes: readonly Write[]): PlannedWrites[] {
  const groups = Map.groupBy(writes, ({ action, type }) => `${action} ${type}`);
  return [...groups.values()].map((own) => ({
    action: own[0]!.action,
    type: own[0]!.type,
    count: own.length,
    requests: own.reduce((sum, { requests }) => sum + requests, 0),
  }));
}

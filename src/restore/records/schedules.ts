import type { JsonObject, Resource } from "../../content/resource.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { PlanInput, Step } from "../plan.ts";

/** What is scheduled for a record. */
interface Schedule {
  readonly item: string;
  /** `scheduled_publication` or `scheduled_unpublishing`. */
  readonly type: string;
  readonly attributes: JsonObject;
  /** When, in milliseconds since 1970. */
  readonly time: number;
}

/** Where the date stands. */
const DATES: Readonly<Record<string, string>> = {
  scheduled_publication: "publication_scheduled_at",
  scheduled_unpublishing: "unpublishing_scheduled_at",
};

/**
 * Plans what is scheduled for records. In an environment that the restore made, what isn't to be scheduled is taken
 * away before anything else is done to records, as it may become due meanwhile; what is to be is set at the end.
 *
 * @param input What is planned.
 * @param now The time, in milliseconds since 1970: what was due before isn't set.
 */
export async function planSchedules(input: PlanInput, now: number): Promise<Step[]> {
  const { snapshot, target, signal, isOwn, onLoss } = input;
  // Those of records that aren't restored stay as they are.
  const isMeant = ({ item }: Schedule) => input.chosen?.records.numberOf(item) !== undefined;
  const of = async (one: Snapshot) => {
    const all = schedulesOf(await one.settings("schedules", { signal }) ?? []);
    return input.chosen === undefined ? all : all.filter(isMeant);
  };
  const [wanted, present] = [await of(snapshot), await of(target)];
  const isSet = input.schedules === "set";
  const due = wanted.filter(({ time }) => time > now);
  for (const one of wanted) {
    if (one.time <= now) onLoss(left(one, "that is over"));
    else if (!isSet) onLoss(left(one, "schedules are listed only"));
  }
  const texts = new Set(isSet ? due.map(textOf) : []);
  const there = new Set(present.map(textOf));
  const gone = isOwn ? present.filter((one) => !texts.has(textOf(one))) : [];
  const made = isSet ? due.filter((one) => !there.has(textOf(one))) : [];
  const steps: Step[] = [{
    // Before all else: what is scheduled in a fork may come due meanwhile.
    phase: "settings",
    writes: writes("destroy", gone.length),
    run: (run) =>
      run.forEach(gone, async (one) => {
        await run.target.destroy(pathOf(one), { signal: run.signal });
        run.wrote("settings", one.type);
      }),
  }, {
    phase: "presentation",
    writes: writes("create", made.length),
    run: (run) =>
      run.forEach(made, async (one) => {
        const { type, attributes } = one;
        const data = { type, attributes };
        try {
          await run.target.send("POST", pathOf(one), { signal: run.signal, data });
          run.wrote("presentation", type);
        } catch (error) {
          if (!(error instanceof CmaError)) throw error;
          if (!error.isRefusedQuery && !error.isAbsent) throw error;
          run.lost(left(one, error.message));
        }
      }),
  }];
  return steps.filter(({ writes }) => writes.length > 0);
}

/** A schedule that only one side of a comparison has. */
export interface DifferingSchedule {
  /** The record's id. */
  readonly item: string;
  /** `scheduled_publication` or `scheduled_unpublishing`. */
  readonly type: string;
  /** What is scheduled. */
  readonly attributes: JsonObject;
  /** Whether it is to be there. */
  readonly isWanted: boolean;
}

/**
 * What is scheduled for records otherwise than it was to be.
 *
 * @param input What was planned.
 * @param now The time, in milliseconds since 1970: what was due before is over.
 */
export async function differingSchedules(
  { snapshot, target, schedules, isOwn, chosen, signal }: Pick<
    PlanInput,
    "snapshot" | "target" | "schedules" | "isOwn" | "chosen" | "signal"
  >,
  now: number,
): Promise<DifferingSchedule[]> {
  const read = async (from: Snapshot) => {
    const all = schedulesOf(await from.settings("schedules", { signal }) ?? []);
    return new Map(all.filter(({ time }) => time > now).map((one) => [textOf(one), one]));
  };
  // Those of records that aren't restored stay.
  const isWanted = ({ item }: Schedule) =>
    schedules === "set" || (chosen !== undefined && chosen.records.numberOf(item) === undefined);
  const wanted = new Map([...await read(snapshot)].filter(([, one]) => isWanted(one)));
  const found = await read(target);
  // What others have scheduled is taken away from what this restore made alone.
  const extra = isOwn ? [...found].filter(([text]) => !wanted.has(text)) : [];
  const missing = [...wanted].filter(([text]) => !found.has(text));
  const told = (isWanted: boolean) => ([, { item, type, attributes }]: [string, Schedule]) => ({
    item,
    type,
    attributes,
    isWanted,
  });
  return [...missing.map(told(true)), ...extra.map(told(false))];
}

function writes(action: "create" | "destroy", count: number): Step["writes"] {
  return count === 0 ? [] : [{ action, type: "schedule", count, requests: count }];
}

function schedulesOf(resources: readonly Resource[]): Schedule[] {
  return resources.flatMap(({ type, attributes = {}, relationships }) => {
    const item = relationships?.item?.data;
    const date = DATES[type];
    if (date === undefined || !item || !("id" in item)) return [];
    const time = Date.parse(String(attributes[date]));
    return [{ item: item.id, type, attributes: withoutNull(attributes), time }];
  });
}

/** The API takes what is left out as `null`. */
function withoutNull(attributes: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}

function textOf({ item, type, attributes, time }: Schedule): string {
  const others = Object.entries(attributes).filter(([key]) => key !== DATES[type])
    .map(([key, value]) => [key, isObject(value) ? Object.entries(value).sort() : value]);
  return JSON.stringify([item, type, time, others.sort()]);
}

function pathOf({ item, type }: Schedule): string {
  return `/items/${encodeURIComponent(item)}/${type.replace("_", "-")}`;
}

function left({ item, type, time }: Schedule, why: string) {
  const what = type === "scheduled_publication" ? "published" : "unpublished";
  const when = new Date(time).toISOString();
  return {
    code: "schedule_left",
    message: `The record ${printable(item, 60)} isn't going to be ${what} at ${when}: ${why}.`,
    type: "item",
    id: item,
  };
}

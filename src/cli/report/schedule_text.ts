import type { ScheduleStatus, UnfinishedSnapshot } from "../../schedule/schedule_status.ts";
import type { LastDrill } from "../../schedule/mod.ts";
import { printable } from "../../text/printable.ts";
import { counted, formatDuration } from "../text/format.ts";

const STATES: Readonly<Record<ScheduleStatus["state"], string>> = {
  disabled: "off",
  exporting: "on, and one is running",
  failing: "on, but the last ones failed",
  unfinished: "on, and one is to be resumed",
  due: "on, and one is due",
  waiting: "on",
};

/** The one that runs leaves a note of how often it exports. */
const UNKNOWN = "not known, as no schedule has run here yet";

/**
 * How a schedule stands, for people.
 *
 * @param status How it stands.
 * @param enable The command that switches it on.
 * @return Lines, with a line break at the end.
 */
export function renderSchedule(status: ScheduleStatus, enable: string): string {
  const { state, every, lastExport, unfinished, failures, lastDrill, nextExportAt } = status;
  const rows = [
    ["Automatic exports", STATES[state]],
    ...(state === "disabled" ? [["", `to switch them on: ${enable}`]] : []),
    ["Every", every ?? UNKNOWN],
    ["Last complete", lastExport ? lastText(lastExport) : "none yet"],
    ...(unfinished ? [["Unfinished", unfinishedText(unfinished)]] : []),
    ...(failures
      ? [["Failures", `${counted(failures.count, "failure")}, the last at ${failures.lastAt}`]]
      : []),
    ...(lastDrill ? [["Last drill", drillText(lastDrill)]] : []),
    ["Next", nextExportAt ?? (state === "disabled" ? "not while they are off" : UNKNOWN)],
  ] as const;
  return rows.map(([name, text]) => `${name!.padEnd(18)} ${text}\n`).join("");
}

function unfinishedText({ snapshot, begunAt, stuckTicks }: UnfinishedSnapshot): string {
  const stuck = stuckTicks === 0
    ? ""
    : `; the last ${
      stuckTicks === 1 ? "tick" : counted(stuckTicks, "tick")
    } added nothing to it: allow more time (--time-budget)`;
  return `${snapshot}, begun ${begunAt}${stuck}`;
}

function drillText({ at, status, kind, rtoMs, rpoMs, problem }: LastDrill): string {
  const took = rtoMs === null ? "" : `, restored in ${formatDuration(rtoMs)}`;
  const what = kind === "sample" ? " (a sample)" : "";
  const why = problem === null ? "" : `: ${printable(problem, 300)}`;
  return `${status} at ${at}${what}${took}, from a snapshot ${formatDuration(rpoMs)} old${why}`;
}

function lastText(last: NonNullable<ScheduleStatus["lastExport"]>): string {
  const state = last.state === "partial" ? " (something is missing)" : "";
  const ended = last.endedAt === null ? "" : `, complete at ${last.endedAt}`;
  return `${last.snapshot}${state}, begun ${last.begunAt}${ended}`;
}

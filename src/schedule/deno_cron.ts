import { Cron } from "croner";

/** Days of the week by number: `7` is Sunday, too. */
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
/** A Sunday. */
const SUNDAY = Date.UTC(2026, 0, 4);
const DAY_MS = 86_400_000;

/**
 * A cron expression as `Deno.cron` understands it: it counts days of the week from 1 for Sunday, knows neither
 * 0 nor `?`, and no blanks around. Names mean the same everywhere.
 *
 * @param expression The expression, of five fields.
 *
 * @example
 * ```ts
 * import { denoCronSchedule } from "./deno_cron.ts";
 *
 * console.assert(denoCronSchedule("0 3 * * 0") === "0 3 * * SUN");
 * ```
 *
 * @see {@link https://github.com/denoland/deno/issues/21555}
 */
export function denoCronSchedule(expression: string): string {
  const fields = expression.trim().split(/\s+/).map((field) => field === "?" ? "*" : field);
  const days = fields.pop() ?? "*";
  return [...fields, days === "*" ? days : named(days)].join(" ");
}

function named(days: string): string {
  // Such as the second Monday, or the last Friday of a month.
  if (/[#L]/i.test(days)) return days.replace(/(?<!#)[0-7]/g, (day) => DAYS[Number(day)]!);
  const cron = new Cron(`0 0 * * ${days}`, { timezone: "UTC", paused: true });
  const isDue = (day: number) => cron.match(new Date(SUNDAY + day * DAY_MS));
  return DAYS.slice(0, 7).filter((_name, day) => isDue(day)).join(",");
}

/**
 * Whether this is one of Deno Deploy's timelines of a branch or a single revision: they tick, too, and would
 * export to the same place with other code.
 *
 * @param env The value of an environment variable.
 * @see {@link https://docs.deno.com/deploy/reference/timelines/}
 */
export function isBranch(env: (name: string) => string | undefined): boolean {
  return /^(git-branch|preview)\//.test(env("DENO_TIMELINE") ?? "");
}

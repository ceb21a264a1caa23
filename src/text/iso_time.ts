/** A date or time, which is as long as what it names: a day, a minute, a millisecond. */
export interface TimeSpan {
  /** Its first millisecond, since 1970 in UTC. */
  readonly start: number;
  /** Its last millisecond. */
  readonly end: number;
}

const FORM =
  /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;
const MINUTE = 60_000;

/**
 * What a date or time in ISO 8601 names; UTC unless it says otherwise.
 *
 * @param text A month, a day, or a time to the hour, minute, second or less.
 * @return `undefined` if it is none.
 *
 * @example
 * ```ts
 * import { parseTime } from "./iso_time.ts";
 *
 * const day = parseTime("2026-01-31")!;
 * console.assert(new Date(day.end).toISOString() === "2026-01-31T23:59:59.999Z");
 * console.assert(parseTime("2026-02-30") === undefined);
 * ```
 */
export function parseTime(text: string): TimeSpan | undefined {
  const [, year, month, day, hour, minute, second, fraction, zone] = FORM.exec(text) ?? [];
  if (year === undefined || (zone !== undefined && hour === undefined)) return undefined;
  const at = (part: string | undefined, least = 0) => part === undefined ? least : Number(part);
  const ms = Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  const parts = [
    at(year),
    at(month) - 1,
    at(day, 1),
    at(hour),
    at(minute),
    at(second),
    ms,
  ] as const;
  const local = new Date(Date.UTC(...parts));
  // The 30th of February would be a day of March.
  const [, monthIndex, date, hours, minutes, seconds] = parts;
  const isReal = local.getUTCMonth() === monthIndex && local.getUTCDate() === date &&
    hours < 24 && minutes < 60 && seconds < 60;
  if (!isReal) return undefined;
  const start = local.getTime() - offsetOf(zone);
  if (day === undefined) return { start, end: Date.UTC(at(year), at(month), 1) - 1 };
  const length = hour === undefined
    ? 1440 * MINUTE
    : minute === undefined
    ? 60 * MINUTE
    : second === undefined
    ? MINUTE
    : fraction === undefined
    ? 1000
    : 1;
  return { start, end: start + length - 1 };
}

/** How far a zone is ahead of UTC, in milliseconds. */
function offsetOf(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? "") ?? [];
  if (sign === undefined) return 0;
  return (Number(hours) * 60 + Number(minutes)) * MINUTE * (sign === "-" ? -1 : 1);
}

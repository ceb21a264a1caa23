/** Milliseconds in each unit that a duration can have. */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A span of time as people write it: `50s`, `1.5h`, `1h30m`. */
export type Duration = string;

const DURATION = /^(\d{1,12}(\.\d{1,6})?(ms|s|m|h|d))+$/;

/**
 * Whether a text is a duration above zero: numbers with the units `ms`, `s`, `m`, `h` and `d`.
 *
 * @param text The text.
 */
export function isDuration(text: string): text is Duration {
  return DURATION.test(text) && durationMs(text) > 0;
}

/**
 * A duration in milliseconds.
 *
 * @param duration The duration.
 * @throws {RangeError} If it isn't a duration.
 *
 * @example
 * ```ts
 * import { durationMs } from "./duration.ts";
 *
 * console.assert(durationMs("1h30m") === 5_400_000 && durationMs("50s") === 50_000);
 * ```
 */
export function durationMs(duration: Duration): number {
  if (!DURATION.test(duration)) {
    throw new RangeError(`A duration must be like 50s or 1h30m: current value is ${duration}`);
  }
  let ms = 0;
  for (const [, number, , unit] of duration.matchAll(/(\d+(\.\d+)?)(ms|[smhd])/g)) {
    ms += Number(number) * UNITS[unit as keyof typeof UNITS];
  }
  return ms;
}

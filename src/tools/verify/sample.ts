import { EXIT, SluiceError } from "../../error.ts";
import { hashNumber } from "../../text/hash_number.ts";
import { printable } from "../../text/printable.ts";

/** Which part of many objects is read. */
export interface Sample {
  /** The part, from 1. */
  readonly part: number;
  /** How many parts there are: together they are all objects. */
  readonly of: number;
}

/** What a sample must be. */
export const SAMPLE_EXPECTS = "a percentage such as 5%, or a part such as 3/20";

const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_PARTS = 10_000;

/**
 * Understands which part of a snapshot is to be read.
 *
 * @param text `5%`, for a part of that size that is another one each day (in UTC) until all had their turn; or
 * `n/t`, for the `n`-th of `t` parts.
 * @param now The time, in milliseconds since 1970.
 * @return The part; `undefined` if it isn't one.
 */
export function parseSample(text: string, now: number): Sample | undefined {
  const [, percent, part, of] = /^(?:(\d{1,3}(?:\.\d{1,2})?)%|(\d{1,5})\/(\d{1,5}))$/.exec(text) ??
    [];
  if (percent !== undefined) {
    const parts = Math.ceil(100 / Number(percent));
    if (Number(percent) > 100 || !(parts <= MOST_PARTS)) return undefined;
    return { part: Math.floor(now / DAY_MS) % parts + 1, of: parts };
  }
  const sample: Sample = { part: Number(part), of: Number(of) };
  const isOne = sample.part >= 1 && sample.part <= sample.of && sample.of <= MOST_PARTS;
  return isOne ? sample : undefined;
}

/**
 * As {@linkcode parseSample}, for what must be one.
 *
 * @param text The text; `undefined` for all.
 * @param now The time, in milliseconds since 1970.
 * @throws {SluiceError} If it isn't one.
 */
export function sampleOf(text: string | undefined, now: number): Sample | undefined {
  if (text === undefined) return undefined;
  const sample = parseSample(text, now);
  if (sample !== undefined) return sample;
  throw new SluiceError(
    `A sample is ${SAMPLE_EXPECTS}, but ${JSON.stringify(printable(text, 60))} is neither.`,
    EXIT.usage,
  );
}

/**
 * Whether an object is in a part; the same key is always in the same one.
 *
 * @param sample The part; `undefined` for all.
 * @param key The object's key.
 */
export function isInSample(sample: Sample | undefined, key: string): boolean {
  return sample === undefined || hashNumber(key) % sample.of === sample.part - 1;
}

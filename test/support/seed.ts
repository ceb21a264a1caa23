import fc from "fast-check";
import { draw } from "../../src/simulator/generated/random.ts";

const given = Deno.env.get("SLUICE_TEST_SEED");

/** What decides whatever tests leave to chance: SLUICE_TEST_SEED repeats a run, else each has its own. */
export const SEED = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

// The tasks load this before the tests, so that it is so for all properties, too; each prints its seed if it fails.
if (given !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });

/**
 * A number from 0 up to 1, of this run.
 *
 * @param parts What it is drawn for: the same ones give the same number.
 */
export function chance(...parts: readonly number[]): number {
  return draw(SEED, ...parts) / 2 ** 32;
}

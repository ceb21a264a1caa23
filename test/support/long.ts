/**
 * How often, or at which size, a test shows something: in full where `deno task test:long` runs it, smaller
 * in the tests of each change.
 *
 * @param full The number that the project promises.
 * @param reduced The number for each change.
 */
export function long(full: number, reduced: number): number {
  return Deno.env.get("SLUICE_TEST_LONG") === undefined ? reduced : full;
}

/**
 * The seeds that a test shows something with: the first ones, as many as {@linkcode long} says, or those of
 * SLUICE_TEST_SEEDS, such as `17-30`, so that a long run can be made in parts.
 *
 * @param full How many the project promises.
 * @param reduced How many there are for each change.
 */
export function* seeds(full: number, reduced: number): Generator<number, void> {
  const [first = 1, last = first] = Deno.env.get("SLUICE_TEST_SEEDS")?.split("-").map(Number) ??
    [1, long(full, reduced)];
  for (let seed = first; seed <= last; seed++) yield seed;
}

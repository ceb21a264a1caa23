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

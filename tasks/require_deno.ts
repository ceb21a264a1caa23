/**
 * Ends with a sentence if this Deno is too old. What the tasks run imports it before all else, and the tasks run
 * it by itself first, as an old Deno doesn't even know the options that they give it.
 *
 * @module
 */

/** The least version that the tests were run with, which README names, too. */
export const LEAST_DENO = "2.9.0";

/**
 * The sentence for a Deno that is too old; `undefined` if it isn't.
 *
 * @param version Its version.
 */
export function whyTooOld(version: string): string | undefined {
  const [least, own] = [LEAST_DENO, version].map((text) => text.split(".").map(parseFloat));
  const differing = least!.findIndex((part, i) => part !== own![i]);
  if (differing < 0 || own![differing]! > least![differing]!) return undefined;
  return `Sluice needs Deno ${LEAST_DENO} or later, but this is ${version}: run deno upgrade, or write ` +
    "npx --yes deno@2 in place of deno.";
}

const sentence = whyTooOld(Deno.version.deno);
if (sentence !== undefined) {
  Deno.stderr.writeSync(new TextEncoder().encode(`sluice: ${sentence}\n`));
  Deno.exit(2);
}

import { SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import type { AssetTally } from "../../assets/asset_tally.ts";

/**
 * Makes sure that no more assets failed than may fail.
 *
 * @param tally What was counted so far.
 * @param max The most that may fail.
 * @param then What that means, in a clause.
 * @throws {SluiceError} If more failed.
 */
export function assertFewFailures(
  tally: AssetTally,
  max: number,
  then = "the export was stopped, and its snapshot isn't complete",
): void {
  if (tally.failed <= max) return;
  const [first] = tally.counts.failures;
  const example = first === undefined
    ? ""
    : ` (the first was ${first.key}: ${printable(first.reason, 300).replace(/\.$/, "")})`;
  throw new SluiceError(
    `${tally.failed} assets couldn't be fetched, and no more than ${max} may fail${example}, so ` +
      `${then}: see to the cause or allow more with --max-failures.`,
  );
}

import * as z from "zod";
import { isLabel } from "../../snapshot/labels.ts";
import { DURATION, duration, under } from "../option.ts";

const { option, onOff } = under("Snapshots");

/** How many snapshots stay, and of what. */
function kept(help: string) {
  return option({
    kind: "number",
    schema: z.number().int().min(1).optional(),
    placeholder: "<number>",
    expects: "a whole number of at least 1",
    help,
  });
}

/** Which snapshots stay when others are removed. */
export const RETENTION = {
  keepLast: kept("Keep this many of an environment's newest snapshots."),
  keepDaily: kept("Keep the newest snapshot of each of this many days (UTC) that have one."),
  keepWeekly: kept("Keep the newest snapshot of each of this many weeks (ISO, UTC) that have one."),
  keepMonthly: kept("Keep the newest snapshot of each of this many months (UTC) that have one."),
  keepYearly: kept("Keep the newest snapshot of each of this many years (UTC) that have one."),
  keepWithin: option({
    kind: "text",
    schema: duration.optional(),
    placeholder: "<time>",
    expects: DURATION,
    help: "Keep the snapshots that are at most this much older than the newest one, such as 30d.",
  }),
  keepLabel: option({
    kind: "list",
    schema: z.array(z.string().refine(isLabel)).min(1).optional(),
    placeholder: "<name[=value]>",
    expects: "labels or their names, such as reason=upgrade or reason, separated by commas",
    help: "Keep the snapshots that have one of these labels.",
  }),
  incompleteOlderThan: option({
    kind: "text",
    schema: duration.optional(),
    placeholder: "<time>",
    expects: DURATION,
    help: "Also remove incomplete snapshots that began longer ago than this, such as 1d, unless " +
      "an export can resume them. Default: they stay.",
  }),
};

/** What else is removed. */
export const UNUSED = {
  unusedAssets: onOff(false, {
    help: "Also remove the asset files that no snapshot of any environment refers to any more.",
  }),
};

import { under } from "../option.ts";

/** Which locks are removed. */
export const UNLOCKING = {
  force: under("Snapshots").onOff(false, {
    help: "Also remove locks that somebody may still hold.",
  }),
};

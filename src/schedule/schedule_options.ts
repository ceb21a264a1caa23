import { OPTION_KEYS } from "../config/options.ts";
import type { OptionKey } from "../config/schema.ts";

/** Options that make no sense for exports that nobody watches, or that are a schedule's own affair. */
const LEFT_OUT: readonly OptionKey[] = ["clean", "retryFailed", "resume", "timeout", "dryRun"];

/** The options that a schedule takes. */
export const SCHEDULE_OPTIONS: readonly OptionKey[] = OPTION_KEYS.filter((key) => {
  return !LEFT_OUT.includes(key);
});

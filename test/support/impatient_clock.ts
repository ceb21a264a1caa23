import { type Clock, SYSTEM_CLOCK } from "../../src/async/clock.ts";

/**
 * The machine's clock, but what is asked for again within a second, as jobs are, is asked for at once: those of the
 * simulator are done at once.
 */
export const IMPATIENT: Clock = {
  ...SYSTEM_CLOCK,
  delay: (ms, options) => SYSTEM_CLOCK.delay(ms < 1000 ? Math.min(ms, 2) : ms, options),
};

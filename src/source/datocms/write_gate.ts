import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { CmaError } from "./cma_error.ts";

/** Why a project takes no changes for now, by the error's code. */
const STOPS: ReadonlyMap<string, string> = new Map([
  ["MAINTENANCE_MODE", "the project is in maintenance mode"],
  ["DEACTIVATED_SITE", "the project is deactivated"],
]);
/** How often it is tried again: in the end every so many milliseconds. */
const POLL = { first: 200, most: 5000, factor: 1.5 };
/** How long is waited in all, in milliseconds. */
const LIMIT = 600_000;

/** Options of {@linkcode WriteGate}. */
export interface WriteGateOptions {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** How long to wait in all, in milliseconds. @default {600_000} */
  readonly limitMs?: number | undefined;
  /** Waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** Called once, when the waiting begins: why, and how long it may take in milliseconds. */
  readonly onWait?: ((why: string, limitMs: number) => void) | undefined;
}

/**
 * Why a project takes no changes for now, in a clause; `undefined` if an error doesn't say so.
 *
 * @param error What a request that changes something failed with.
 */
export function stopOf(error: unknown): string | undefined {
  if (!(error instanceof CmaError)) return undefined;
  return error.codes.map((code) => STOPS.get(code)).find((why) => why !== undefined);
}

/**
 * Waits until a project takes changes again: in maintenance mode, and while it is deactivated, it can only
 * be read. All that goes through one gate waits no longer than its limit in all.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/errors}
 */
export class WriteGate {
  readonly #options: WriteGateOptions;
  #waitedMs = 0;
  #isTold = false;

  /**
   * Waits for nothing yet.
   *
   * @param options How long it waits.
   */
  constructor(options: WriteGateOptions) {
    this.#options = options;
  }

  /**
   * Changes something, as soon as the project takes it.
   *
   * @param write Sends the request.
   * @return What it gives.
   * @throws What it throws: also that the project takes no changes, once the time is over.
   * @throws The signal's reason.
   */
  async run<T>(write: () => Promise<T>): Promise<T> {
    const { signal, limitMs = LIMIT, clock = SYSTEM_CLOCK, onWait } = this.#options;
    for (let waitMs = POLL.first;; waitMs = Math.min(waitMs * POLL.factor, POLL.most)) {
      try {
        return await write();
      } catch (error) {
        const why = stopOf(error);
        const ms = Math.min(waitMs, limitMs - this.#waitedMs);
        if (why === undefined || ms <= 0) throw error;
        if (!this.#isTold) onWait?.(why, limitMs);
        this.#isTold = true;
        await clock.delay(ms, { signal });
        this.#waitedMs += ms;
      }
    }
  }
}

import { SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import { expiryOf, type LockContent } from "./lock_content.ts";

/**
 * Another export holds the lock.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage, LockedError } from "@sluice/datocms";
 *
 * const storage = new LocalStorage("./snapshots");
 * try {
 *   await exportProject({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")!, storage });
 * } catch (error) {
 *   if (!(error instanceof LockedError)) throw error;
 *   console.log("held by", error.holder?.host);
 * }
 * ```
 */
export class LockedError extends SluiceError {
  /** The error's name. */
  override readonly name = "LockedError";
  /** Who holds it, if its lock can be understood. */
  readonly holder: LockContent | undefined;

  /**
   * Says who holds the lock.
   *
   * @param address The lock's address, as it is shown.
   * @param holder What it says.
   */
  constructor(address: string, holder: LockContent | undefined) {
    const who = holder === undefined
      ? "its lock doesn't say who it is"
      : `on ${hostText(holder)}, process ${holder.pid}, since ${holder.startedAt}`;
    const until = holder === undefined ? "in some minutes" : `at ${expiryOf(holder)}`;
    super(
      `Another export of this project and environment writes to the same place (${who}): wait for it ` +
        `to end; if it was killed, its lock ${address} expires ${until}.`,
    );
    this.holder = holder;
  }
}

/** The export doesn't hold its lock any more, so that it writes nothing more. */
export class LostLockError extends SluiceError {
  /** The error's name. */
  override readonly name: string = "LostLockError";
}

/** Another export may resume what this one wrote, since it was paused for too long. */
export class TakenOverError extends LostLockError {
  /** The error's name. */
  override readonly name = "TakenOverError";
}

/** What pauses a program, for sentences. */
export const PAUSED =
  "while this one was paused for longer than its lock counts, as when a machine sleeps";

/**
 * The error of an export whose lock another one has.
 *
 * @param error What the lock says.
 */
export function lostTo({ holder }: LockedError): TakenOverError {
  const who = holder === undefined ? "" : ` on ${hostText(holder)}, process ${holder.pid},`;
  return new TakenOverError(
    `The export was stopped because another one${who} has taken over its lock, as it does when a ` +
      "machine sleeps for minutes: wait for that one to end, then export again.",
  );
}

/**
 * The error of an export whose lock was gone when it came back.
 *
 * @param address The lock's address, as it is shown.
 */
export function pausedTooLong(address: string): TakenOverError {
  return new TakenOverError(
    `The export was stopped because its lock ${address} is gone, and another one may have written ` +
      `${PAUSED}: export again, and resume what is there.`,
    undefined,
    { code: "paused_too_long" },
  );
}

/**
 * The error of an export whose destination isn't there any more.
 *
 * @param address The lock's address, as it is shown.
 */
export function destinationGone(address: string): LostLockError {
  return new LostLockError(
    `The export was stopped because its destination was removed, or replaced by another one, while it ` +
      `wrote: the directory of its lock ${address} was exchanged; check the destination, then export ` +
      "again.",
  );
}

function hostText({ host }: LockContent): string {
  return host === null ? "an unknown host" : printable(host, 100);
}

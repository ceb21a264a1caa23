import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import type { Storage } from "../../storage/storage.ts";
import { ASSETS_LOCK, snapshotsPrefix } from "../layout.ts";
import { ExportLock } from "./export_lock.ts";

/** Options of {@linkcode untilFilesStay}. */
export interface WaitOptions {
  /** Tells the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** Called when the waiting begins, with how long it is until it looks again, in milliseconds. */
  readonly onWait?: ((waitMs: number) => void) | undefined;
  /** Ends the waiting without an error. */
  readonly stop?: AbortSignal | undefined;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** How long to wait before it is looked again, in milliseconds. */
const WAIT_MS = 1000;

/**
 * Waits as long as somebody removes asset files that no snapshot refers to: the one that is about to be written may
 * refer to them. The lock of its environment is held, so that nobody begins to remove some afterwards.
 *
 * @param storage Where the files are.
 * @param projectId Whose files they are.
 * @param options How it waits, and what ends that.
 * @throws {StorageError} If it can't be found out.
 */
export async function untilFilesStay(
  storage: Storage,
  projectId: string,
  { clock = SYSTEM_CLOCK, onWait, stop, signal }: WaitOptions,
): Promise<void> {
  const prefix = snapshotsPrefix({ projectId });
  for (let isFirst = true; !stop?.aborted; isFirst = false) {
    if (!await ExportLock.isHeld(storage, prefix, signal, ASSETS_LOCK)) return;
    if (isFirst) onWait?.(WAIT_MS);
    await clock.delay(WAIT_MS, { signal });
  }
}

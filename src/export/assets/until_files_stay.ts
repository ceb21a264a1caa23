import { SYSTEM_CLOCK } from "../../async/clock.ts";
import { ASSETS_LOCK, snapshotsPrefix } from "../../snapshot/layout.ts";
import { ExportLock } from "../../snapshot/lock/export_lock.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { Emit } from "../events.ts";
import type { ExportSettings } from "../export_settings.ts";

/** How long to wait before it is looked again, in milliseconds. */
const WAIT_MS = 1000;

/** What {@linkcode untilFilesStay} uses. */
export interface WaitParts {
  /** Whose files they are. */
  readonly project: Pick<ProjectSchema, "site">;
  /** Where they are, and what waits. */
  readonly settings: Pick<ExportSettings, "storage" | "clock">;
  /** Called with what happens. */
  readonly emit: Emit;
  /** Ends the waiting without an error. */
  readonly stop: AbortSignal | undefined;
}

/**
 * Waits as long as somebody removes asset files that no snapshot refers to: this export may refer to them. The lock of
 * its environment is held, so that nobody begins to remove some afterwards.
 *
 * @param parts Whose files they are.
 * @param signal Ends the waiting.
 * @throws {StorageError} If it can't be found out.
 */
export async function untilFilesStay(
  { project, emit, stop, settings: { storage, clock = SYSTEM_CLOCK } }: WaitParts,
  signal: AbortSignal,
): Promise<void> {
  const prefix = snapshotsPrefix({ projectId: project.site.id });
  const isHeld = () => ExportLock.isHeld(storage, prefix, signal, ASSETS_LOCK);
  for (let attempt = 1; !stop?.aborted && await isHeld(); attempt++) {
    const reason = "unused ones are being removed";
    if (attempt === 1) {
      emit({ type: "retry", what: "asset files", reason, attempt, waitMs: WAIT_MS });
    }
    await clock.delay(WAIT_MS, { signal });
  }
}

import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { statusOf as snapshotStatusOf } from "../snapshot/manifest.ts";
import { readManifest } from "../snapshot/read_manifest.ts";
import type { KnownSnapshot } from "./newest_snapshots.ts";
import type { Observed } from "./observe.ts";
import type { LastExport, ScheduleStatus } from "./schedule_status.ts";

/** What {@linkcode statusOf} takes besides what was observed. */
export interface StatusContext {
  /** Where snapshots are. */
  readonly storage: Storage;
  /** The time. */
  readonly now: Date;
  /** When an export is tried again after failures. */
  readonly retryAt: Date | undefined;
  /** What this process did last. */
  readonly lastTick: ScheduleStatus["lastTick"];
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/**
 * How a schedule stands.
 *
 * @param observed What the storage tells.
 * @param context What else is known.
 * @throws {StorageError} If the storage can't be read.
 */
export async function statusOf(
  observed: Observed,
  context: StatusContext,
): Promise<ScheduleStatus> {
  const { storage, now, retryAt, lastTick, signal } = context;
  const { enabled, times: known, sealed, unsealed, failures, dueAt = now } = observed;
  const times = [now, dueAt, ...(retryAt === undefined ? [] : [retryAt])];
  const nextAt = new Date(Math.max(...times.map((time) => time.getTime())));
  return {
    state: stateOf(observed),
    every: known?.every ?? null,
    lastExport: sealed === undefined ? null : await lastExport(storage, sealed, signal),
    unfinished: unsealed === undefined
      ? null
      : { ...named(unsealed), stuckTicks: failures?.stuck ?? 0 },
    failures: failures?.count ? { count: failures.count, lastAt: failures.at } : null,
    lastDrill: observed.lastDrill ?? null,
    nextExportAt: enabled && known ? nextAt.toISOString() : null,
    lastTick,
  };
}

function stateOf(
  { enabled, isLocked, failures, unsealed, isDue }: Observed,
): ScheduleStatus["state"] {
  if (!enabled) return "disabled";
  if (isLocked) return "exporting";
  if (failures?.count) return "failing";
  if (!isDue) return "waiting";
  return unsealed === undefined ? "due" : "unfinished";
}

async function lastExport(
  storage: Storage,
  snapshot: KnownSnapshot,
  signal: AbortSignal,
): Promise<LastExport> {
  const common = named(snapshot);
  try {
    const manifest = await readManifest(storage, snapshot.prefix, signal);
    return { ...common, state: snapshotStatusOf(manifest), endedAt: manifest.endedAt };
  } catch (error) {
    // One of a later version, or one that somebody has deleted.
    const isUnknown = error instanceof SyntaxError || error instanceof ObjectNotFoundError;
    if (isUnknown) return { ...common, state: "unknown", endedAt: null };
    throw error;
  }
}

function named({ prefix, begunAt }: KnownSnapshot) {
  return {
    snapshot: prefix.slice(prefix.lastIndexOf("/") + 1),
    begunAt: begunAt.toISOString(),
  };
}

import { EXIT, SluiceError } from "../error.ts";
import { SKEW_MS } from "../snapshot/find_snapshots.ts";
import { hasLabel, isLabel } from "../snapshot/labels.ts";
import type { SnapshotInfo } from "../snapshot/snapshot_info.ts";
import { type Duration, durationMs, isDuration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";

/**
 * Which snapshots of each environment stay. Those that are sealed count, complete or partial, by the second in
 * their name; days, weeks (from Monday), months and years are those of UTC.
 */
export interface PrunePolicy {
  /** Keeps this many of the newest. */
  readonly keepLast?: number | undefined;
  /** Keeps the newest of each of the last so many days that have one. */
  readonly keepDaily?: number | undefined;
  /** Keeps the newest of each of the last so many weeks that have one. */
  readonly keepWeekly?: number | undefined;
  /** Keeps the newest of each of the last so many months that have one. */
  readonly keepMonthly?: number | undefined;
  /** Keeps the newest of each of the last so many years that have one. */
  readonly keepYearly?: number | undefined;
  /** Keeps those that are at most this much older than the newest one, such as `30d`. */
  readonly keepWithin?: Duration | undefined;
  /** Keeps those that have one of these labels: `name`, whatever its value is, or `name=value`. */
  readonly keepLabel?: readonly string[] | undefined;
  /**
   * Removes what isn't complete and older than this, such as `1d`, unless an export can resume it. @default They
   * stay
   */
  readonly incompleteOlderThan?: Duration | undefined;
}

/** A snapshot that stays. */
export interface KeptSnapshot {
  /** The snapshot. */
  readonly snapshot: SnapshotInfo;
  /** Why, such as `newest complete`, `daily` or `within 30d`. */
  readonly reasons: readonly string[];
}

/** Which snapshots stay, and which go. */
export interface PrunePlan {
  /** Those that stay, in the order in which they were given. */
  readonly keep: readonly KeptSnapshot[];
  /** Those that go. */
  readonly remove: readonly SnapshotInfo[];
}

/** A number of snapshots that are kept: the newest of each period. */
interface Rule {
  readonly key: "keepLast" | "keepDaily" | "keepWeekly" | "keepMonthly" | "keepYearly";
  readonly reason: string;
  /** What is the same for all snapshots of a period, and for no other one. */
  readonly periodOf: (time: Date) => number;
}

const DAY_MS = 86_400_000;
/** 1970-01-01 was the fourth day of its week. */
const DAYS_BEFORE = 3;

const RULES: readonly Rule[] = [
  { key: "keepLast", reason: "last", periodOf: (time) => time.getTime() },
  { key: "keepDaily", reason: "daily", periodOf: dayOf },
  {
    key: "keepWeekly",
    reason: "weekly",
    periodOf: (time) => Math.floor((dayOf(time) + DAYS_BEFORE) / 7),
  },
  {
    key: "keepMonthly",
    reason: "monthly",
    periodOf: (time) => time.getUTCFullYear() * 12 + time.getUTCMonth(),
  },
  { key: "keepYearly", reason: "yearly", periodOf: (time) => time.getUTCFullYear() },
];

/**
 * Decides which snapshots stay and which go, each environment by itself. Nothing is read or written.
 *
 * Whatever the policy says, an environment's newest sealed snapshot stays, and so do the newest complete one, the
 * newest one that lists asset files (exports go by it), one that an export can resume, one whose manifest can't be
 * read, and one that a clock that ran ahead gave its name. As long as there are fewer periods than are to be kept,
 * the oldest snapshot stays, too.
 *
 * @param snapshots All snapshots of one or several environments.
 * @param policy Which of them stay.
 * @param now The time, by which incomplete ones are old.
 * @return The snapshots, with the reasons of those that stay.
 * @throws {SluiceError} If the policy keeps nothing, or can't be understood; the exit code is that of usage.
 *
 * @example
 * ```ts
 * import { planPrune } from "@sluice/datocms/tools";
 *
 * const { keep, remove } = planPrune([], { keepDaily: 7, keepMonthly: 12 });
 * console.assert(keep.length === 0 && remove.length === 0);
 * ```
 */
export function planPrune(
  snapshots: readonly SnapshotInfo[],
  policy: PrunePolicy,
  now: Date = new Date(),
): PrunePlan {
  assertPolicy(policy);
  const reasons = new Map<SnapshotInfo, string[]>();
  for (const environment of Map.groupBy(snapshots, folderOf).values()) {
    for (const [snapshot, reason] of reasonsIn(environment, policy, now)) {
      const own = reasons.get(snapshot);
      if (own) own.push(reason);
      else reasons.set(snapshot, [reason]);
    }
  }
  const keep = snapshots.flatMap((snapshot) => {
    const own = reasons.get(snapshot);
    return own === undefined ? [] : [{ snapshot, reasons: own }];
  });
  return { keep, remove: snapshots.filter((snapshot) => !reasons.has(snapshot)) };
}

/**
 * Whether a policy says which snapshots to keep.
 *
 * @param policy The policy.
 */
export function keepsSomething(policy: PrunePolicy): boolean {
  const { keepWithin, keepLabel = [] } = policy;
  return keepWithin !== undefined || keepLabel.length > 0 ||
    RULES.some(({ key }) => policy[key] !== undefined);
}

/**
 * Where a snapshot and those of the same environment lie, without a trailing slash.
 *
 * @param snapshot The snapshot.
 */
export function folderOf({ prefix }: Pick<SnapshotInfo, "prefix">): string {
  return prefix.slice(0, prefix.lastIndexOf("/"));
}

function* reasonsIn(
  snapshots: readonly SnapshotInfo[],
  policy: PrunePolicy,
  now: Date,
): Generator<[SnapshotInfo, string]> {
  const isAhead = (snapshot: SnapshotInfo) => timeOf(snapshot).getTime() > now.getTime() + SKEW_MS;
  for (const snapshot of snapshots.filter(isAhead)) yield [snapshot, "named ahead of its time"];
  const newestFirst = snapshots.filter((snapshot) => !isAhead(snapshot))
    .sort((a, b) => timeOf(b).getTime() - timeOf(a).getTime());
  const [newest] = newestFirst;
  for (const snapshot of newestFirst.filter(({ state }) => state === "incomplete")) {
    if (snapshot.problem !== undefined) yield [snapshot, "manifest unreadable"];
    else if (snapshot === newest) yield [snapshot, "can be resumed"];
    else if (!isOld(snapshot, policy, now)) yield [snapshot, "incomplete"];
  }
  const sealed = newestFirst.filter(({ state }) => state !== "incomplete");
  if (sealed[0]) yield [sealed[0], "newest"];
  const complete = sealed.find(({ state }) => state === "complete");
  if (complete) yield [complete, "newest complete"];
  const withAssets = sealed.find(({ assets }) => assets !== null);
  if (withAssets) yield [withAssets, "newest with assets"];
  for (const rule of RULES) yield* keptBy(rule, sealed, policy[rule.key] ?? 0);
  const { keepWithin, keepLabel = [] } = policy;
  for (const label of keepLabel) {
    for (const snapshot of sealed) {
      if (hasLabel(snapshot.labels, label)) yield [snapshot, `label ${label}`];
    }
  }
  if (keepWithin === undefined || sealed[0] === undefined) return;
  const from = timeOf(sealed[0]).getTime() - durationMs(keepWithin);
  for (const snapshot of sealed) {
    if (timeOf(snapshot).getTime() >= from) yield [snapshot, `within ${keepWithin}`];
  }
}

function* keptBy(
  { reason, periodOf }: Rule,
  newestFirst: readonly SnapshotInfo[],
  count: number,
): Generator<[SnapshotInfo, string]> {
  let last: number | undefined;
  let left = count;
  for (const snapshot of newestFirst) {
    if (left === 0) return;
    const period = periodOf(timeOf(snapshot));
    if (period !== last) {
      yield [snapshot, reason];
      left--;
    } else if (snapshot === newestFirst.at(-1)) {
      yield [snapshot, `oldest ${reason}`];
    }
    last = period;
  }
}

function isOld(
  snapshot: SnapshotInfo,
  { incompleteOlderThan }: PrunePolicy,
  now: Date,
): boolean {
  return incompleteOlderThan !== undefined &&
    timeOf(snapshot).getTime() < now.getTime() - durationMs(incompleteOlderThan);
}

function timeOf({ id }: SnapshotInfo): Date {
  return new Date(Number(id) * 1000);
}

function dayOf(time: Date): number {
  return Math.floor(time.getTime() / DAY_MS);
}

function assertPolicy(policy: PrunePolicy): void {
  const wrong = policy.keepLabel?.find((label) => !isLabel(label));
  if (wrong !== undefined) {
    throw new SluiceError(
      `keepLabel must hold names of labels, or names and values such as reason=upgrade, but one is ${
        JSON.stringify(printable(wrong, 60))
      }.`,
      EXIT.usage,
    );
  }
  if (!keepsSomething(policy)) {
    throw new SluiceError(
      "It isn't said which snapshots to keep: say how many, of how many days, weeks, months or years, of " +
        "the last how many days, or with which label.",
      EXIT.usage,
      { code: "nothing_kept" },
    );
  }
  for (const { key } of RULES) {
    const count = policy[key] ?? 1;
    if (Number.isSafeInteger(count) && count >= 1) continue;
    throw new SluiceError(
      `${key} must be a whole number of at least 1, but is ${count}.`,
      EXIT.usage,
    );
  }
  for (const key of ["keepWithin", "incompleteOlderThan"] as const) {
    const duration = policy[key] ?? "1d";
    if (isDuration(duration)) continue;
    throw new SluiceError(
      `${key} must be a time with units, such as 30d, but is ${JSON.stringify(duration)}.`,
      EXIT.usage,
    );
  }
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { EXIT, SluiceError } from "../../src/error.ts";
import type { SnapshotInfo } from "../../src/snapshot/snapshot_info.ts";
import { planPrune, type PrunePlan, type PrunePolicy } from "../../src/tools/prune_policy.ts";

const DAY = 86_400;
/** 2026-03-01T12:00:00Z, a Sunday. */
const NOW = Date.UTC(2026, 2, 1, 12) / 1000;

function snapshot(seconds: number, parts: Partial<SnapshotInfo> = {}, folder = "1"): SnapshotInfo {
  return {
    name: `${folder}/${seconds}`,
    id: String(seconds),
    prefix: `content/project_${folder}/snapshot_${seconds}`,
    project: { id: "1", name: null },
    environment: { id: "main", primary: true },
    labels: {},
    state: "complete",
    createdAt: new Date(seconds * 1000).toISOString(),
    endedAt: null,
    durationMs: null,
    records: 0,
    published: 0,
    assets: null,
    bytes: 1,
    tool: { name: "sluice", version: "1.0.0" },
    ...parts,
  };
}

function at(iso: string, parts: Partial<SnapshotInfo> = {}): SnapshotInfo {
  return snapshot(Date.parse(iso) / 1000, parts);
}

function plan(snapshots: readonly SnapshotInfo[], policy: PrunePolicy): PrunePlan {
  return planPrune(snapshots, policy, new Date(NOW * 1000));
}

function reasons(snapshots: readonly SnapshotInfo[], policy: PrunePolicy): Record<string, string> {
  const { keep } = plan(snapshots, policy);
  return Object.fromEntries(keep.map(({ snapshot, reasons }) => {
    return [snapshot.createdAt.slice(0, 10), reasons.join(", ")];
  }));
}

Deno.test("planPrune() keeps the newest of each day, week, month and year, and says why", () => {
  const days = ["2026-03-01", "2026-02-28", "2026-02-23", "2026-02-22", "2026-01-05", "2025-12-31"];
  const all = days.map((day) => at(`${day}T03:00:00Z`));
  assert.deepEqual(reasons(all, { keepDaily: 2 }), {
    "2026-03-01": "newest, newest complete, daily",
    "2026-02-28": "daily",
  });
  // A week begins on Monday, the 23rd.
  assert.deepEqual(reasons(all, { keepWeekly: 2 }), {
    "2026-03-01": "newest, newest complete, weekly",
    "2026-02-22": "weekly",
  });
  assert.deepEqual(reasons(all, { keepMonthly: 3 }), {
    "2026-03-01": "newest, newest complete, monthly",
    "2026-02-28": "monthly",
    "2026-01-05": "monthly",
  });
  assert.deepEqual(reasons(all, { keepYearly: 1, keepLast: 2 }), {
    "2026-03-01": "newest, newest complete, last, yearly",
    "2026-02-28": "last",
  });
  assert.deepEqual(reasons(all, { keepWithin: "6d" }), {
    "2026-03-01": "newest, newest complete, within 6d",
    "2026-02-28": "within 6d",
    "2026-02-23": "within 6d",
  });
});

Deno.test("planPrune() keeps the oldest one until there are as many periods as are to be kept", () => {
  const all = ["2026-02-03", "2026-02-02", "2026-02-01"].map((day) => at(`${day}T03:00:00Z`));
  assert.deepEqual(reasons(all, { keepMonthly: 2 }), {
    "2026-02-03": "newest, newest complete, monthly",
    "2026-02-01": "oldest monthly",
  });
});

Deno.test("planPrune() never removes the newest complete, the newest sealed, or one that exports go by", () => {
  const all = [
    at("2026-02-28T00:00:00Z", { state: "partial" }),
    at("2026-02-27T00:00:00Z"),
    at("2026-02-26T00:00:00Z", { state: "partial", assets: { count: 1, bytes: 1 } }),
    at("2026-02-25T00:00:00Z", { assets: { count: 1, bytes: 1 } }),
  ];
  assert.deepEqual(reasons(all, { keepLast: 1 }), {
    "2026-02-28": "newest, last",
    "2026-02-27": "newest complete",
    "2026-02-26": "newest with assets",
  });
});

Deno.test("planPrune() removes incomplete ones only if they are old, and no export can resume them", () => {
  const incomplete = { state: "incomplete" } as const;
  const older = [
    at("2026-02-28T00:00:00Z"),
    at("2026-02-27T00:00:00Z", incomplete),
    at("2026-02-26T00:00:00Z", { ...incomplete, problem: "of a later version" }),
    at("2026-02-25T00:00:00Z", incomplete),
  ];
  const all = [at("2026-02-28T06:00:00Z", incomplete), ...older];
  assert.deepEqual(plan(all, { keepLast: 1 }).remove, []);
  const policy = { keepLast: 1, incompleteOlderThan: "3d" };
  assert.deepEqual(reasons(all, policy), {
    "2026-02-28": "newest, newest complete, last",
    "2026-02-27": "incomplete",
    "2026-02-26": "manifest unreadable",
  });
  const { keep, remove } = plan(all, { ...policy, incompleteOlderThan: "1h" });
  assert.deepEqual(keep.map(({ reasons }) => reasons.join()), [
    "can be resumed",
    "newest,newest complete,last",
    "manifest unreadable",
  ]);
  assert.deepEqual(remove, [older[1], older[3]]);
});

Deno.test("planPrune() takes each environment by itself, and none by the name of a clock that ran ahead", () => {
  const ahead = snapshot(NOW + 400 * DAY);
  const [first, second] = [snapshot(NOW - DAY), snapshot(NOW - 2 * DAY)];
  const sandbox = snapshot(NOW - 9 * DAY, {}, "1/staging");
  const { keep, remove } = plan([ahead, second, sandbox, first], { keepWithin: "1h" });
  assert.deepEqual(keep.map(({ snapshot }) => snapshot), [ahead, sandbox, first]);
  assert.deepEqual(keep[0]!.reasons, ["named ahead of its time"]);
  assert.deepEqual(remove, [second]);
});

Deno.test("planPrune() refuses a policy that keeps nothing, or can't be understood", () => {
  for (
    const policy of [
      {},
      { incompleteOlderThan: "1d" },
      { keepLast: 0 },
      { keepDaily: 1.5 },
      { keepWithin: "30" },
      { keepLast: 1, incompleteOlderThan: "soon" },
    ] satisfies PrunePolicy[]
  ) {
    assert.throws(() => plan([], policy), (error) => {
      return error instanceof SluiceError && error.exitCode === EXIT.usage;
    }, JSON.stringify(policy));
  }
});

/** The week of ISO 8601, as in `2026-W09`: it is of the year that its Thursday is in. */
function isoWeek(iso: string): string {
  const day = new Date(`${iso.slice(0, 10)}T00:00:00Z`);
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * DAY * 1000);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY * 1000)) + 1;
  return `${year}-W${week}`;
}

const PERIODS = {
  keepLast: (iso: string) => iso,
  keepDaily: (iso: string) => iso.slice(0, 10),
  keepWeekly: isoWeek,
  keepMonthly: (iso: string) => iso.slice(0, 7),
  keepYearly: (iso: string) => iso.slice(0, 4),
} satisfies { readonly [Key in keyof PrunePolicy]: (iso: string) => string };

/** What stays of sealed snapshots, worked out in the plainest way. */
function oracle(sealed: readonly SnapshotInfo[], policy: PrunePolicy): Set<string> {
  const newestFirst = [...sealed].sort((a, b) => a.createdAt < b.createdAt ? 1 : -1);
  const kept = new Set<string>();
  const newest = newestFirst[0];
  const complete = newestFirst.find(({ state }) => state === "complete");
  const withAssets = newestFirst.find(({ assets }) => assets !== null);
  for (const one of [newest, complete, withAssets]) if (one) kept.add(one.id);
  for (const [key, periodOf] of Object.entries(PERIODS)) {
    const count = policy[key as keyof typeof PERIODS];
    if (count === undefined) continue;
    const periods = [...new Set(newestFirst.map(({ createdAt }) => periodOf(createdAt)))];
    for (const period of periods.slice(0, count)) {
      kept.add(newestFirst.find(({ createdAt }) => periodOf(createdAt) === period)!.id);
    }
    const oldest = newestFirst.at(-1);
    if (periods.length < count && oldest) kept.add(oldest.id);
  }
  if (policy.keepWithin !== undefined && newest !== undefined) {
    const days = Number(policy.keepWithin.slice(0, -1));
    for (const { id } of newestFirst) {
      if (Number(newest.id) - Number(id) <= days * DAY) kept.add(id);
    }
  }
  return kept;
}

const counted = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
const policies: fc.Arbitrary<PrunePolicy> = fc.record({
  keepLast: counted,
  keepDaily: counted,
  keepWeekly: counted,
  keepMonthly: counted,
  keepYearly: counted,
  keepWithin: fc.option(fc.integer({ min: 1, max: 500 }).map((days) => `${days}d`), {
    nil: undefined,
  }),
}).filter((policy) => Object.values(policy).some((value) => value !== undefined));
// Some times are close together, others years apart; midnights and turns of the year are among them.
const times = fc.uniqueArray(
  fc.oneof(
    fc.integer({ min: NOW - 20 * DAY, max: NOW }),
    fc.integer({ min: NOW - 2000 * DAY, max: NOW }),
    fc.integer({ min: 0, max: 1500 }).map((days) => NOW - DAY / 2 - days * DAY),
    fc.integer({ min: 2015, max: 2025 }).map((year) => Date.UTC(year, 11, 31, 23, 59, 59) / 1000),
  ),
  { maxLength: 40 },
);
const sets = times.chain((seconds) =>
  fc.tuple(...seconds.map((second) =>
    fc.record({
      state: fc.constantFrom<SnapshotInfo["state"]>("complete", "partial"),
      assets: fc.constantFrom(null, { count: 1, bytes: 1 }),
    }).map((parts) => snapshot(second, parts))
  ))
);

Deno.test("planPrune() keeps what a simple oracle keeps, for any times and any policy", () => {
  fc.assert(
    fc.property(sets, policies, (snapshots, policy) => {
      const { keep, remove } = plan(snapshots, policy);
      const kept = keep.map(({ snapshot }) => snapshot.id);
      assert.deepEqual(new Set(kept), oracle(snapshots, policy));
      assert.equal(keep.length + remove.length, snapshots.length);
      assert.ok(keep.every(({ reasons }) => reasons.length > 0));
      const complete = snapshots.filter(({ state }) => state === "complete");
      const newest = Math.max(...complete.map(({ id }) => Number(id)));
      assert.ok(complete.length === 0 || kept.includes(String(newest)));
    }),
    { numRuns: 1000 },
  );
});

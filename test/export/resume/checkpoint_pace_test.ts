import assert from "node:assert/strict";
import { CheckpointPace } from "../../../src/export/resume/checkpoint_pace.ts";

/** When checkpoints are written, in milliseconds since the start, if each takes so long. */
function timesOf(pace: (now: () => number) => CheckpointPace, tookMs: number, until: number) {
  let now = 1_000_000;
  const paced = pace(() => now);
  const times: number[] = [];
  for (;;) {
    now += paced.dueInMs;
    if (now - 1_000_000 >= until) return times;
    times.push(now - 1_000_000);
    now += tookMs;
    paced.saved(tookMs);
  }
}

const adaptive = (now: () => number) => new CheckpointPace(undefined, now);
const apart = (times: number[]) => times.map((time, i) => time - (times[i - 1] ?? 0));

Deno.test("CheckpointPace lets checkpoints come every second at first, and every 30 seconds in the end", () => {
  const times = timesOf(adaptive, 5, 3_600_000);
  assert.ok(
    apart(times).slice(0, 15).every((ms) => ms >= 1000 && ms < 1100),
    `${times.slice(0, 15)}`,
  );
  assert.ok(apart(times).every((ms, i, all) => i === 0 || ms >= all[i - 1]! * 0.99));
  assert.ok(apart(times).every((ms) => ms <= 30_005));
  assert.ok(Math.abs(apart(times).at(-1)! - 30_005) < 1);
});

Deno.test("CheckpointPace lets them take no more than a fiftieth of the time, but for the first ones", () => {
  for (const tookMs of [0, 1, 20, 50, 300, 2000]) {
    const times = timesOf(adaptive, tookMs, 3_600_000);
    assert.equal(times[0], 1000, "the first one comes soon, however long it takes");
    for (const [i, time] of times.entries()) {
      if (i < 2) continue;
      const spent = (i + 1) * tookMs;
      assert.ok(spent / (time + tookMs) <= 0.021, `${spent} of ${time} ms`);
    }
    // They aren't rarer than that takes, once the first ones are made up for.
    const last = apart(times).slice(-5);
    assert.ok(last.every((ms) => ms <= Math.max(30_000, 51 * tookMs) + tookMs), `${last}`);
  }
});

Deno.test("CheckpointPace lets one come after five minutes, however long they take", () => {
  const times = timesOf(adaptive, 60_000, 7_200_000);
  assert.ok(apart(times).every((ms) => ms <= 360_000), `${times}`);
});

Deno.test("CheckpointPace takes the pace that it is given", () => {
  for (const everyMs of [0, 20, 10_000]) {
    const times = timesOf((now) => new CheckpointPace(everyMs, now), 7, 50 * (everyMs + 7));
    assert.ok(apart(times).slice(1).every((ms) => ms === everyMs + 7), `${times}`);
  }
});

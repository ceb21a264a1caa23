import assert from "node:assert/strict";
import { isCronExpression, isEvery, nextTime, spanMs } from "../../src/text/every.ts";

Deno.test("isEvery() takes times and cron expressions of five fields that come true", () => {
  for (const good of ["24h", "1h30m", "0 3 * * *", "*/2 * * * *", "0 0 1 JAN *", "0 4 * * MON"]) {
    assert.ok(isEvery(good), good);
  }
  const bad = [
    "",
    "24",
    "0h",
    "daily",
    "@daily",
    "* * * *",
    "* * * * * *",
    "61 * * * *",
    "0 0 30 2 *",
  ];
  for (const text of bad) assert.ok(!isEvery(text), text);
  assert.ok(!isCronExpression("24h"));
});

Deno.test("nextTime() counts a time from the last one, and cron expressions in UTC", () => {
  const last = new Date("2026-03-28T12:00:00Z");
  assert.equal(nextTime("36h", last).toISOString(), "2026-03-30T00:00:00.000Z");
  assert.equal(nextTime("0 3 * * *", last).toISOString(), "2026-03-29T03:00:00.000Z");
  // Never the same moment again.
  const three = new Date("2026-03-29T03:00:00Z");
  assert.equal(nextTime("0 3 * * *", three).toISOString(), "2026-03-30T03:00:00.000Z");
  assert.equal(spanMs("*/2 * * * *", last), 120_000);
  assert.equal(spanMs("1d", last), 86_400_000);
  // What is so rare never happens again, but doesn't happen all the time.
  const never = "999999999999d";
  assert.ok(nextTime(never, last) > new Date("9999-12-31"));
  assert.ok(spanMs(never, last) > 86_400_000);
});

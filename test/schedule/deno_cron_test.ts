import assert from "node:assert/strict";
import { denoCronSchedule, isBranch } from "../../src/schedule/deno_cron.ts";

Deno.test("denoCronSchedule() names days of the week, which Deno counts from Sunday as 1", () => {
  const schedules = {
    "*/2 * * * *": "*/2 * * * *",
    "0 3 * * 0": "0 3 * * SUN",
    "0 3 * * 7": "0 3 * * SUN",
    "0 3 * * 1": "0 3 * * MON",
    "0 3 * * 1-5": "0 3 * * MON,TUE,WED,THU,FRI",
    "0 3 * * 5-7": "0 3 * * SUN,FRI,SAT",
    "0 3 * * 0-7": "0 3 * * SUN,MON,TUE,WED,THU,FRI,SAT",
    "0 3 1 * 1,3": "0 3 1 * MON,WED",
    "0 3 * * */2": "0 3 * * SUN,TUE,THU,SAT",
    "0 3 * * mon-wed": "0 3 * * MON,TUE,WED",
    "0 3 * * 1#2": "0 3 * * MON#2",
    "0 3 * * 5L": "0 3 * * FRIL",
    "0 3 ? * ?": "0 3 * * *",
    " 0  3 15W JUL * ": "0 3 15W JUL *",
  };
  for (const [expression, schedule] of Object.entries(schedules)) {
    assert.equal(denoCronSchedule(expression), schedule);
  }
});

Deno.test("isBranch() tells which of Deno Deploy's timelines don't export", () => {
  const timelines = {
    "production": false,
    "git-branch/fix-typo": true,
    "preview/abc123": true,
  };
  for (const [timeline, expected] of Object.entries(timelines)) {
    assert.equal(isBranch((name) => name === "DENO_TIMELINE" ? timeline : undefined), expected);
  }
  assert.equal(isBranch(() => undefined), false);
});

import assert from "node:assert/strict";
import { concurrently } from "../../src/async/concurrently.ts";
import { delay } from "../../src/async/delay.ts";
import { turn } from "../support/until.ts";

Deno.test("concurrently() runs every task, and no more than the limit at a time", async () => {
  for (const limit of [1, 3, 50]) {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    const tasks = Array.from({ length: 20 }, (_, n) => async () => {
      most = Math.max(most, ++running);
      for (let i = 0; i <= n % 3; i++) await turn();
      running--;
      done.push(n);
    });
    await concurrently(tasks, limit);
    assert.equal(most, Math.min(limit, 20));
    assert.deepEqual(done.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, n) => n));
  }
});

Deno.test("concurrently() fails with the first failure, after all others were aborted and have ended", async () => {
  const events: string[] = [];
  const slow = async (signal: AbortSignal) => {
    try {
      await delay(10_000, signal);
    } catch (error) {
      await turn();
      events.push("slow has ended");
      throw new Error("a later failure", { cause: error });
    }
  };
  const failing = async () => {
    await turn();
    throw new Error("the first failure");
  };
  const never = () => Promise.resolve(void events.push("begun too late"));
  await assert.rejects(concurrently([slow, failing, never], 2), new Error("the first failure"));
  assert.deepEqual(events, ["slow has ended"]);
});

Deno.test("concurrently() aborts its tasks with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("cancelled");
  const seen: unknown[] = [];
  const task = async (signal: AbortSignal) => {
    try {
      await delay(10_000, signal);
    } catch (error) {
      seen.push(error);
      throw error;
    }
  };
  const running = concurrently([task, task, task], 2, controller.signal);
  await turn();
  controller.abort(reason);
  await assert.rejects(running, reason);
  assert.deepEqual(seen, [reason, reason]);
  await assert.rejects(concurrently([task], 1, controller.signal), reason);
  assert.equal(seen.length, 2);
});

Deno.test("concurrently() takes tasks only when it can run them, and waits when they can't be made", async () => {
  let made = 0;
  let ended = false;
  function* tasks() {
    made++;
    yield async (signal: AbortSignal) => {
      await assert.rejects(delay(10_000, signal));
      await turn();
      ended = true;
    };
    made++;
    throw new Error("no more tasks");
  }
  await assert.rejects(concurrently(tasks(), 2), new Error("no more tasks"));
  assert.equal(made, 2);
  assert.ok(ended, "the running task was left alone");
});

Deno.test("concurrently() refuses a limit under which nothing would run", async () => {
  for (const limit of [0, -1, NaN, 1.5]) {
    await assert.rejects(concurrently([() => Promise.resolve()], limit), {
      name: "RangeError",
      message: `The most tasks at a time must be a whole number above 0: current value is ${limit}`,
    });
  }
});

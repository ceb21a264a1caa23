import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { StallError, Watchdog } from "../../src/http/watchdog.ts";
import { ManualClock } from "../support/manual_clock.ts";

Deno.test("Watchdog() aborts when what is expected doesn't come", async () => {
  const clock = new ManualClock();
  using watchdog = new Watchdog(undefined, clock);
  watchdog.expect(20, "a sign");
  await clock.advance(19);
  assert.equal(watchdog.signal.aborted, false);
  await clock.advance(1);
  assert.ok(watchdog.signal.reason instanceof StallError);
  assert.equal(watchdog.signal.reason.message, "waited 0.02 s for a sign");
});

Deno.test("Watchdog() doesn't abort while it rests, or after it was disposed", async () => {
  const clock = new ManualClock();
  const watchdog = new Watchdog(undefined, clock);
  watchdog.expect(5, "a sign");
  watchdog.rest();
  await clock.advance(15);
  watchdog.expect(5, "a sign");
  await clock.advance(4);
  // Each call begins anew.
  watchdog.expect(5, "a sign");
  await clock.advance(4);
  watchdog[Symbol.dispose]();
  await clock.advance(15);
  assert.equal(clock.waiting, 0);
  assert.equal(watchdog.signal.aborted, false);
});

Deno.test("Watchdog() aborts with its parent, whenever that aborted, and lets go of it", () => {
  const reason = new Error("cancelled");
  const parent = new AbortController();
  let listeners = 0;
  const { signal } = parent;
  const counted = Object.assign(signal, {
    addEventListener: (...args: Parameters<AbortSignal["addEventListener"]>) => {
      listeners++;
      AbortSignal.prototype.addEventListener.apply(signal, args);
    },
    removeEventListener: (...args: Parameters<AbortSignal["removeEventListener"]>) => {
      listeners--;
      AbortSignal.prototype.removeEventListener.apply(signal, args);
    },
  });
  {
    using watchdog = new Watchdog(counted);
    assert.equal(listeners, 1);
    assert.equal(watchdog.signal.aborted, false);
  }
  assert.equal(listeners, 0);
  using following = new Watchdog(signal);
  parent.abort(reason);
  assert.equal(following.signal.reason, reason);
  using late = new Watchdog(signal);
  assert.equal(late.signal.reason, reason);
});

Deno.test("Watchdog.expect() takes any time, also one that no timer can take", async () => {
  for (const ms of [2 ** 31, Infinity]) {
    using watchdog = new Watchdog();
    watchdog.expect(ms, "an answer");
    await delay(5);
    assert.equal(watchdog.signal.aborted, false);
  }
});

import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { StallError, Watchdog } from "../../src/http/watchdog.ts";
import { until } from "../support/until.ts";

Deno.test("Watchdog() aborts when what is expected doesn't come", async () => {
  using watchdog = new Watchdog();
  watchdog.expect(20, "a sign");
  await until(() => watchdog.signal.aborted, "it aborts");
  assert.ok(watchdog.signal.reason instanceof StallError);
  assert.equal(watchdog.signal.reason.message, "waited 0.02 s for a sign");
});

Deno.test("Watchdog() doesn't abort while it rests, or after it was disposed", async () => {
  const watchdog = new Watchdog();
  watchdog.expect(5, "a sign");
  watchdog.rest();
  await new Promise((resolve) => setTimeout(resolve, 15));
  watchdog.expect(5, "a sign");
  watchdog[Symbol.dispose]();
  await new Promise((resolve) => setTimeout(resolve, 15));
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

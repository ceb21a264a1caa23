import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { msOf } from "../support/until.ts";

Deno.test("delay() waits", async () => {
  assert.ok(await msOf(() => delay(20)) >= 19);
});

Deno.test("delay() ends with the signal's reason, and leaves no timer and no listener", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = delay(60_000, controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.throws(() => delay(1, controller.signal), reason);
});

Deno.test("delay() doesn't return at once when the wait is longer than a timer can be", async () => {
  const controller = new AbortController();
  let over = false;
  const waiting = delay(2 ** 40, controller.signal).then(() => over = true);
  await delay(20);
  assert.equal(over, false);
  controller.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});

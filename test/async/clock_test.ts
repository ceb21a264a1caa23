import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../src/async/clock.ts";

Deno.test("SYSTEM_CLOCK tells both times, and waits", async () => {
  const elapsed = SYSTEM_CLOCK.elapsed();
  ok(Math.abs(SYSTEM_CLOCK.now() - Date.now()) < 1000);
  await SYSTEM_CLOCK.delay(20);
  // A timer may be a millisecond early.
  ok(SYSTEM_CLOCK.elapsed() - elapsed >= 19);
});

Deno.test("SYSTEM_CLOCK.delay() ends with the signal's reason", async () => {
  const controller = new AbortController();
  const waiting = SYSTEM_CLOCK.delay(60_000, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  await rejects(waiting, (error) => error === reason);
});

Deno.test("SYSTEM_CLOCK.timer() calls once, and not if it is disposed of before", async () => {
  const calls: string[] = [];
  await new Promise<void>((resolve) => {
    const far = SYSTEM_CLOCK.timer(2 ** 40, () => calls.push("far"));
    const cancelled = SYSTEM_CLOCK.timer(1, () => calls.push("cancelled"));
    cancelled[Symbol.dispose]();
    SYSTEM_CLOCK.timer(5, () => {
      calls.push("kept");
      far[Symbol.dispose]();
      resolve();
    });
  });
  deepStrictEqual(calls, ["kept"]);
});

import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { limited } from "../../src/async/limited.ts";

Deno.test("limited() gives what comes in time", async () => {
  assert.equal(await limited(10_000, undefined, () => Promise.resolve("x")), "x");
  const error = new Error("wrong");
  await assert.rejects(limited(10_000, undefined, () => Promise.reject(error)), (e) => e === error);
});

Deno.test("limited() aborts what takes too long, or when it is told to", async () => {
  const wait = (signal: AbortSignal) => delay(60_000, signal);
  await assert.rejects(limited(5, undefined, wait), {
    name: "TimeoutError",
    message: "It took longer than 5 ms.",
  });
  const reason = new Error("stop");
  const cancel = new AbortController();
  const waiting = limited(60_000, cancel.signal, wait);
  cancel.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});

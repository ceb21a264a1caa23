import assert from "node:assert/strict";
import { withGrace } from "../../src/storage/grace.ts";

Deno.test("withGrace() gives what comes in time, also after an abort", async () => {
  const controller = new AbortController();
  const answer = Promise.withResolvers<string>();
  const result = withGrace(controller.signal, 60_000, () => answer.promise);
  controller.abort();
  answer.resolve("done");
  assert.equal(await result, "done");
  await assert.rejects(withGrace(controller.signal, 60_000, () => Promise.resolve()), {
    name: "AbortError",
  });
});

Deno.test("withGrace() cuts off what doesn't come in time", async () => {
  const controller = new AbortController();
  const reason = new Error("stop");
  const result = withGrace(
    controller.signal,
    5,
    (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  controller.abort(reason);
  await assert.rejects(result, (error) => error === reason);
});

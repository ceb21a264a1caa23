import assert from "node:assert/strict";
import { Tasks } from "../../src/async/tasks.ts";

Deno.test("Tasks tells each end, and lets others begin after it", async () => {
  const tasks = new Tasks();
  const ends = [1, 2, 3].map(() => Promise.withResolvers<void>());
  for (const { promise } of ends) tasks.begin(() => promise);
  for (let left = 3; left > 0; left--) {
    assert.equal(tasks.size, left);
    ends[left - 1]!.resolve();
    await tasks.next();
  }
  assert.equal(tasks.size, 0);
  await tasks.next();
});

Deno.test("Tasks passes on the first failure, and aborts the others", async () => {
  const tasks = new Tasks();
  const { promise, resolve } = Promise.withResolvers<void>();
  tasks.begin(async () => {
    tasks.signal.addEventListener("abort", () => resolve());
    await promise;
    throw new Error("another");
  });
  tasks.begin(() => Promise.reject(new Error("first")));
  await assert.rejects(tasks.next(), /^Error: first$/);
  await tasks.stop("over");
  assert.equal(tasks.size, 0);
  assert.ok(tasks.signal.aborted);
});

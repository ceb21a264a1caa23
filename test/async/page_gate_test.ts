import assert from "node:assert/strict";
import fc from "fast-check";
import { PageGate } from "../../src/async/page_gate.ts";
import { turn } from "../support/until.ts";

Deno.test("PageGate.alone() runs a task while no other one runs", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ alone: fc.boolean(), turns: fc.nat({ max: 3 }), fails: fc.boolean() })),
      async (tasks) => {
        const gate = new PageGate();
        let shared = 0;
        let alone = 0;
        let ran = 0;
        const results = await Promise.allSettled(tasks.map((task) => {
          const run = async () => {
            task.alone ? alone++ : shared++;
            try {
              for (let i = 0; i < task.turns; i++) {
                assert.ok(alone === 0 || alone === 1 && shared === 0);
                await Promise.resolve();
              }
              ran++;
              if (task.fails) throw new Error("meant");
            } finally {
              task.alone ? alone-- : shared--;
            }
          };
          return task.alone ? gate.alone(run) : gate.shared(run);
        }));
        assert.equal(ran, tasks.length);
        for (const [i, result] of results.entries()) {
          assert.equal(
            result.status === "rejected" ? result.reason.message : "",
            tasks[i]!.fails ? "meant" : "",
          );
        }
      },
    ),
  );
});

Deno.test("PageGate.shared() runs tasks side by side, and begins none while one waits to run alone", async () => {
  const gate = new PageGate();
  const order: string[] = [];
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const tasks = [
    gate.shared(() => first.promise.then(() => void order.push("first"))),
    gate.shared(() => second.promise.then(() => void order.push("second"))),
    gate.alone(() => Promise.resolve(void order.push("alone"))),
    gate.shared(() => Promise.resolve(void order.push("late"))),
  ];
  second.resolve();
  await turn();
  assert.deepEqual(order, ["second"]);
  first.resolve();
  await Promise.all(tasks);
  assert.deepEqual(order, ["second", "first", "alone", "late"]);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { Budget } from "../../src/async/budget.ts";
import { turn } from "../support/until.ts";

Deno.test("Budget() refuses sizes that let nobody or everybody in", () => {
  for (const size of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => new Budget(size), {
      name: "RangeError",
      message: `A budget must be a whole number above 0: current value is ${size}`,
    });
  }
});

Deno.test("Budget.acquire() hands places out in the order in which they were asked for", async () => {
  const budget = new Budget(1);
  const first = await budget.acquire();
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (n) => {
    using _place = await budget.acquire();
    order.push(n);
    await turn();
  });
  await turn();
  assert.deepEqual(order, []);
  first[Symbol.dispose]();
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
  assert.equal(budget.inFlight, 0);
});

Deno.test("Budget.acquire() gives a place back once, however often it is disposed", async () => {
  const budget = new Budget(2);
  const place = await budget.acquire();
  using _other = await budget.acquire();
  place[Symbol.dispose]();
  place[Symbol.dispose]();
  assert.equal(budget.inFlight, 1);
});

Deno.test("Budget.acquire() ends its wait with the signal's reason, and loses no place", async () => {
  const budget = new Budget(1);
  const place = await budget.acquire();
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborted = budget.acquire(controller.signal);
  const next = budget.acquire();
  controller.abort(reason);
  await assert.rejects(aborted, reason);
  await assert.rejects(budget.acquire(controller.signal), reason);
  place[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  assert.equal(budget.inFlight, 0);
  // An abort after the place was given takes nothing away.
  const late = new AbortController();
  using _held = await budget.acquire(late.signal);
  late.abort();
  assert.equal(budget.inFlight, 1);
});

Deno.test("Budget.acquire() never lets more in than there are places", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.record({ turns: fc.nat(3), abortAfter: fc.option(fc.nat(3)) }), { maxLength: 15 }),
    async (size, workers) => {
      const budget = new Budget(size);
      let inside = 0;
      let most = 0;
      await Promise.all(workers.map(async ({ turns, abortAfter }) => {
        const controller = new AbortController();
        const aborting = (async () => {
          if (abortAfter === null) return;
          for (let i = 0; i < abortAfter; i++) await Promise.resolve();
          controller.abort();
        })();
        try {
          using _place = await budget.acquire(controller.signal);
          most = Math.max(most, ++inside);
          assert.ok(budget.inFlight >= inside);
          for (let i = 0; i < turns; i++) await Promise.resolve();
          inside--;
        } catch (error) {
          assert.equal(error, controller.signal.reason);
        }
        await aborting;
      }));
      assert.ok(most <= size);
      assert.equal(budget.inFlight, 0);
    },
  ));
});

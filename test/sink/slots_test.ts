import assert from "node:assert/strict";
import { Slots } from "../../src/sink/slots.ts";

Deno.test("Slots.take() lets no more work at a time than there are slots, first come first served", async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let working = 0;
  await Promise.all([0, 1, 2, 3, 4].map(async (i) => {
    using _ = await slots.take();
    order.push(i);
    assert.ok(++working <= 2);
    await Promise.resolve();
    working--;
  }));
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

Deno.test("Slots.take() can be aborted while it waits, which costs nobody a slot", async () => {
  const slots = new Slots(1);
  const first = await slots.take();
  const controller = new AbortController();
  const waiting = slots.take(controller.signal);
  const next = slots.take();
  const reason = new Error("stop");
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  await assert.rejects(slots.take(controller.signal), (error) => error === reason);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using _ = await next;
  const third = slots.take();
  assert.equal(await Promise.race([third, Promise.resolve("waits")]), "waits");
  _[Symbol.dispose]();
  (await third)[Symbol.dispose]();
});

import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generatorStream } from "../../src/async/generator_stream.ts";
import { turn } from "../support/until.ts";

Deno.test("generatorStream() gives what the generator yields, a step for each read", async () => {
  let steps = 0;
  const stream = generatorStream(async function* () {
    for (; steps < 5; steps++) yield await Promise.resolve(steps);
  });
  await turn();
  assert.equal(steps, 0);
  assert.deepEqual(await Array.fromAsync(stream), [0, 1, 2, 3, 4]);
});

Deno.test("generatorStream() fails with the generator's failure", async () => {
  const failure = new Error("broken");
  const read: number[] = [];
  await assert.rejects(async () => {
    const stream = generatorStream(async function* () {
      yield await Promise.resolve(1);
      throw failure;
    });
    for await (const n of stream) read.push(n);
  }, failure);
  assert.deepEqual(read, [1]);
});

Deno.test("generatorStream() ends what the generator waits for when it is cancelled, and lets it clean up", async () => {
  const reason = new Error("no more");
  const seen: unknown[] = [];
  const stream = generatorStream<number>(async function* ({ signal }) {
    try {
      yield 1;
      await delay(60_000, signal);
    } catch (error) {
      seen.push(error);
      throw error;
    } finally {
      await turn();
      seen.push("cleaned up");
    }
  });
  const reader = stream.getReader();
  await reader.read();
  const pending = reader.read();
  await turn();
  await reader.cancel(reason);
  assert.equal((await pending).done, true);
  assert.deepEqual(seen, [reason, "cleaned up"]);
});

Deno.test("generatorStream() lets a generator clean up that is between two reads, and never starts one that isn't read", async () => {
  const seen: string[] = [];
  const make = () =>
    generatorStream(async function* () {
      try {
        seen.push("started");
        for (;;) yield await Promise.resolve(1);
      } finally {
        seen.push("cleaned up");
      }
    });
  await make().cancel();
  assert.deepEqual(seen, []);
  for await (const _ of make()) break;
  assert.deepEqual(seen, ["started", "cleaned up"]);
});

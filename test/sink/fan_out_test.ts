import assert from "node:assert/strict";
import { fanOut } from "../../src/sink/fan_out.ts";
import { turn, until } from "../support/until.ts";

/** A sink that remembers what happened to it. */
function recorder(hooks: UnderlyingSink<number> = {}) {
  const seen: number[] = [];
  const state = { closed: false, aborted: undefined as unknown };
  const sink = new WritableStream<number>({
    async write(chunk, controller) {
      await hooks.write?.(chunk, controller);
      seen.push(chunk);
    },
    async close() {
      await hooks.close?.();
      state.closed = true;
    },
    abort(reason) {
      state.aborted = reason;
    },
  }, { highWaterMark: 1 });
  return { sink, seen, state };
}

function numbers(count: number, onPull: (n: number) => void = () => {}): ReadableStream<number> {
  let n = 0;
  return new ReadableStream({
    pull(controller) {
      if (n === count) return controller.close();
      onPull(n);
      controller.enqueue(n++);
    },
  }, { highWaterMark: 0 });
}

Deno.test("fanOut() hands every chunk to every sink, in order, and closes all", async () => {
  const sinks = [recorder(), recorder({ write: turn }), recorder()];
  await numbers(20).pipeTo(fanOut(sinks.map(({ sink }) => sink)));
  for (const { seen, state } of sinks) {
    assert.deepEqual(seen, Array.from({ length: 20 }, (_, n) => n));
    assert.deepEqual(state, { closed: true, aborted: undefined });
  }
});

Deno.test("fanOut() is as fast as the slowest sink, and keeps nothing for it", async () => {
  const gate = Promise.withResolvers<void>();
  const quick = recorder();
  const slow = recorder({ write: () => gate.promise });
  let pulled = 0;
  const piping = numbers(100, () => pulled++).pipeTo(fanOut([quick.sink, slow.sink]));
  for (let i = 0; i < 10; i++) await turn();
  assert.deepEqual(quick.seen, [0]);
  assert.ok(pulled <= 3, `${pulled} chunks were taken`);
  gate.resolve();
  await piping;
  assert.equal(slow.seen.length, 100);
});

Deno.test("fanOut() fails with the first sink's failure, and aborts the others with it", async () => {
  const failure = new Error("disk");
  for (const at of [0, 3]) {
    const good = recorder();
    const bad = recorder({
      write: (n) => {
        if (n === at) throw failure;
      },
    });
    let cancelled: unknown;
    const source = new ReadableStream<number>({
      start: (controller) => [0, 1, 2, 3, 4].forEach((n) => controller.enqueue(n)),
      cancel: (reason) => cancelled = reason,
    });
    await assert.rejects(source.pipeTo(fanOut([good.sink, bad.sink])), failure);
    assert.deepEqual(good.state, { closed: false, aborted: failure });
    assert.equal(cancelled, failure);
  }
});

Deno.test("fanOut() fails when a sink fails to close, or had failed before", async () => {
  const failure = new Error("disk");
  const bad = recorder({ close: () => Promise.reject(failure) });
  await assert.rejects(numbers(3).pipeTo(fanOut([recorder().sink, bad.sink])), failure);
  const broken = new WritableStream<number>({ start: (controller) => controller.error(failure) });
  const good = recorder();
  await assert.rejects(numbers(3).pipeTo(fanOut([good.sink, broken])), failure);
  assert.deepEqual(good.state, { closed: false, aborted: failure });
});

/** A sink whose writes don't end before it is aborted. */
function stalling() {
  const state = { stalled: false, aborted: undefined as unknown };
  const sink = new WritableStream<number>({
    write(_chunk, { signal }) {
      state.stalled = true;
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          state.aborted = signal.reason;
          reject(signal.reason);
        });
      });
    },
  });
  return { sink, state };
}

Deno.test("fanOut() doesn't wait for a sink that stalls when another one fails", async () => {
  const failure = new Error("disk");
  const stalled = stalling();
  const bad = recorder({
    write: async () => {
      await until(() => stalled.state.stalled, "the other one stalls");
      throw failure;
    },
  });
  await assert.rejects(numbers(3).pipeTo(fanOut([stalled.sink, bad.sink])), failure);
  assert.equal(stalled.state.aborted, failure);
});

Deno.test("fanOut() aborts all sinks at once when it is aborted, also while one stalls", async () => {
  const reason = new Error("cancelled");
  const stalled = stalling();
  const good = recorder();
  const writer = fanOut([good.sink, stalled.sink]).getWriter();
  const writing = assert.rejects(writer.write(1));
  await until(() => stalled.state.stalled, "one stalls");
  await writer.abort(reason);
  await writing;
  await assert.rejects(writer.closed, reason);
  assert.equal(stalled.state.aborted, reason);
  assert.deepEqual(good.state, { closed: false, aborted: reason });
});

Deno.test("fanOut() aborts all sinks when the source fails or the pipe is aborted", async () => {
  const reason = new Error("cancelled");
  for (const bySource of [true, false]) {
    const controller = new AbortController();
    const sinks = [recorder(), recorder({ write: turn })];
    const source = numbers(1000, (n) => {
      if (n < 5) return;
      if (bySource) throw reason;
      controller.abort(reason);
    });
    const { signal } = controller;
    await assert.rejects(source.pipeTo(fanOut(sinks.map(({ sink }) => sink)), { signal }), reason);
    for (const { state } of sinks) assert.deepEqual(state, { closed: false, aborted: reason });
  }
});

import assert from "node:assert/strict";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import { RequestGate } from "../../src/http/request_gate.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { QuickClock } from "../support/quick_clock.ts";

const MIB = 1024 * 1024;

/** How requests are answered. */
interface Answers {
  readonly requests: number;
  readonly latencyMs: number;
  readonly bytes?: number;
  readonly most?: number;
  readonly maxRps?: number;
}

/** Sends requests by a clock that doesn't wait, as many at a time as may be in flight. */
async function sendAll({ requests, latencyMs, bytes = 1000, most, maxRps }: Answers) {
  const clock = new QuickClock();
  const limiter = new RateLimiter({ clock, maxPerSecond: maxRps });
  const gate = new RequestGate({ clock, limiter, most });
  let [flying, largest, peak, peakBytes] = [0, 0, 0, 0];
  const send = async () => {
    using flight = await gate.enter("items");
    largest = Math.max(largest, ++flying);
    await clock.delay(latencyMs);
    flight.answered(new Headers());
    flight.came(bytes);
    flight.ended(bytes);
    peakBytes = Math.max(peakBytes, flying * bytes);
    peak = Math.max(peak, gate.size);
    flying--;
  };
  await clock.passWhile(Promise.all(Array.from({ length: requests }, send)));
  return { size: gate.size, peak, largest, peakBytes, seconds: clock.elapsed() / 1000 };
}

Deno.test("RequestGate() keeps up with the rate, however long answers take", async () => {
  // 60 requests in 3.15 s.
  const slow = await sendAll({ requests: 400, latencyMs: 900 });
  assert.equal(slow.size, 22);
  assert.equal(slow.largest, 22);
  assert.ok(slow.seconds < 400 / 60 * 3.15 + 3, `400 requests took ${slow.seconds} s`);
  const quick = await sendAll({ requests: 100, latencyMs: 20 });
  assert.deepEqual([quick.size, quick.largest], [4, 4]);
  const usual = await sendAll({ requests: 400, latencyMs: 300 });
  assert.equal(usual.size, 8);
  assert.ok(usual.seconds < 400 / 60 * 3.15 + 3, `400 requests took ${usual.seconds} s`);
});

Deno.test("RequestGate() never lets more through than 40, or than are asked for", async () => {
  assert.equal((await sendAll({ requests: 200, latencyMs: 9000 })).largest, 40);
  assert.equal((await sendAll({ requests: 100, latencyMs: 900, most: 8 })).largest, 8);
  assert.equal((await sendAll({ requests: 10, latencyMs: 20, most: 1 })).largest, 1);
  // A lower rate needs fewer.
  assert.equal((await sendAll({ requests: 30, latencyMs: 900, maxRps: 5 })).size, 6);
});

Deno.test("RequestGate() bounds the bytes in flight, also before anybody knows how large answers are", async () => {
  // Pages of 30 of the largest legal records.
  const bytes = 30 * 300 * 1024;
  const { largest, peakBytes, size } = await sendAll({ requests: 100, latencyMs: 900, bytes });
  assert.ok(largest >= 4 && largest <= 7, `${largest} were in flight`);
  assert.ok(peakBytes <= 64 * MIB, `${peakBytes} bytes were in flight`);
  assert.equal(size, 22);
});

/** A gate that only bytes and a number keep closed. */
function gateOf(clock: ManualClock, most = 10): RequestGate {
  const limiter = new RateLimiter({ clock, limit: 3000 });
  return new RequestGate({ clock, limiter, most, maxBytes: 10_000 });
}

Deno.test("RequestGate.enter() tells kinds of answers apart, and forgets large ones by and by", async () => {
  const clock = new ManualClock();
  const gate = gateOf(clock);
  const answer = async (kind: string, bytes: number) => {
    using flight = await gate.enter(kind);
    await clock.advance(1000);
    flight.ended(bytes);
  };
  await answer("small", 100);
  await answer("large", 4000);
  const flights = [await gate.enter("large"), await gate.enter("large")];
  assert.equal(gate.bytes, 8000);
  flights.push(await gate.enter("small"));
  assert.equal(gate.bytes, 8100);
  let isIn = false;
  const third = gate.enter("large").then((flight) => {
    isIn = true;
    return flight;
  });
  await clock.advance(0);
  assert.ok(!isIn, "there is no room for a third large answer");
  flights[0]![Symbol.dispose]();
  flights.push(await third);
  for (const flight of flights) flight[Symbol.dispose]();
  assert.equal(gate.bytes, 0);
  for (let n = 0; n < 40; n++) await answer("large", 100);
  using _flight = await gate.enter("large");
  assert.equal(gate.bytes, 100);
});

Deno.test("RequestGate.enter() lets the next ones through when one gives up", async () => {
  const gate = gateOf(new ManualClock(), 1);
  const first = await gate.enter("a");
  const controller = new AbortController();
  const second = gate.enter("a", controller.signal);
  const third = gate.enter("a");
  controller.abort(new Error("No more."));
  await assert.rejects(second, { message: "No more." });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  assert.equal(gate.bytes, 0);
});

import assert from "node:assert/strict";
import { ApiError } from "../../src/cma_server/answer.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import {
  RateLimiter as ServerLimit,
  type RateWindows,
} from "../../src/simulator/cma/rate_limit.ts";
import { QuickClock } from "../support/quick_clock.ts";

const WINDOW_MS = 3000;
const LIMIT = 60;

/** How requests are sent to a server that limits their rate. */
interface Run {
  readonly windows: RateWindows;
  readonly requests: number;
  /** How long after the beginning of a window the first request is sent, in milliseconds. */
  readonly phase?: number;
  readonly latencyMs?: number;
  readonly workers?: number;
  /** How often somebody else sends a request, in milliseconds. */
  readonly othersEachMs?: number;
  /** What the server adds to its dates after some time, in milliseconds. */
  readonly jump?: { readonly afterMs: number; readonly ms: number };
  readonly hasDates?: boolean;
  readonly maxPerSecond?: number;
}

/** What came of it. */
interface Ran {
  readonly limiter: RateLimiter;
  readonly refused: number;
  readonly seconds: number;
}

/** Sends requests by a clock that doesn't wait; each takes a while to arrive, and its answer as long. */
async function run(
  { windows, requests, phase = 0, latencyMs = 150, workers = 40, ...more }: Run,
): Promise<Ran> {
  const { othersEachMs, jump, hasDates = true, maxPerSecond } = more;
  const clock = new QuickClock();
  const serverNow = () => {
    const jumped = jump && clock.elapsed() > jump.afterMs ? jump.ms : 0;
    return 1_800_000_000_000 + phase + clock.elapsed() + jumped;
  };
  const server = new ServerLimit({ limit: LIMIT, windowMs: WINDOW_MS, windows }, serverNow);
  const limiter = new RateLimiter({ clock, maxPerSecond });
  let [left, refused, seed] = [requests, 0, phase + latencyMs];
  const jitter = () => (seed = (seed * 16807) % 2147483647) % (latencyMs / 2 + 1);
  async function send(): Promise<boolean> {
    const ticket = await limiter.acquire();
    await clock.delay((latencyMs + jitter()) / 2);
    const headers = new Headers(hasDates ? { date: new Date(serverNow()).toUTCString() } : {});
    let isRefused = false;
    try {
      for (const [name, value] of Object.entries(server.take())) headers.set(name, value);
    } catch (error) {
      assert.ok(error instanceof ApiError);
      isRefused = true;
    }
    await clock.delay((latencyMs + jitter()) / 2);
    limiter.learn(headers, ticket);
    if (!isRefused) return true;
    refused++;
    limiter.pause(1000);
    return false;
  }
  let isDone = false;
  const others = async () => {
    for (; !isDone; await clock.delay(othersEachMs!)) {
      try {
        server.take();
      } catch {
        // They are refused as well.
      }
    }
  };
  if (othersEachMs !== undefined) others();
  const worker = async () => {
    while (left-- > 0) while (!await send());
  };
  // What comes before all others: a project is opened before anything of it is read.
  await clock.passWhile((async () => {
    for (let first = 0; first < 3; first++) {
      await send();
      left--;
    }
    await Promise.all(Array.from({ length: workers }, worker));
  })());
  isDone = true;
  return { limiter, refused, seconds: clock.elapsed() / 1000 };
}

const PHASES = [0, 40, 700, 1500, 2200, 2990];

Deno.test("RateLimiter uses all of windows that begin by the API's clock", async () => {
  let aligned = 0;
  for (const phase of PHASES) {
    for (const latencyMs of [20, 150, 900]) {
      const requests = 600;
      const { limiter, refused, seconds } = await run({
        windows: "aligned",
        requests,
        phase,
        latencyMs,
      });
      const shown = `${latencyMs} ms, ${phase}: ${seconds} s`;
      assert.equal(refused, 0, shown);
      // One request of each of the first windows is kept, to see by.
      const least = limiter.leastSeconds(requests + 3);
      assert.equal(least, 30);
      // Windows that can't be told apart in time are left as they are: that costs 5 %.
      const inGuard = limiter.isAligned ? least * 1.05 : least * 1.1;
      const most = latencyMs === 900 ? least * 1.15 + 5 : inGuard;
      if (limiter.isAligned) aligned++;
      assert.ok(seconds <= most, shown);
    }
  }
  assert.ok(aligned >= PHASES.length, `${aligned} of ${PHASES.length * 3}`);
});

Deno.test("RateLimiter counts in any window where windows begin otherwise, and is never refused", async () => {
  for (const windows of ["first request", "sliding"] as const) {
    for (const phase of PHASES) {
      for (const latencyMs of [5, 150, 400]) {
        for (const workers of [4, 40]) {
          const { limiter, refused, seconds } = await run({
            windows,
            requests: 1000,
            phase,
            latencyMs,
            workers,
          });
          const shown = `${windows}, ${latencyMs} ms, ${phase}, ${workers} at a time`;
          assert.equal(refused, 0, shown);
          assert.ok(!limiter.isAligned, shown);
          if (workers === 40) assert.ok(seconds < 16 * 3 * 1.15 + 6, `${shown}: ${seconds} s`);
        }
      }
    }
  }
});

Deno.test("RateLimiter isn't refused more often for the windows it knows while others use the quota", async () => {
  for (const windows of ["aligned", "first request", "sliding"] as const) {
    for (const othersEachMs of [100, 700, 2000]) {
      const how = { windows, requests: 1000, phase: 1000, othersEachMs };
      const { refused } = await run(how);
      const { refused: unknowing } = await run({ ...how, hasDates: false });
      const shown = `${windows}, one each ${othersEachMs} ms: ${refused}, ${unknowing}`;
      assert.ok(refused <= unknowing * 1.2 + 40, shown);
    }
  }
});

Deno.test("RateLimiter takes what the API's clock can't tell for unknown", async () => {
  for (const windows of ["aligned", "first request", "sliding"] as const) {
    const dateless = await run({ windows, requests: 300, phase: 500, hasDates: false });
    assert.deepEqual([dateless.refused, dateless.limiter.isAligned], [0, false], windows);
    const jumping = await run({
      windows,
      requests: 900,
      phase: 500,
      jump: { afterMs: 20_000, ms: 1400 },
    });
    assert.ok(jumping.refused <= 40, `${windows}: ${jumping.refused}`);
    assert.ok(jumping.seconds < 15 * 3.15 + 8, `${windows}: ${jumping.seconds} s`);
  }
});

Deno.test("RateLimiter sends no more than maxPerSecond, evenly", async () => {
  const { limiter, refused, seconds } = await run({
    windows: "aligned",
    requests: 100,
    maxPerSecond: 5,
  });
  assert.equal(refused, 0);
  assert.equal(limiter.perSecond, 5);
  assert.equal(limiter.leastSeconds(101), 20);
  assert.ok(seconds > 19.9 && seconds < 22, `${seconds} s`);
});

Deno.test("RateLimiter.release() counts what was never answered, and holds nobody up", async () => {
  const clock = new QuickClock();
  const limiter = new RateLimiter({ clock });
  for (let at = 0; at < 59; at++) limiter.release(await limiter.acquire());
  assert.equal(limiter.available, 1);
  await clock.passWhile(Promise.all([limiter.acquire(), limiter.acquire()]));
  assert.ok(clock.elapsed() <= 3150);
});

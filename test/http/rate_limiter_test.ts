import assert from "node:assert/strict";
import fc from "fast-check";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import { serveHttp } from "../support/http_server.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { undisturbed } from "../support/undisturbed.ts";

/** The most moments in any window of this length. */
function mostInWindow(moments: readonly number[], windowMs: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < moments.length; last++) {
    while (moments[last]! - moments[first]! >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function learned(limiter: RateLimiter, headers: Record<string, string>): RateLimiter {
  limiter.learn(new Headers(headers));
  return limiter;
}

Deno.test("RateLimiter.acquire() lets no window see more than the limit, and wastes none of it", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ limit: 5, windowMs: 300, clock });
  const moments: number[] = [];
  const worker = async () => {
    for (let i = 0; i < 3; i++) {
      await limiter.acquire();
      moments.push(clock.elapsed());
    }
  };
  await clock.passWhile(Promise.all(Array.from({ length: 10 }, worker)));
  assert.equal(moments.length, 30);
  assert.equal(mostInWindow(moments, 300), 5);
  // 30 requests are one burst and five windows, each a bit longer than the API's.
  assert.ok(Math.abs(clock.elapsed() - 5 * 315) < 10, `${clock.elapsed()} ms`);
});

Deno.test(
  "RateLimiter.acquire() keeps a server from seeing more than the limit in any window",
  undisturbed(async () => {
    const arrivals: number[] = [];
    await using server = serveHttp(() => {
      arrivals.push(performance.now());
      return new Response("x", { headers: { "x-ratelimit-limit": "8" } });
    });
    const limiter = new RateLimiter({ limit: 4, windowMs: 300 });
    await (await fetch(server.url)).text();
    arrivals.length = 0;
    await Promise.all(Array.from({ length: 20 }, async () => {
      await limiter.acquire();
      const response = await fetch(server.url);
      limiter.learn(response.headers);
      await response.text();
    }));
    assert.equal(arrivals.length, 20);
    assert.equal(limiter.limit, 8);
    // The network may bring requests closer together: a busy machine even more.
    assert.ok(mostInWindow(arrivals, 150) <= 8, arrivals.join());
  }),
);

Deno.test("RateLimiter.acquire() serves hundreds that wait, in about the order in which they came", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ limit: 100, windowMs: 20, clock });
  const order: number[] = [];
  await clock.passWhile(Promise.all(Array.from({ length: 400 }, async (_, n) => {
    await limiter.acquire();
    order.push(n);
  })));
  assert.equal(order.length, 400);
  assert.ok(order.slice(0, 100).every((n) => n < 100));
});

Deno.test("RateLimiter.acquire() ends its wait with the signal's reason, and takes no token for it", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ limit: 1, windowMs: 30, clock });
  await limiter.acquire();
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = Array.from({ length: 5 }, () => limiter.acquire(controller.signal));
  controller.abort(reason);
  for (const each of waiting) await assert.rejects(each, reason);
  await assert.rejects(limiter.acquire(controller.signal), reason);
  await clock.advance(31);
  assert.equal(limiter.available, 0);
  await clock.advance(1);
  assert.equal(limiter.available, 1);
  assert.equal(clock.waiting, 0);
});

Deno.test("RateLimiter.learn() takes the limit from the headers, also a smaller one", () => {
  const limiter = new RateLimiter({ limit: 60 });
  assert.equal(learned(limiter, { "x-ratelimit-limit": "120" }).available, 120);
  assert.equal(learned(limiter, { "x-ratelimit-limit": "10" }).available, 10);
  assert.equal(limiter.limit, 10);
  assert.ok(Math.abs(limiter.perSecond - 10 / 3.15) < 1e-9);
});

Deno.test("RateLimiter.learn() takes out what somebody else has used, and believes in no gift", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ limit: 10, windowMs: 20, clock });
  await limiter.acquire();
  assert.equal(learned(limiter, { "x-ratelimit-remaining": "4" }).available, 4);
  assert.equal(learned(limiter, { "x-ratelimit-remaining": "9" }).available, 4);
  assert.equal(learned(limiter, { "x-ratelimit-remaining": "0" }).available, 0);
  await clock.advance(20);
  assert.equal(limiter.available, 0);
  await clock.advance(1);
  assert.equal(limiter.available, 10, "a window later all is back");
});

Deno.test("RateLimiter.learn() ignores headers that are missing or make no sense", () => {
  const limiter = new RateLimiter({ limit: 10 });
  for (const text of ["", "0", "-1", "many", "1.5", "1e3", "Infinity", "99999999999999999999"]) {
    learned(limiter, {
      "x-ratelimit-limit": text,
      "x-ratelimit-remaining": text === "0" ? "10" : text,
    });
    assert.equal(limiter.limit, 10, text);
    assert.equal(limiter.available, 10, text);
  }
  assert.equal(learned(limiter, {}).available, 10);
});

Deno.test("RateLimiter.learn() never lets more through than any header said", () => {
  const headers = fc.record({
    "x-ratelimit-limit": fc.option(fc.integer({ min: 1, max: 1000 }).map(String), {
      nil: undefined,
    }),
    "x-ratelimit-remaining": fc.option(fc.nat(1000).map(String), { nil: undefined }),
  });
  fc.assert(fc.property(fc.array(headers, { maxLength: 10 }), (answers) => {
    const limiter = new RateLimiter({ limit: 60, windowMs: 60_000 });
    for (const answer of answers) {
      const given = Object.entries(answer).filter(([, value]) => value !== undefined) as [
        string,
        string,
      ][];
      limiter.learn(new Headers(given));
      const remaining = Number(answer["x-ratelimit-remaining"] ?? Infinity);
      assert.ok(limiter.available <= Math.min(remaining, limiter.limit));
      assert.ok(limiter.available >= 0);
    }
  }));
});

Deno.test("RateLimiter.pause() lets nobody through for a while, and can't be shortened", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ limit: 10, windowMs: 1000, clock });
  limiter.pause(60);
  limiter.pause(1);
  await clock.passWhile(Promise.all([limiter.acquire(), limiter.acquire()]));
  assert.equal(clock.elapsed(), 60);
});

Deno.test("RateLimiter.pause() of any length waits without spinning, and can be aborted", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ clock });
  limiter.pause(2 ** 45);
  const controller = new AbortController();
  let checks = 0;
  const signal = new Proxy(controller.signal, {
    get(target, key) {
      if (key === "throwIfAborted") checks++;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const waiting = limiter.acquire(signal);
  await clock.advance(86_400_000);
  controller.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  assert.ok(checks <= 4, `woke up ${checks} times`);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { askedWaitMs, backoffMs, type RetryPolicy } from "../../src/async/retry.ts";

const policy: RetryPolicy = {
  maxAttempts: 10,
  baseDelayMs: 100,
  maxDelayMs: 1000,
  maxTotalWaitMs: 10_000,
};

Deno.test("backoffMs() doubles with each attempt up to the longest wait, with jitter", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), (attempt) => {
    const longest = Math.min(1000, 100 * 2 ** (attempt - 1));
    const wait = backoffMs(policy, attempt);
    assert.ok(wait >= longest / 2 && wait <= longest, `${wait} after attempt ${attempt}`);
  }));
});

Deno.test("backoffMs() never waits less than the server asks for", () => {
  assert.equal(backoffMs(policy, 1, 5000), 5000);
  assert.ok(backoffMs(policy, 1, 1) >= 50);
});

Deno.test("askedWaitMs() reads X-RateLimit-Reset and Retry-After, in seconds or as a date", () => {
  const asked = (headers: Record<string, string>) => askedWaitMs(new Headers(headers));
  assert.equal(asked({}), 0);
  assert.equal(asked({ "x-ratelimit-reset": "3" }), 3000);
  assert.equal(asked({ "x-ratelimit-reset": "0" }), 0);
  assert.equal(asked({ "retry-after": "2" }), 2000);
  assert.equal(asked({ "x-ratelimit-reset": "1", "retry-after": "2" }), 2000);
  const inTen = new Date(Date.now() + 10_000).toUTCString();
  const wait = asked({ "retry-after": inTen });
  assert.ok(wait > 8000 && wait <= 10_000, String(wait));
});

Deno.test("askedWaitMs() takes nonsense and the past for no wish at all", () => {
  for (
    const text of [
      "",
      "soon",
      "-5",
      "NaN",
      "Infinity",
      "1e999",
      "1e308",
      "Tue, 01 Jan 2019 00:00:00 GMT",
    ]
  ) {
    const headers = new Headers({ "x-ratelimit-reset": text, "retry-after": text });
    assert.equal(askedWaitMs(headers), 0, text);
  }
});

Deno.test("askedWaitMs() takes a date by the server's own clock", () => {
  for (const date of ["Tue, 01 Jan 2019 00:00:00 GMT", "Sat, 01 Jan 2157 00:00:00 GMT"]) {
    const at = new Date(Date.parse(date) + 4000).toUTCString();
    assert.equal(askedWaitMs(new Headers({ date, "retry-after": at })), 4000);
  }
  const inFour = new Date(Date.now() + 4000).toUTCString();
  const wait = askedWaitMs(new Headers({ date: "today", "retry-after": inFour }));
  assert.ok(wait > 2000 && wait <= 4000, String(wait));
});

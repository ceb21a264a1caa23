import assert from "node:assert/strict";
import { type S3RetryOptions, withS3Retries } from "../../../src/storage/s3/retry.ts";
import { msOf } from "../../support/until.ts";

const refused = () => Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
const reset = () => Object.assign(new Error("reset"), { code: "ECONNRESET" });
const denied = () => Object.assign(new Error("no"), { name: "AccessDenied" });

/** How often something that always fails is tried, and for how long. */
async function tried(error: () => Error, options: Partial<S3RetryOptions>) {
  let count = 0;
  const run = () => {
    count++;
    return Promise.reject(error());
  };
  const all = { attempts: 1, retryFor: 0, retryDelay: 1, hasAnswered: true, ...options };
  const ms = await msOf(() => assert.rejects(withS3Retries(run, all), error()));
  return { count, ms };
}

Deno.test("withS3Retries() tries for a time, however often", async () => {
  for (const error of [refused, reset]) {
    const { count, ms } = await tried(error, { retryFor: 200 });
    assert.ok(count > 2, `${count}`);
    assert.ok(ms >= 199, `${ms} ms`);
  }
});

Deno.test("withS3Retries() tries a number of times, however long that takes", async () => {
  assert.equal((await tried(reset, { attempts: 5 })).count, 5);
  let count = 0;
  const slow = async () => {
    count++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw reset();
  };
  const options = { attempts: 4, retryFor: 10, retryDelay: 1, hasAnswered: true };
  await assert.rejects(withS3Retries(slow, options));
  assert.equal(count, 4);
});

Deno.test("withS3Retries() doesn't try again what can't change", async () => {
  const { count } = await tried(denied, { attempts: 9, retryFor: 60_000 });
  assert.equal(count, 1);
});

Deno.test("withS3Retries() asks more seldom when nothing listens any more", async () => {
  const random = Math.random;
  Math.random = () => 1;
  try {
    const count = async (hasAnswered: boolean, error: () => Error) =>
      (await tried(error, { retryFor: 300, hasAnswered, retryDelay: 2 })).count;
    // 2 + 4 + … + 128 + the rest of 300 ms, and 20 + 40 + … + 160.
    assert.ok(await count(true, refused) <= 7);
    assert.ok(await count(true, reset) >= await count(true, refused) + 2);
    assert.ok(await count(false, refused) >= await count(true, refused) + 2);
  } finally {
    Math.random = random;
  }
});

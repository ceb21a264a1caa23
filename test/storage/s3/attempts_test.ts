import assert from "node:assert/strict";
import { EXIT } from "../../../src/error.ts";
import { attemptsOf } from "../../../src/storage/s3/attempts.ts";
import { StorageError } from "../../../src/storage/storage.ts";

Deno.test("attemptsOf() takes what is given, then the variable, then a minute", () => {
  assert.deepEqual(attemptsOf(2, "3"), { attempts: 2, retryFor: 0 });
  assert.deepEqual(attemptsOf(undefined, "3"), { attempts: 3, retryFor: 0 });
  assert.deepEqual(attemptsOf(undefined, undefined), { attempts: 6, retryFor: 60_000 });
});

Deno.test("attemptsOf() refuses what would be tried for ever, or never", () => {
  for (const variable of ["many", "0", "-1", "1.5", "Infinity", "NaN"]) {
    assert.throws(() => attemptsOf(undefined, variable), (error) => {
      assert.ok(error instanceof StorageError);
      assert.equal(error.exitCode, EXIT.usage);
      assert.match(
        error.message,
        /^AWS_MAX_ATTEMPTS must be a whole number above 0, but is ".*"\.$/,
      );
      return true;
    });
  }
  for (const given of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(
      () => attemptsOf(given, "3"),
      /^StorageError: maxAttempts must be a whole number/,
    );
  }
});

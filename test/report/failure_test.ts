import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { failureOf } from "../../src/report/failure.ts";

Deno.test("failureOf() shows nothing that a terminal obeys, in messages and stacks", () => {
  const { signal } = new AbortController();
  const error = new TypeError(`\x1b[2J\x9b2J\u202e${"\n".repeat(1000)}${"long ".repeat(10_000)}`);
  const { message, stack, exitCode } = failureOf(error, signal);
  assert.equal(exitCode, EXIT.failed);
  assert.match(message, /^Something went wrong .*\(TypeError: \\u001b\[2J\\u009b2J\\u202e\\u000a/);
  assert.match(stack!, /^TypeError: \\u001b\[2J\\u009b2J\\u202e\n/);
  for (const text of [message, ...stack!.split("\n")]) {
    assert.match(text, /^[^\p{Cc}\p{Bidi_Control}]{0,4200}$/u);
  }
  assert.match(
    failureOf(new Deno.errors.NotCapable("Requires net access, run again"), signal).message,
    /^Deno may not do this: Requires net access, run again\.$/,
  );
  assert.match(
    failureOf(new Error("here"), signal).stack!,
    /^Error: here\n {4}at .*failure_test\.ts/,
  );
});

import assert from "node:assert/strict";
import { outputTo } from "../../src/cli/output_to.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

Deno.test("outputTo() waits for a reader that has enough for now, and loses nothing", () => {
  const decoder = new TextDecoder();
  let calls = 0;
  let written = "";
  const stream = {
    writeSync(bytes: Uint8Array) {
      if (++calls % 2 === 1) throw new Deno.errors.WouldBlock("Resource temporarily unavailable");
      written += decoder.decode(bytes.subarray(0, 3), { stream: true });
      return Math.min(3, bytes.length);
    },
  };
  outputTo(stream, () => true).write("sluice – héllo");
  assert.equal(written, "sluice – héllo");
});

Deno.test("outputTo() says that a result can't be written, but for errors that may be dropped", () => {
  const stream = {
    writeSync(): number {
      throw new Error("No space left on device (os error 28)");
    },
  };
  outputTo(stream, () => true).write("a line");
  assert.throws(() => outputTo(stream, () => false).write("a result"), (error: unknown) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.failed);
    assert.equal(
      error.message,
      "The command did its work, but its result can't be written to stdout: No space left on " +
        "device (os error 28).",
    );
    return true;
  });
});

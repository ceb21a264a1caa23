import assert from "node:assert/strict";
import { denoDir, denoTask, startInTerminal } from "../support/terminal.ts";

Deno.test("deno task sluice --help is shown in a terminal, and ends with 0", async () => {
  const { code, output } = await startInTerminal(denoTask("sluice", "--help"), {
    env: { DENO_DIR: denoDir() },
  }).end;
  assert.equal(code, 0, output);
  assert.match(output, /Usage/);
});

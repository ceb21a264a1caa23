import assert from "node:assert/strict";
import { denoTask, startInTerminal } from "../support/terminal.ts";

Deno.test("deno task sluice --help is shown in a terminal, and ends with 0", async () => {
  const { code, output } = await startInTerminal(denoTask("sluice", "--help"), {
    env: { DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno` },
  }).end;
  assert.equal(code, 0, output);
  assert.match(output, /Usage/);
});

import assert from "node:assert/strict";
import { denoArgs } from "../support/permissions.ts";
import { turn } from "../support/until.ts";
import { ROOT } from "./program.ts";

/** Programs that are told to stop. */

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function isHealthy(address: string): Promise<boolean> {
  try {
    return await (await fetch(`http://${address}/healthz`)).text() === "ok\n";
  } catch {
    return false;
  }
}

Deno.test("tasks/cron.ts ends by itself when it is interrupted, as on Deno Deploy", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const to = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: denoArgs("cron"),
    cwd: ROOT,
    env: {
      DATOCMS_API_TOKEN: "0123456789abcdef0123456789abcd",
      SLUICE_TO: to,
      // Not while this runs.
      SLUICE_CRON: "0 0 29 2 *",
      DENO_SERVE_ADDRESS: `tcp:${address}`,
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const stderr = new Response(child.stderr).text();
    let isOver = false;
    const status = child.status.finally(() => isOver = true);
    while (!isOver && !await isHealthy(address)) await turn();
    if (!isOver) child.kill("SIGINT");
    const { code, signal } = await status;
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, await stderr);
    assert.ok(!/sluice:|error/i.test(await stderr), await stderr);
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

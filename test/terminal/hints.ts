import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT } from "../../src/error.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { denoDir, denoTask, runInTerminal } from "../support/terminal.ts";

Deno.test("Hints that an export prints run in a shell as they are, and a terminal of 80 × 24 has bars", async () => {
  let isDown = true;
  const to = await Deno.makeTempDir();
  await using cma = startDemoCma({
    project: sampleProject(),
    rateLimit: false,
    latencyMs: 300,
    onRequest: (_, { pathname }) => {
      return isDown && pathname.endsWith(".png") ? new Response(null, { status: 404 }) : undefined;
    },
  });
  // Another terminal has the token, and nothing else of the first one.
  const token = { DENO_DIR: denoDir(), DATOCMS_API_TOKEN: cma.apiToken };
  const env = { ...token, DATOCMS_BASE_URL: cma.url, SLUICE_ASSET_HOST: cma.assetHost };
  try {
    const place = `${to}/it has blanks`;
    const { code, output } = await runInTerminal(
      denoTask("export", "--to", place, "--include=uploads", "--no-tables"),
      { env },
    );
    assert.equal(code, EXIT.partial, output);
    // deno-lint-ignore no-control-regex -- colours are taken away
    const plain = output.replace(/\x1b\[\d*m/g, "");
    assert.match(plain, /(Assets|Listings) +[█▏▎▍▌▋▊▉░]{8,} +\d+ %/);
    assert.match(plain, /Written +\d+ objects, [\d.]+ k?B/);
    const [, hint] = /retry just these assets: (deno task -q sluice retry .*?)\r?\n/.exec(output)!;
    isDown = false;
    const retry = await runInTerminal(["bash", "-c", hint!], { env: token });
    assert.equal(retry.code, EXIT.complete, retry.output);
    const [, look] = /take a look: (head -n 1 .*?)\r?\n/.exec(retry.output)!;
    const shown = await runInTerminal(["bash", "-c", look!], { env: token });
    assert.equal(shown.code, 0, shown.output);
    assert.match(shown.output, /^\{/);
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

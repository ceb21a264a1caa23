import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT } from "../../src/error.ts";
import { bench, LITTLE, TOKEN } from "./bench.ts";

Deno.test("sluice export keeps the token to itself, whatever the server says", async () => {
  let first = true;
  await using bench_ = await bench({
    onRequest: (request, { pathname }) => {
      if (pathname !== "/roles") return undefined;
      const told = request.headers.get("authorization");
      if (first) {
        first = false;
        const error = { type: "api_error", attributes: { code: told, transient: true } };
        return Response.json({ data: [error] }, { status: 503 });
      }
      const error = { type: "api_error", attributes: { code: "NO", details: { told } } };
      return Response.json({ data: [error] }, { status: 422 });
    },
  });
  for (const format of ["text", "json"]) {
    first = true;
    const { io, exitCode } = await bench_.run([
      "export",
      "--json",
      "--verbose",
      "--log-format",
      format,
      ...LITTLE,
    ]);
    assert.equal(exitCode, EXIT.failed);
    assert.match(io.err(), /status 503 .*\[(redacted|token)\]/);
    assert.match(JSON.parse(io.out()).error, /Bearer \[(redacted|token)\]/);
  }
  first = true;
  const asFlag = await bench_.run(["export", `--api-token=${TOKEN}`, ...LITTLE], {
    env: { DATOCMS_API_TOKEN: "" },
  });
  assert.match(asFlag.io.err(), /Bearer \[(redacted|token)\]/);
});

Deno.test("sluice export keeps the token to itself, even if the project is called like it", async () => {
  const project = sampleProject();
  Object.assign(project.primary.site.attributes, { name: `My ${TOKEN} project` });
  await using bench_ = await bench({ project });
  for (
    const args of [["export", "--verbose", ...LITTLE], [
      "export",
      "--json",
      "--log-format=json",
      ...LITTLE,
    ], ["plan"]]
  ) {
    const { io, exitCode } = await bench_.run(args);
    assert.equal(exitCode, EXIT.complete);
    assert.match(io.out(), /My \[redacted\] project/);
    if (args[0] === "export") assert.match(io.err(), /My \[redacted\] project/);
  }
});

import assert from "node:assert/strict";
import { PROGRAM } from "../../src/cli/command_hint.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT, type ExitCode } from "../../src/error.ts";
import { bench, TOKEN } from "./bench.ts";
import { type FakeIo, fakeIo } from "./fake_io.ts";

/** The commands among what was printed, without what stands for `sluice`. */
function hintsIn(...texts: string[]): string[] {
  return texts.join("\n").split("\n").flatMap((line) => line.split(`${PROGRAM} `).slice(1));
}

/** Types a hint into another terminal, which has the token and nothing else of the first one. */
async function type(hint: string): Promise<{ io: FakeIo; exitCode: ExitCode }> {
  const io = fakeIo({ env: { DATOCMS_API_TOKEN: TOKEN } });
  const words = hint.match(/(?:'[^']*'|\\'|[^\s'])+/g)!.map((word) => word.replaceAll("'", ""));
  return { io, exitCode: await runCli(words, io) };
}

Deno.test("The hint after failed assets retries just these", async () => {
  let isDown = true;
  await using bench_ = await bench({
    onRequest: (_, { pathname }) =>
      isDown && pathname.endsWith(".png") ? new Response(null, { status: 404 }) : undefined,
  });
  const to = `${bench_.to}/it has blanks`;
  const config = `${bench_.to}/sluice.json`;
  await Deno.writeTextFile(config, JSON.stringify({ environment: "spring-issue" }));
  const { io, exitCode } = await bench_.run(
    ["export", "--include=uploads", "--no-tables", "--to", to, "--config", config],
    { env: { SLUICE_FORMAT: "csv", SLUICE_CONCURRENCY: "4" } },
  );
  assert.equal(exitCode, EXIT.partial, io.err());
  const [hint, ...more] = hintsIn(io.out(), io.err());
  assert.deepEqual(more, []);
  assert.match(hint!, /^retry .*--concurrency 4 .*--config /);
  assert.doesNotMatch(hint!, /--include|--no-tables|--format/);
  isDown = false;
  const retry = await type(hint!);
  assert.equal(retry.exitCode, EXIT.complete, retry.io.err());
  assert.match(retry.io.out(), /^Retried the failed assets of .*spring-issue.*: complete\./);
});

Deno.test("The hint after a failed export resumes it, with the same options", async () => {
  let isDown = true;
  await using bench_ = await bench({
    onRequest: (_, { pathname }) => {
      if (!isDown || pathname !== "/uploads") return undefined;
      const error = { id: "x", type: "api_error", attributes: { code: "BROKEN", details: {} } };
      return Response.json({ data: [error] }, { status: 422 });
    },
  });
  const { io } = await bench_.run([
    "export",
    "--models=lock,author",
    "--no-published",
    "--locales",
    "en",
    "-e=spring-issue",
    "--verbose",
  ], { env: { SLUICE_ASSETS: "false", SLUICE_MAX_DELETE: "5" } });
  const [hint, ...more] = hintsIn(io.out(), io.err());
  assert.deepEqual(more, []);
  assert.match(hint!, /^export --resume .*--models lock,author --no-published .*--no-assets/);
  assert.doesNotMatch(hint!, /--verbose|--max-delete|--api-token/);
  isDown = false;
  const resumed = await type(hint!);
  assert.equal(resumed.exitCode, EXIT.complete, resumed.io.err());
  assert.match(resumed.io.err(), /^Resuming the export of /);
  assert.doesNotMatch(resumed.io.err(), /Warning/);
});

Deno.test("The hint after an export that lacks more than assets exports again", async () => {
  const forbidden = ["/roles"];
  await using bench_ = await bench({ forbidden });
  const { io } = await bench_.run(["export", "--include=roles,webhooks", "--resume"]);
  const [hint] = hintsIn(io.out());
  assert.match(hint!, /^export --base-url \S+ --include roles,webhooks --to \S+ --asset-host \S+$/);
  const again = await type(hint!);
  assert.equal(again.exitCode, EXIT.partial, again.io.err());
  assert.deepEqual(hintsIn(again.io.out()), [hint]);
});

Deno.test("An export with --freeze that fails can't be resumed, and no hint says so", async () => {
  await using bench_ = await bench({
    onRequest: (_, { pathname }) => {
      return pathname === "/uploads" ? new Response("no", { status: 418 }) : undefined;
    },
  });
  const { io, exitCode } = await bench_.run(["export", "--freeze", "--include=uploads"]);
  assert.equal(exitCode, EXIT.failed);
  assert.match(io.err(), /\nThe snapshot at \S+ is incomplete\.\n$/);
});

Deno.test("The hint of a schedule that is off switches it on", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["schedule", "disable", "-e", "spring-issue"]);
  const [hint] = hintsIn(io.out());
  const { io: on, exitCode } = await type(hint!);
  assert.equal(exitCode, EXIT.complete, on.err());
  const status = await bench_.run(["schedule", "status", "-e", "spring-issue"]);
  assert.match(status.io.out(), /^Automatic exports {2}on/);
  assert.deepEqual(hintsIn(status.io.out()), []);
});

Deno.test("The hints of refused command lines show help", async () => {
  for (
    const args of [["backup-all"], ["export", "snapshots"], ["plan", "--to", "x"], ["--whatsoever"]]
  ) {
    const io = fakeIo();
    assert.equal(await runCli(args, io), EXIT.usage);
    const [hint] = hintsIn(io.err());
    const help = await type(hint!.replace(/\.$/, ""));
    assert.equal(help.exitCode, EXIT.complete);
    assert.match(help.io.out(), /\nUsage: sluice /);
  }
});

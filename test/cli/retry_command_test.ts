import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { type Bench, bench, TOKEN } from "./bench.ts";

const UPLOADS = ["export", "--include=uploads", "--no-tables"];

/** A project some of whose files can't be had until they are there again. */
async function broken(): Promise<{ readonly bench: Bench; repair(): void }> {
  let isDown = true;
  const opened = await bench({
    onRequest: (_request, { pathname }) =>
      isDown && pathname.endsWith(".svg") ? new Response(null, { status: 404 }) : undefined,
  });
  return { bench: opened, repair: () => isDown = false };
}

/** What an export says at its end whose assets failed: a command that can be typed as it is. */
function hint({ cma, to }: Bench, environment = ""): RegExp {
  const { url, assetHost } = cma;
  return new RegExp(
    `: deno task -q sluice retry${environment} --base-url ${url} --to ${to} --asset-host ${assetHost}\\n$`,
  );
}

Deno.test("sluice retry does what sluice export --retry-failed does, and the hint names it", async () => {
  const { bench: opened, repair } = await broken();
  await using bench_ = opened;
  const nothing = await bench_.run(["retry"]);
  assert.equal(nothing.exitCode, EXIT.failed);
  assert.match(nothing.io.err(), /There is no complete snapshot with asset files at .*: export /);

  const first = await bench_.run(UPLOADS);
  assert.equal(first.exitCode, EXIT.partial, first.io.err());
  assert.match(first.io.out(), hint(bench_));

  /** What is the same each time: not times, nor the number of the list that takes another's place. */
  const steady = (text: string) => {
    return text.replaceAll(/assets_\d+\.ndjson/g, "assets_N.ndjson")
      .replaceAll(/"(retriedAt|durationMs|sha256)": ("[^"]*"|\d+)/g, '"$1": 0');
  };
  const alias = await bench_.run(["export", "--retry-failed", "--json"]);
  const again = await bench_.run(["retry", "--json"]);
  assert.equal(again.exitCode, EXIT.partial, again.io.err());
  assert.equal(again.exitCode, alias.exitCode);
  const [told, expected] = [again, alias].map(({ io }) => JSON.parse(steady(io.out())));
  assert.deepEqual(told, expected);
  assert.ok(told.manifest.assets.failed > 0);
  assert.equal(steady(again.io.err()), steady(alias.io.err()));

  const few = await bench_.run(["retry"], { env: { SLUICE_MAX_FAILURES: "0" } });
  assert.equal(few.exitCode, EXIT.failed);
  assert.match(few.io.err(), /no more than 0 may fail .* the snapshot still lacks them/);

  repair();
  const last = await bench_.run(["retry"]);
  assert.equal(last.exitCode, EXIT.complete, last.io.err());
  assert.match(last.io.out(), /^Retried the failed assets of Slackwater .* in .*: complete\.\n/);
  assert.match(last.io.out(), /\n {2}Assets {4}\d+ downloaded \(.*\), of those that had failed\n/);
  const none = await bench_.run(["retry"]);
  assert.match(none.io.out(), /\n {2}Assets {4}none had failed\n/);
});

Deno.test("sluice retry reads the environment that is named, and no variables of a new export", async () => {
  const { bench: opened, repair } = await broken();
  await using bench_ = opened;
  const ofMain = await bench_.run([...UPLOADS, "--environment=main"]);
  assert.match(ofMain.io.out(), hint(bench_, " --environment main"));
  repair();
  const env = { SLUICE_MODELS: "nothing_like_it", SLUICE_RESUME: "perhaps", SLUICE_ASSETS: "no" };
  const other = await bench_.run(["retry", "--environment=spring-issue"], { env });
  assert.equal(other.exitCode, EXIT.failed);
  assert.match(other.io.err(), /There is no complete snapshot with asset files at .*spring-issue/);
  const { io, exitCode } = await bench_.run(["retry", "-e", "main"], { env });
  assert.equal(exitCode, EXIT.complete, io.err());
});

Deno.test("sluice retry refuses what a new export takes, words, and a lack of a token", async () => {
  await using bench_ = await bench();
  const refusals: [string[], RegExp][] = [
    [
      ["retry", "--resume"],
      /sluice retry has no option --resume: see deno task -q sluice help retry\./,
    ],
    [
      ["retry", "--models=lock"],
      /sluice retry has no option --models: see deno task -q sluice help retry\./,
    ],
    [["retry", "--retry-failed"], /sluice retry has no option --retry-failed/],
    [["retry", "assets"], /sluice retry takes options only, but was given "assets"/],
    [["retyr"], /There is no command "retyr": did you mean retry\?/],
  ];
  for (const [args, message] of refusals) {
    const { io, exitCode } = await bench_.run(args);
    assert.equal(exitCode, EXIT.usage);
    assert.match(io.err(), message);
  }
  const json = await bench_.run(["retry", "--dry-run", "--json"]);
  assert.equal(json.exitCode, EXIT.usage);
  assert.deepEqual(JSON.parse(json.io.out()), {
    status: "failed",
    exitCode: EXIT.usage,
    error: "sluice retry has no option --dry-run: see deno task -q sluice help retry.",
  });
  const tokenless = await bench_.run(["retry"], { env: { DATOCMS_API_TOKEN: undefined! } });
  assert.equal(tokenless.exitCode, EXIT.usage);
  assert.match(tokenless.io.err(), /An API token is needed/);
  assert.ok(!tokenless.io.err().includes(TOKEN));
});

Deno.test("sluice help retry has its own options, exit codes and sentence; sluice help names it", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["help", "retry"]);
  assert.match(io.out(), /^sluice retry: /);
  assert.match(io.out(), /\nUsage: sluice retry \[options\]\n/);
  const flags = Array.from(io.out().matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm), ([, flag]) => flag);
  assert.deepEqual(flags, [
    "--api-token",
    "--api-token-file",
    "--environment",
    "--base-url",
    "--max-rps",
    "--to",
    "--sse",
    "--sse-kms-key-id",
    "--storage-class",
    "--allow-public",
    "--asset-host",
    "--max-failures",
    "--known-failures",
    "--strict",
    "--concurrency",
    "--json",
    "--log-format",
    "--quiet",
    "--verbose",
    "--timeout",
    "--config",
  ]);
  assert.match(io.out(), /\nExit codes\n {2}0 .*\n(.*\n)* {2}3 /);
  assert.doesNotMatch(io.out(), /\n {2}4 /);
  assert.match((await bench_.run(["help"])).io.out(), /\n {2}retry +\S/);
});

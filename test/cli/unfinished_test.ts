import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { bench, filesBelow } from "./bench.ts";
import { undisturbed } from "../support/undisturbed.ts";

const LITTLE = ["--models=article", "--include=records,uploads,roles"];

Deno.test(
  "sluice export --time-budget stops with exit code 4, and --resume completes the snapshot",
  undisturbed(async () => {
    let hangs = true;
    const hang = new AbortController();
    await using bench_ = await bench({
      onRequest: async (_request, { pathname }) => {
        if (hangs && pathname === "/items") {
          await new Promise((resolve) => hang.signal.addEventListener("abort", resolve));
        }
        return undefined;
      },
    });
    const text = await bench_.run(["export", ...LITTLE, "--time-budget", "3s"]);
    assert.equal(text.exitCode, EXIT.unfinished, text.io.err());
    assert.equal(text.io.out(), "");
    assert.match(
      text.io.err(),
      /The time budget is used up, and the snapshot at \/\S+ isn't complete yet: --resume continues it\.\nTo resume it: deno task -q sluice export --resume [^\n]*\n$/,
    );
    assert.doesNotMatch(text.io.err(), /is incomplete/);
    const json = await bench_.run(["export", ...LITTLE, "--time-budget=1s", "--resume", "--json"]);
    assert.equal(json.exitCode, EXIT.unfinished, json.io.err());
    const { status, exitCode, error, snapshot, manifest } = JSON.parse(json.io.out());
    assert.deepEqual([status, exitCode, manifest], ["unfinished", EXIT.unfinished, null]);
    assert.match(
      error,
      /^The time budget was used up before anything new was added to the snapshot/,
    );
    hangs = false;
    hang.abort();
    const { io, exitCode: last } = await bench_.run(["export", ...LITTLE, "--resume", "--json"]);
    assert.equal(last, EXIT.complete, io.err());
    const report = JSON.parse(io.out());
    assert.deepEqual([report.status, report.snapshot], ["complete", snapshot]);
    const files = await filesBelow(bench_.to);
    assert.equal(files.filter((path) => path.endsWith("/canary.txt")).length, 1);
    assert.ok(!files.some((path) => path.includes("/resume/")), files.join("\n"));
  }),
);

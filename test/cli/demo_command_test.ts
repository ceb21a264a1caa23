import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { fakeIo } from "./fake_io.ts";
import { temporaryPath } from "../support/temporary.ts";

Deno.test("sluice demo exports the sample project, and shows what came out", async () => {
  const to = await temporaryPath();
  try {
    // What would lead a real export elsewhere doesn't reach the demo.
    const env = {
      DATOCMS_API_TOKEN: "0123456789abcdef",
      SLUICE_TO: "s3://production",
      SLUICE_JSON: "yes",
    };
    const io = fakeIo({ env });
    assert.equal(await runCli(["demo", "--to", to], io), EXIT.complete, io.err());
    const out = io.out();
    assert.match(out, /^Exported Slackwater /);
    const tree = out.slice(out.indexOf(`\n${to}/\n`));
    assert.match(tree, /\n {2}assets\/project_48213\/ +12 files +\d+ kB\n/);
    assert.match(tree, /\n {2}content\/project_48213\/snapshot_\d+\/\n/);
    assert.match(tree, /\n {4}records\/article\/ +2 files +\d+ kB\n/);
    assert.match(tree, /\n {4}site\.json +\d+ kB\n/);
    assert.match(tree, /\n {4}manifest\.json\n {4}canary\.txt\n/);
    assert.match(
      tree,
      /\nThe first lines of tables\/records\/article\/version=current\/part_000\.ndjson:\n( {2}\{"id":".*…\n){3}/,
    );
    assert.match(
      tree,
      /\nNext, export a project of your own: .*\n[^]*\n {2}deno task -q sluice export .*\n$/,
    );
    assert.match(tree, /\n.* verify .*\n {2}48213\/\d+: intact \(\d+ objects, .*\)\n/);
    // Both may have been begun in the same second.
    for (const name of ["spring-issue", "main"]) {
      assert.match(
        tree,
        new RegExp(`\\n.* list --from .*\\n {2}Snapshot .*\\n(?:.*\\n)?.* ${name} .*\\n`),
      );
    }
    assert.match(
      tree,
      /\n.* show 48213\/\d+ --from .*\n {2}Slackwater [^]*\n {2}State +complete, /,
    );
    assert.match(
      tree,
      /hasn't:\n {2}added record notice \S+: Spring, probably\nRestored into an empty project on this machine, and compared: 38 records, no differences\.\n\nNext, /,
    );
    assert.ok(out.split("\n").length < 100);
    const [shown] = /(?<= )verify .*(?=\n)/.exec(tree)!;
    const again = fakeIo();
    assert.equal(await runCli(shown.split(" "), again), EXIT.complete, again.err());
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

Deno.test("sluice demo --json writes the report only", async () => {
  const to = await temporaryPath();
  try {
    const io = fakeIo();
    const args = [
      "demo",
      "--to",
      to,
      "--json",
      "--models",
      "article",
      "--tables-only",
      "--format=csv",
    ];
    assert.equal(await runCli(args, io), EXIT.complete, io.err());
    assert.equal(JSON.parse(io.out()).status, "complete");
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

Deno.test("sluice demo stops its server when it is cancelled", async () => {
  const to = await temporaryPath();
  try {
    const io = fakeIo({ onErr: (text) => text.startsWith("Exporting") && io.cancel() });
    assert.equal(await runCli(["demo", "--to", to], io), EXIT.cancelled);
  } finally {
    await Deno.remove(to, { recursive: true });
  }
});

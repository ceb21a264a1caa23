import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { until } from "../support/until.ts";
import { bench, LITTLE } from "./bench.ts";

Deno.test("sluice export --label notes labels that list shows and chooses by, and prune keeps", async () => {
  await using bench_ = await bench();
  const ids: string[] = [];
  for (
    const args of [["--label", "reason=upgrade", "--label", "by=a b=c"], ["--label=by=ci"], []]
  ) {
    const { io, exitCode } = await bench_.run(["export", ...LITTLE, "--json", ...args]);
    assert.equal(exitCode, EXIT.complete, io.err());
    ids.push(JSON.parse(io.out()).snapshot.split("_").at(-1));
    await until(() => Date.now() >= (Number(ids.at(-1)) + 1) * 1000, "the next second");
  }
  const list = async (args: string[], env: Record<string, string> = {}) => {
    const { io, exitCode } = await bench_.run(["list", "--json", ...args], { env });
    assert.equal(exitCode, EXIT.complete, io.err());
    return JSON.parse(io.out());
  };
  const all = await list([]);
  assert.deepEqual(all.snapshots.map(({ labels }: { labels: unknown }) => labels), [
    {},
    { by: "ci" },
    { reason: "upgrade", by: "a b=c" },
  ]);
  const found = async (args: string[], env?: Record<string, string>) => {
    const { snapshots } = await list(args, env);
    return snapshots.map(({ id }: { id: string }) => ids.indexOf(id));
  };
  assert.deepEqual(await found(["--label", "by"]), [1, 0]);
  assert.deepEqual(await found(["--label", "by=ci"]), [1]);
  assert.deepEqual(await found(["--label", "by,reason"]), [0]);
  assert.deepEqual(await found(["--label", "by", "--label", "reason=upgrade"]), [0]);
  assert.deepEqual(await found(["--label", "by=c"]), []);
  assert.deepEqual(await found(["--label", "constructor"]), []);
  // What exports are labelled with by a variable isn't asked for.
  assert.deepEqual(await found([], { SLUICE_LABELS: "by=ci" }), [2, 1, 0]);
  const { snapshots, next } = await list(["--label", "by", "--limit=1"]);
  assert.deepEqual([snapshots.length, next], [1, snapshots[0].name]);
  assert.deepEqual(await found(["--label", "by", "--limit=1", "--before", next]), [0]);

  const text = await bench_.run(["list"], { columns: 200 });
  assert.match(text.io.out(), /Labels +Tool\n/);
  assert.match(text.io.out(), / reason=upgrade, by=a b=c /);
  const shown = await bench_.run(["show", ids[0]!]);
  assert.match(shown.io.out(), /\nLabels +reason=upgrade, by=a b=c\n/);
  assert.doesNotMatch((await bench_.run(["show", ids[2]!])).io.out(), /Labels/);

  const pruned = await bench_.run(["prune", "--keep-label", "reason", "--json"]);
  assert.equal(pruned.exitCode, EXIT.complete, pruned.io.err());
  const { keep, remove } = JSON.parse(pruned.io.out());
  assert.deepEqual(remove.map(({ id }: { id: string }) => id), [ids[1]]);
  assert.ok(keep.some(({ reasons }: { reasons: string[] }) => reasons.includes("label reason")));
});

Deno.test("sluice export refuses labels that can't be asked for, and takes those of SLUICE_LABELS", async () => {
  await using bench_ = await bench();
  for (const label of ["reason", "=x", "a b=c", "-a=b", `a=${"x".repeat(257)}`, "a=b\nc"]) {
    const { io, exitCode } = await bench_.run(["export", ...LITTLE, `--label=${label}`]);
    assert.equal(exitCode, EXIT.usage, label);
    assert.match(io.err(), /label/i);
  }
  const env = { SLUICE_LABELS: "a=1,b=2" };
  const { io } = await bench_.run(["export", ...LITTLE, "--json"], { env });
  assert.deepEqual(JSON.parse(io.out()).manifest.labels, {
    a: "1",
    b: "2",
  });
});

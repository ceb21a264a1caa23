import assert from "node:assert/strict";
import { snapshotIds } from "../../../src/cli/completions/snapshot_ids.ts";
import { runCli } from "../../../src/cli/run_cli.ts";
import { EXIT } from "../../../src/error.ts";
import { openFake } from "../../s3/open_fake.ts";
import { temporaryPath } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";
import { FakeClock, fakeIo, type FakeIoOptions } from "../fake_io.ts";

/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;

/** What is offered, given a line; nothing is ever said besides. */
async function offered(line: readonly string[], options: FakeIoOptions = {}): Promise<string[]> {
  const io = fakeIo(options);
  assert.equal(await runCli(["completions", "snapshots", "--", ...line], io), EXIT.complete);
  assert.equal(io.err(), "");
  return io.out().split("\n").slice(0, -1);
}

Deno.test("sluice completions snapshots lists ids of the place that a line or variables name", async () => {
  const path = await temporaryPath();
  try {
    const project = `${path}/many here/content/project_1`;
    const ids = Array.from({ length: 32 }, (_, i) => String(FIRST + i)).reverse();
    const staging = String(FIRST + 1000);
    for (const id of ids) await Deno.mkdir(`${project}/snapshot_${id}`, { recursive: true });
    await Deno.mkdir(`${project}/staging/snapshot_${staging}`, { recursive: true });
    await Deno.mkdir(`${project}/staging/snapshot_${ids[0]}`, { recursive: true });
    const place = `${path}/many here`;
    // Two have the same id.
    const all = [staging, `1/${ids[0]}`, `1/staging/${ids[0]}`, ...ids.slice(1)];

    assert.deepEqual(await offered(["show", "--from", place, ""]), all.slice(0, 30));
    const [SLUICE_FROM, SLUICE_TO] = [place, `${path}/none`];
    assert.deepEqual(
      await offered(["cat", ""], { env: { SLUICE_FROM, SLUICE_TO } }),
      all.slice(0, 30),
    );
    // The oldest is found by its digits.
    assert.deepEqual(
      await offered(["tables", "make", ids.at(-1)!], { env: { SLUICE_TO: place } }),
      ids.slice(-1),
    );
    assert.deepEqual(await offered([`--from=${place}`, "diff", ids.at(-1)!, "1/st"]), [
      `1/staging/${staging}`,
      `1/staging/${ids[0]}`,
    ]);
    const env = { SLUICE_FROM: place, DATOCMS_ENVIRONMENT: "staging" };
    assert.deepEqual(await offered(["verify", "-e", "staging", ""], { env }), [staging, ids[0]]);
    assert.deepEqual(await offered(["verify", ""], { env }), [staging, ids[0]]);
    // Those of the primary one, as only manifests tell what it is called.
    assert.deepEqual(await offered(["copy", "-e", "main", ""], { env }), ids.slice(0, 30));
    // It has no such option.
    assert.deepEqual(await offered(["download", staging], { env }), [staging]);
    const file = `${path}/sluice.json`;
    await Deno.writeTextFile(file, JSON.stringify({ to: place }));
    assert.deepEqual(await offered(["show", "--config", file, staging]), [staging]);
    const home = { env: { HOME: path } };
    assert.deepEqual(await offered(["show", "--from=~/many here", staging], home), [staging]);

    // Whatever is wrong, nobody is told here.
    const wrong = { env: { SLUICE_FRM: place, SLUICE_TO: place, SLUICE_CONFIG: `${path}/none` } };
    for (
      const line of [
        ["show", "--from", `${path}/none`, ""],
        ["show", "--from", "ftp://there", ""],
        ["show", "--from", place, "--project", "2", ""],
        ["show", "--frm", place, ""],
        ["show", "--from", place, "--from", place, ""],
        ["show", ""],
        ["nothing", "--project"],
        [],
      ]
    ) assert.deepEqual(await offered(line, wrong), [], line.join(" "));
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("sluice completions snapshots lists folders of a bucket, and reads nothing", async () => {
  await using opened = await openFake();
  const { fake, storage } = opened;
  for (const folder of ["project_1", "project_1/staging", "project_2"]) {
    await storage.put(
      `content/${folder}/snapshot_${FIRST + folder.length}/manifest.json`,
      new Uint8Array(1),
    );
  }
  fake.requests.length = 0;
  const { signal } = new AbortController();
  const ids = [17, 9, 9].map((length) => String(FIRST + length));
  assert.deepEqual(
    await snapshotIds(storage, { start: "", signal }),
    [ids[0], `1/${ids[1]}`, `2/${ids[1]}`],
  );
  // The projects, each of these, and the sandbox.
  const operations = fake.requests.map(({ operation }) => operation);
  assert.deepEqual(operations, Array(4).fill("ListObjectsV2"));
});

Deno.test("sluice completions snapshots leaves a bucket alone that doesn't answer", async () => {
  await using opened = await openFake();
  const { fake } = opened;
  const variables = {
    AWS_ENDPOINT_URL_S3: fake.endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "fake-key",
    AWS_SECRET_ACCESS_KEY: "fake-secret",
  };
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  const answer = Promise.withResolvers<void>();
  try {
    fake.delay("ListObjectsV2", answer.promise);
    const clock = new FakeClock();
    const result = offered(["show", "--from", "s3://bucket/some/prefix", ""], { clock });
    await until(() => fake.count("ListObjectsV2") > 0, "the listing");
    clock.advance(1199);
    assert.equal(clock.timers, 1);
    clock.advance(1);
    assert.deepEqual(await result, []);
    assert.equal(clock.timers, 0);
  } finally {
    answer.resolve();
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});

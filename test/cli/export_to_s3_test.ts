import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import type { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { openFake } from "../s3/open_fake.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import { assertSealedAreWhole, assetsOf } from "../support/sealed_snapshots.ts";
import { fakeIo } from "./fake_io.ts";

interface Opened extends AsyncDisposable {
  readonly storage: S3Storage;
  /** What the AWS SDK finds in the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The real server if there is one, else a fake. */
async function open(): Promise<Opened> {
  if (RGW !== undefined) {
    return Object.assign(await openRgw(RGW), {
      env: { AWS_ENDPOINT_URL_S3: RGW, AWS_REGION: "us-east-1" },
    });
  }
  const opened = await openFake();
  opened.fake.objects.settings.set("setting:versioning", "<VersioningConfiguration/>");
  return Object.assign(opened, {
    env: {
      AWS_ENDPOINT_URL_S3: opened.fake.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "fake-key",
      AWS_SECRET_ACCESS_KEY: "fake-secret",
    },
  });
}

/** Sets variables until it is disposed. */
function withEnv(values: Readonly<Record<string, string>>): Disposable {
  const before = Object.keys(values).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]: () => {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}

Deno.test("sluice export writes to S3, and fetches no asset twice", async () => {
  await using opened = await open();
  await using cma = startDemoCma({ project: sampleProject(), rateLimit: false });
  using _env = withEnv(opened.env);
  const { storage } = opened;
  const run = async () => {
    cma.log.clear();
    const io = fakeIo({
      env: {
        DATOCMS_API_TOKEN: cma.apiToken,
        DATOCMS_BASE_URL: cma.url,
        SLUICE_ASSET_HOST: cma.assetHost,
      },
    });
    const exitCode = await runCli(
      ["export", "--to", storage.url, "--json", "--assets", "sync"],
      io,
    );
    assert.equal(exitCode, EXIT.complete, io.err());
    return { report: JSON.parse(io.out()), err: io.err(), fetched: cma.log.count.asset };
  };
  const first = await run();
  assert.ok(first.report.snapshot.startsWith(`${storage.url}/content/project_48213/`));
  assert.deepEqual(first.report.deletion, { deleted: { count: 0, bytes: 0 } });
  assert.match(first.err, /\nWarning: s3:.* keeps no old versions of objects, .*--assets keep\.\n/);

  const second = await run();
  const { kept, downloaded } = second.report.manifest.assets;
  assert.equal(kept.count + downloaded.count, first.report.manifest.assets.downloaded.count);
  assert.ok(kept.count > 0);
  // An infected one is asked for, at two addresses.
  assert.equal(downloaded.count, second.fetched - 2);
  assert.equal(await assertSealedAreWhole(storage), 2);
  const prefix = second.report.snapshot.slice(storage.url.length + 1);
  for (const { key, md5, outcome, etag } of await assetsOf(storage, prefix)) {
    if (outcome === "withdrawn") continue;
    const info = await storage.stat(key);
    assert.equal(info?.etag, etag);
    // What DatoCMS tells no MD5 of is fetched each time.
    assert.equal(info?.metadata?.md5, outcome === "kept" ? md5 : undefined, key);
  }
});

import assert from "node:assert/strict";
import { EXIT } from "../../../src/error.ts";
import { S3Storage } from "../../../src/storage/s3/s3_storage.ts";
import { serveHttp } from "../../support/http_server.ts";

/** Sets variables, and unsets others, until it is disposed. */
function withEnv(values: Readonly<Record<string, string | undefined>>): Disposable {
  const put = (name: string, value: string | undefined) => {
    if (value === undefined) Deno.env.delete(name);
    else Deno.env.set(name, value);
  };
  const before = Object.keys(values).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(values)) put(name, value);
  return {
    [Symbol.dispose]: () => {
      for (const [name, value] of before) put(name, value);
    },
  };
}

const NO_KEYS = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };

Deno.test("S3Storage says in a sentence what credential_process needs, and takes no other keys", async () => {
  let asked = 0;
  await using server = serveHttp(() => {
    asked++;
    return new Response("backup");
  });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/config`,
      "[profile program]\ncredential_process = /opt/bin/keys --for backup\n" +
        "[profile role]\nrole_arn = arn:aws:iam::1:role/backup\nsource_profile = program\n",
    );
    for (const profile of ["program", "role"]) {
      using _env = withEnv({
        ...NO_KEYS,
        AWS_CONFIG_FILE: `${folder}/config`,
        AWS_PROFILE: profile,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url,
      });
      using storage = new S3Storage({ bucket: "bucket", endpoint: server.url, region: "x" });
      await assert.rejects(storage.get("key"), {
        name: "StorageError",
        exitCode: EXIT.usage,
        message: "The AWS profile has its keys from credential_process, but Sluice may not run " +
          "programs (/bin/sh): set them as variables first, with " +
          'eval "$(aws configure export-credentials --format env)", or run it by deno with ' +
          "--allow-run=/bin/sh added.",
      });
    }
    assert.equal(asked, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("S3Storage takes the region of the AWS CLI's variable, if there is no other", async () => {
  const regions: string[] = [];
  await using server = serveHttp((request) => {
    const [, region] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(
      request.headers.get("authorization") ?? "",
    ) ?? [];
    regions.push(region ?? "");
    return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
  });
  const keys = {
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_PROFILE: undefined,
  };
  const read = async (env: Record<string, string | undefined>, region?: string) => {
    using _env = withEnv({ ...keys, AWS_REGION: undefined, ...env });
    using storage = new S3Storage({ bucket: "bucket", endpoint: server.url, region });
    await assert.rejects(storage.get("key"), /the credentials lack the permission s3:GetObject/);
  };
  await read({ AWS_DEFAULT_REGION: "eu-west-2" });
  await read({ AWS_DEFAULT_REGION: "eu-west-2", AWS_REGION: "eu-west-1" });
  await read({ AWS_DEFAULT_REGION: "eu-west-2" }, "eu-west-3");
  assert.deepEqual(regions, ["eu-west-2", "eu-west-1", "eu-west-3"]);
});

Deno.test("S3Storage doesn't wait for keys that nobody gives", async () => {
  const released = Promise.withResolvers<void>();
  await using server = serveHttp(async () => {
    await released.promise;
    return new Response();
  });
  const token = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(token, "token");
    using _env = withEnv({
      ...NO_KEYS,
      AWS_PROFILE: undefined,
      AWS_CONFIG_FILE: "/nonexistent",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: "arn:aws:iam::1:role/backup",
      AWS_ENDPOINT_URL_STS: server.url,
      AWS_MAX_ATTEMPTS: "1",
    });
    const { url: endpoint } = server;
    using storage = new S3Storage({
      bucket: "bucket",
      endpoint,
      region: "x",
      requestTimeout: 50,
      retryFor: 0,
    });
    await assert.rejects(storage.get("key"), /127\.0\.0\.1:\d+ gave no answer in time/);
  } finally {
    released.resolve();
    await Deno.remove(token);
  }
});

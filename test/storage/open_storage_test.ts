import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { openStorage } from "../../src/storage/open_storage.ts";
import { parseS3Location } from "../../src/storage/s3/location.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { StorageError } from "../../src/storage/storage.ts";

Deno.test("openStorage() opens directories", () => {
  const paths = ["./snap shots", "/tmp/100% #1", "c:", "a:b/c", "."];
  for (const path of paths.filter((path) => path !== "a:b/c" || Deno.build.os !== "windows")) {
    using storage = openStorage(path);
    assert.ok(storage instanceof LocalStorage);
    assert.equal(storage.root, resolve(path));
    using same = openStorage(pathToFileURL(path).href);
    assert.equal(same.url, storage.url);
  }
});

Deno.test("openStorage() opens what a storage's address and a key lead to", async () => {
  const base = await Deno.makeTempDir();
  try {
    for (
      const name of ["a b", "#1", "100%", "Größe ü", "日本語", "%20", "a?b", "it's", 'q"q'].filter(
        onThisSystem,
      )
    ) {
      const root = join(base, name, "snap shots");
      using storage = openStorage(root);
      assert.match(storage.url, /^file:\/\/\/[\w%.~:/'-]+$/);
      await storage.put("content/project_1/x", new Uint8Array(3));
      using below = openStorage(`${storage.url}/content/project_1`);
      assert.ok(below instanceof LocalStorage);
      assert.equal(below.root, join(root, "content", "project_1"));
      assert.equal((await below.stat("x"))?.size, 3);
    }
  } finally {
    await Deno.remove(base, { recursive: true });
  }
  using bucket = openStorage("s3://b/a b/100%#?ü");
  using below = openStorage(`${bucket.url}/content/project_1`);
  assert.equal(below.url, "s3://b/a b/100%#?ü/content/project_1");
  using whole = openStorage("/");
  using inIt = openStorage(`${whole.url}/content`);
  assert.equal(inIt.url, pathToFileURL("/content").href);
});

/** Windows knows no such names. */
function onThisSystem(name: string): boolean {
  return Deno.build.os !== "windows" || !/[?"]/.test(name);
}

Deno.test("openStorage() opens buckets and prefixes", () => {
  for (const address of ["s3://backups", "s3://backups/", "S3://backups"]) {
    using storage = openStorage(address);
    assert.ok(storage instanceof S3Storage);
    assert.equal(storage.url, "s3://backups");
  }
  using storage = openStorage("s3://my.back_ups-1/a b/100%/", { s3: { region: "eu-west-1" } });
  assert.equal(storage.url, "s3://my.back_ups-1/a b/100%");
});

Deno.test("openStorage() refuses what is no destination, as a mistake in the command line", () => {
  const cases = [
    "",
    " ",
    "gs://bucket",
    "https://example.com/x",
    "file://host/share/%2f",
    "file:relative",
    "file://",
    "file:",
    "file://localhost",
    "s3:bucket",
    "s3://",
    "s3:///prefix",
    "s3://bucket/a//b",
    "s3://bucket/../x",
    "s3://user:secret@bucket/x",
    "ftp://user:secret@host/x",
    "s3://bucket?region=x",
  ];
  for (const destination of cases) {
    assert.throws(() => openStorage(destination), (error) => {
      assert.ok(error instanceof StorageError, String(error));
      assert.equal(error.exitCode, EXIT.usage);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    }, destination);
  }
  assert.throws(
    () => openStorage("gs://bucket"),
    {
      message:
        'A destination must be a directory, a file: URL or s3://bucket[/prefix], but is "gs://bucket".',
    },
  );
});

Deno.test("parseS3Location() takes the prefix as it is", () => {
  assert.deepEqual(parseS3Location("s3://b/a%20b/?#"), { bucket: "b", prefix: "a%20b/?#" });
  assert.deepEqual(parseS3Location("s3://b"), { bucket: "b", prefix: "" });
  assert.throws(
    () => parseS3Location("b/a"),
    /must look like s3:\/\/bucket or s3:\/\/bucket\/prefix/,
  );
});

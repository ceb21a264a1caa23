import assert from "node:assert/strict";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { toStorageOptions } from "../../src/config/to_storage_options.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

Deno.test("toStorageOptions() encrypts everything, and gives only assets a class", () => {
  const flags = {
    to: "s3://backups",
    sse: "aws:kms",
    sseKmsKeyId: "alias/backup",
    storageClass: "STANDARD_IA",
  };
  const { s3 } = toStorageOptions(resolveConfig({ flags }));
  assert.equal(s3?.sse, "aws:kms");
  assert.equal(s3?.sseKmsKeyId, "alias/backup");
  const classOf = s3?.storageClass;
  assert.ok(typeof classOf === "function");
  assert.equal(classOf("assets/project_1/a.jpg"), "STANDARD_IA");
  assert.equal(classOf("content/project_1/snapshot_1/manifest.json"), undefined);
  const plain = toStorageOptions(resolveConfig({})).s3?.storageClass;
  assert.ok(typeof plain === "function");
  assert.equal(plain("assets/project_1/a.jpg"), undefined);
});

Deno.test("toStorageOptions() refuses a KMS key that isn't used", () => {
  for (const flags of [{ sseKmsKeyId: "k" }, { sseKmsKeyId: "k", sse: "AES256" }]) {
    assert.throws(() => toStorageOptions(resolveConfig({ flags })), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.exitCode, EXIT.usage);
      assert.match(
        error.message,
        /^--sse-kms-key-id goes with --sse aws:kms, but --sse is (AES256|not given)\.$/,
      );
      return true;
    });
  }
});

Deno.test("toStorageOptions() refuses to leave what should be encrypted unencrypted on a disk", () => {
  for (const to of ["./backups", "file:///backups"]) {
    assert.throws(
      () => toStorageOptions(resolveConfig({ flags: { to, sse: "AES256" } })),
      new SluiceError(
        `--sse encrypts what is written to S3, but ${to} isn't there: leave it out, or name an s3:// address with --to.`,
        EXIT.usage,
      ),
    );
  }
  toStorageOptions(resolveConfig({ flags: { to: "s3://backups", sse: "AES256" } }));
});

Deno.test("resolveConfig() refuses storage classes whose objects can't be read at once", () => {
  for (const storageClass of ["GLACIER", "DEEP_ARCHIVE", "two words"]) {
    assert.throws(
      () => resolveConfig({ flags: { storageClass } }),
      /^SluiceError: --storage-class must be a storage class whose objects can be read at once/,
    );
  }
  const flags = { to: "s3://backups", storageClass: "GLACIER_IR" };
  assert.equal(resolveConfig({ flags }).storageClass, "GLACIER_IR");
});

import assert from "node:assert/strict";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { toExportOptions, toStorageOptions } from "../../src/config/library_options.ts";
import { DEFAULTS, OPTION_KEYS, OPTIONS } from "../../src/config/options.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

Deno.test("toExportOptions() says where to get a token and how to pass it", () => {
  assert.equal(toExportOptions({ ...DEFAULTS, apiToken: "abc" }).apiToken, "abc");
  assert.throws(() => toExportOptions(DEFAULTS), {
    message: "An API token is needed: copy one from Project settings → API tokens whose role may " +
      "use the Content Management API, and set it as DATOCMS_API_TOKEN, or give its file with " +
      "--api-token-file (better than --api-token, because other programs can see command lines).",
    exitCode: EXIT.usage,
  });
});

Deno.test("toExportOptions() hands on what shapes an export", () => {
  const config = {
    ...DEFAULTS,
    apiToken: "abc",
    assetHost: "https://cdn.example",
    locales: ["en"],
  };
  assert.deepEqual(toExportOptions(config), {
    apiToken: "abc",
    assetHost: "https://cdn.example",
    published: true,
    verifyPublished: false,
    assets: "keep",
    concurrency: 40,
    secrets: ["abc"],
    layout: "ndjson",
    compress: "none",
    tables: true,
    format: "ndjson",
    locales: ["en"],
    allowPublic: false,
    fullEvery: 7,
    freeze: false,
    resume: false,
  });
  assert.equal(toExportOptions({ ...config, tablesOnly: true }).tables, "only");
  assert.equal(toExportOptions({ ...config, tables: false }).tables, false);
});

Deno.test("toExportOptions() hands on each option that the library has, from any source", () => {
  const given = {
    environment: "staging",
    baseUrl: "http://127.0.0.1:1",
    assetHost: "https://cdn.example",
    models: ["article"],
    excludeModels: ["page"],
    include: ["records"],
    exclude: ["roles"],
    published: false,
    verifyPublished: true,
    assets: "sync",
    maxDelete: "5%",
    allowPublic: true,
    layout: "enterprise",
    compress: "zstd",
    tables: false,
    format: "csv",
    csvFor: "spreadsheets",
    structuredText: "markdown",
    locales: ["en", "it"],
    since: "last",
    fullEvery: 3,
    freeze: true,
    resume: true,
    maxFailures: 4,
    concurrency: 2,
    maxRps: 2.5,
  };
  const config = { ...DEFAULTS, ...given, apiToken: "abc", timeBudget: "50s" } as typeof DEFAULTS;
  assert.deepEqual(toExportOptions(config), {
    ...given,
    timeBudgetMs: 50_000,
    apiToken: "abc",
    secrets: ["abc"],
  });
  // The others are the command line's own affair, or the storage's.
  const others = OPTION_KEYS.filter((key) => OPTIONS[key].toExport === undefined);
  assert.deepEqual(others, [
    "apiTokenFile",
    "to",
    "sse",
    "sseKmsKeyId",
    "storageClass",
    "clean",
    "from",
    "project",
    "limit",
    "before",
    "after",
    "version",
    "locale",
    "keepLast",
    "keepDaily",
    "keepWeekly",
    "keepMonthly",
    "keepYearly",
    "keepWithin",
    "keepLabel",
    "incompleteOlderThan",
    "unusedAssets",
    "all",
    "level",
    "sample",
    "force",
    "as",
    "single",
    "singleFormat",
    "view",
    "stat",
    "meta",
    "html",
    "jsonLines",
    "out",
    "into",
    "forkOf",
    "otherProject",
    "keepExtra",
    "conflicts",
    "publish",
    "delete",
    "promote",
    "maintenance",
    "validators",
    "missingAssets",
    "creators",
    "rewriteUrls",
    "stages",
    "schedules",
    "webhooks",
    "restoreInclude",
    "only",
    "records",
    "withLinks",
    "withReferrers",
    "copy",
    "field",
    "journal",
    "planOut",
    "plan",
    "confirm",
    "abort",
    "maxWrites",
    "verify",
    "report",
    "drillSample",
    "drillAssets",
    "seed",
    "keep",
    "maxRequests",
    "full",
    "retryFailed",
    "dryRun",
    "knownFailures",
    "strict",
    "json",
    "logFormat",
    "quiet",
    "verbose",
    "timeout",
    "config",
    "every",
    "cron",
    "drillEvery",
    "notifyUrl",
    "notifySecret",
    "serve",
    "listen",
    "publicUrl",
    "tokenFile",
    "serveTokens",
    "serveSecret",
    "auth",
    "ui",
    "urlTtl",
    "directUrls",
    "rate",
    "exportRate",
    "projects",
    "snapshot",
    "cors",
    "trustProxy",
    "readOnly",
    "auditLog",
    "name",
    "scope",
    "expires",
  ]);
});

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
  assert.deepEqual(toStorageOptions(resolveConfig({})), { s3: {} });
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

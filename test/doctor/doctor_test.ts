import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { type DoctorCheck, type Examination, examine } from "../../src/doctor/doctor.ts";
import { advisedExamination } from "../../src/cli/report/advice.ts";
import { leastPolicy } from "../../src/doctor/s3_policy.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { ABORT_RULE, type BucketSettings, GOOD, keepSecret, setUp } from "../s3/bucket_settings.ts";
import type { FakeS3Options } from "../s3/fake_s3.ts";
import { FakeS3Error } from "../s3/fake_s3_objects.ts";
import { type OpenedFake, openFake } from "../s3/open_fake.ts";
import { QUICK_RETRIES } from "../support/exported.ts";
import { apiError } from "../support/cma.ts";
import { serveHttp } from "../support/http_server.ts";
import { projectWhoseRole } from "../support/project_whose_role.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { until } from "../support/until.ts";

/** A fake whose bucket is set up like this. */
async function open(
  bucket: BucketSettings = GOOD,
  options: FakeS3Options = {},
): Promise<OpenedFake> {
  const opened = await openFake(options);
  setUp(opened.fake.objects, bucket);
  return opened;
}

function find({ checks }: Examination, name: string): DoctorCheck {
  const found = checks.find((check) => check.name === name);
  assert.ok(found, `There is no check ${name}.`);
  return found;
}

/** The names of the checks that ended so. */
function named({ checks }: Examination, status: DoctorCheck["status"]): string[] {
  return checks.filter((check) => check.status === status).map(({ name }) => name);
}

/** The configuration in a command of a fix. */
function argumentOf(fix: string | undefined, flag: string): unknown {
  const [, json = ""] = new RegExp(`--${flag} '(.*)'$`).exec(fix ?? "") ?? [];
  return JSON.parse(json);
}

/** Looks at a project that is served like this. */
async function examineSource(
  served: Partial<DemoCmaOptions> = {},
  source: Partial<NonNullable<Parameters<typeof examine>[0]["source"]>> = {},
): Promise<Examination> {
  await using cma = startDemoCma({ project: sampleProject(), apiToken: "s3cret", ...served });
  return await examine({
    source: { apiToken: "s3cret", baseUrl: cma.url, retry: QUICK_RETRIES, ...source },
  });
}

Deno.test("examine() finds nothing wrong with a good token", async () => {
  const found = await examineSource();
  assert.equal(found.problems + found.warnings, 0);
  assert.equal(
    find(found, "token").message,
    "The API token is valid for the project Slackwater (48213).",
  );
  assert.equal(find(found, "environment").message, "The primary environment (main) is read.");
  assert.equal(
    find(found, "role").message,
    "The API token's role may read all records and uploads.",
  );
  assert.equal(find(found, "rate_limit").message, "The API takes 60 requests in 3 s.");
  assert.equal(named(found, "ok").filter((name) => name.startsWith("resource:")).length, 24);
  assert.deepEqual(found.notChecked, ["No destination was checked, because none was given."]);
  assert.equal(found.destination, null);
  await using cma = startDemoCma({ project: sampleProject(), apiToken: "s3cret" });
  await using silent = serveHttp(async (request, url) => {
    const { headers, status, body } = await fetch(cma.url + url.pathname + url.search, request);
    const told = [...headers].filter(([name]) => !name.startsWith("x-ratelimit-"));
    return new Response(body, { status, headers: told });
  });
  const untold = await examineSource({}, { baseUrl: silent.url });
  assert.equal(find(untold, "rate_limit").status, "unknown");
});

Deno.test("examine() warns of an API that is asked without encryption, but on this machine", async () => {
  const ask = async (baseUrl: string) => {
    const retry = { ...QUICK_RETRIES, maxAttempts: 1 };
    return await examine({ source: { apiToken: "s3cret", baseUrl, retry, headersTimeoutMs: 500 } });
  };
  // `fetch` never asks this port: that doesn't keep the warning back.
  const found = await ask("http://192.0.2.1:1/api");
  const { status, message, fix } = find(found, "encryption");
  assert.equal(status, "warning");
  assert.match(
    message,
    /^The API is asked at http:\/\/192\.0\.2\.1:1 without encryption, so .*\.$/,
  );
  assert.match(fix ?? "", /^Give an address of the API .* https:\/\/192\.0\.2\.1:1\/api\.$/);
  for (const url of ["https://192.0.2.1:1", "http://127.0.0.1:1", "http://localhost:1"]) {
    assert.ok(!(await ask(url)).checks.some(({ name }) => name === "encryption"), url);
  }
});

Deno.test("examine() asks for no more than one record and one upload", async () => {
  await using cma = startDemoCma({ project: sampleProject(), apiToken: "s3cret" });
  await examine({ source: { apiToken: "s3cret", baseUrl: cma.url } });
  const { requests } = cma.log;
  assert.equal(requests.length, 30);
  for (const path of ["/items", "/uploads", "/upload-tags"]) {
    const found = requests.find((request) => request.path.split("?")[0] === path);
    assert.ok(found, path);
    assert.equal(new URL(found.path, cma.url).searchParams.get("page[limit]"), "1");
  }
});

Deno.test("examine() tells what a token may not read, and what that means", async () => {
  const served = { forbidden: ["/items", "/roles", "/webhooks"], planLocked: ["/sso-groups"] };
  const found = await examineSource(served, {
    include: ["records", "roles", "sso_groups", "plugins"],
  });
  assert.deepEqual(named(found, "problem"), [
    "resource:records",
    "resource:roles",
    "resource:sso_groups",
  ]);
  assert.equal(
    find(found, "resource:records").message,
    "Records, with their blocks: the API token's role may not read this (403 INSUFFICIENT_PERMISSIONS), " +
      "so an export fails.",
  );
  assert.match(find(found, "resource:records").fix ?? "", /^In Project settings → Roles, let/);
  assert.ok(!found.checks.some(({ name }) => name === "resource:webhooks"));

  const all = await examineSource(served);
  assert.deepEqual(named(all, "problem"), ["resource:records"]);
  assert.deepEqual(
    named(all, "warning"),
    ["resource:schedules", "resource:roles", "resource:webhooks"],
  );
  assert.match(find(all, "resource:sso_groups").message, /not in the project's plan/);
  assert.match(find(all, "resource:roles").message, /so an export leaves this out\.$/);
  assert.match(
    find(all, "resource:roles").fix ?? "",
    /, or leave it out silently\.$/,
  );
});

Deno.test("examine() asks what is scheduled for a record, if there is one", async () => {
  const forbidden = ["/items/*/current-vs-published-state"];
  const refused = await examineSource({ forbidden });
  assert.deepEqual(named(refused, "warning"), ["resource:schedules"]);
  const { message, fix } = find(refused, "resource:schedules");
  assert.match(
    message,
    /^Scheduled publications and unpublishings of records: the API token's role/,
  );
  assert.match(fix ?? "", /, or leave it out silently\.$/);
  const chosen = await examineSource({ forbidden }, { include: ["schedules"] });
  assert.deepEqual(named(chosen, "problem"), ["resource:schedules"]);
  const project = sampleProject();
  for (const { current: { id } } of project.primary.items.records()) {
    project.primary.items.delete(id);
  }
  const empty = await examineSource({ project, forbidden });
  assert.match(find(empty, "resource:schedules").message, /there is no record to ask about\.$/);
  assert.equal(find(empty, "resource:schedules").status, "ok");
});

Deno.test("examine() says that the built-in read-only token can't read upload collections", async () => {
  const refused = await examineSource({ forbidden: ["/upload-collections"] });
  assert.match(
    find(refused, "resource:upload_collections").fix ?? "",
    /DatoCMS's built-in read-only API token can't read upload collections: if this is the one, make another/,
  );
  const other = await examineSource({ forbidden: ["/roles"] });
  assert.doesNotMatch(find(other, "resource:roles").fix ?? "", /read-only/);
});

Deno.test("examine() tells what the API token's role may read only a part of", async () => {
  const entry = { environment: "main", action: "all", on_creator: "anyone" };
  const project = projectWhoseRole({
    negative_item_type_permissions: [{ ...entry, on_creator: "role" }],
    positive_upload_permissions: [{ ...entry, upload_collection: "7" }],
  });
  const found = await examineSource({ project });
  assert.deepEqual(named(found, "warning"), ["role"]);
  const { message, fix } = find(found, "role");
  assert.match(
    message,
    /^The API token's role may not read all records of [a-z_, ]+ and all uploads in main, so/,
  );
  assert.match(fix ?? "", /^In Project settings → Roles, let it read all/);

  const models = await examineSource({ project }, { include: ["models"] });
  assert.ok(!models.checks.some(({ name }) => name === "role"));
  const refused = await examineSource({ project, forbidden: ["/users/me"] });
  assert.equal(find(refused, "role").status, "unknown");
});

Deno.test("examine() tells a bad token, and doesn't show it", async () => {
  const found = await examineSource({}, { apiToken: "wrong-t0ken" });
  assert.deepEqual(named(found, "problem"), ["token"]);
  assert.match(
    find(found, "token").message,
    /refused the API token \(401 .*Project settings → API tokens/,
  );
  assert.ok(found.notChecked.includes(
    "What the API token may read wasn't checked, because of that problem.",
  ));
  assert.ok(!JSON.stringify(found).includes("wrong-t0ken"));
});

Deno.test("examine() names the environments if the one asked for isn't there", async () => {
  const found = await examineSource({}, { environment: "stagin" });
  assert.deepEqual(named(found, "problem"), ["environment"]);
  assert.equal(find(found, "token").status, "ok");
  assert.match(find(found, "environment").message, /has no environment "stagin"/);
  assert.match(find(found, "environment").fix ?? "", /^Choose one of: main/);
  const secret = await examineSource({ forbidden: ["/environments"] }, { environment: "stagin" });
  assert.equal(find(secret, "environment").fix, undefined);
});

Deno.test("examine() tells that the API can't be reached", async () => {
  const source = { apiToken: "token", baseUrl: "http://127.0.0.1:9", retry: QUICK_RETRIES };
  const found = await examine({ source });
  assert.match(
    find(found, "token").message,
    /gave no usable answer .* check the network and the API's address/,
  );
});

Deno.test("examine() tries a directory out, and leaves it as it was", async () => {
  const root = await Deno.makeTempDir({ prefix: "sluice-test-" });
  try {
    const found = await examine({ storage: new LocalStorage(`${root}/not/there/yet`) });
    assert.equal(found.problems, 0);
    assert.deepEqual(found.checks.slice(0, 4).map(({ name, status }) => [name, status]), [
      ["write", "ok"],
      ["read", "ok"],
      ["list", "ok"],
      ["delete", "ok"],
    ]);
    assert.match(find(found, "free_space").message, /^(Only )?\d+\.\d GB are free/);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
    assert.deepEqual(found.notChecked, [
      "The project wasn't checked, because there is no API token.",
    ]);

    await Deno.writeTextFile(`${root}/file`, "");
    const blocked = await examine({ storage: new LocalStorage(`${root}/file/in`) });
    assert.match(find(blocked, "write").message, /is a file, not a directory/);
    assert.equal(find(blocked, "read").status, "unknown");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("examine() with clean removes half-written files that are old", async () => {
  const root = await Deno.makeTempDir({ prefix: "sluice-test-" });
  try {
    const name = (id: string) => `${root}/content/.sluice-${id}.tmp`;
    await Deno.mkdir(`${root}/content`);
    for (const id of ["a", "b"]) await Deno.writeTextFile(name(id), "");
    await Deno.utime(name("a"), new Date(0), new Date(0));
    const found = await examine({ storage: new LocalStorage(root), clean: true });
    assert.match(find(found, "unfinished_files").message, /^1 half-written file/);
    const left = await Array.fromAsync(Deno.readDir(`${root}/content`));
    assert.deepEqual(left.map(({ name }) => name), [".sluice-b.tmp"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("examine() tries out a storage of one's own", async () => {
  const storage = new MemoryStorage();
  assert.deepEqual(named(await examine({ storage }), "ok"), ["write", "read", "list", "delete"]);
  assert.equal(storage.objects.size, 0);
  assert.equal(storage.appeared.length, 2);
});

Deno.test("examine() finds nothing wrong with a good bucket", async () => {
  await using opened = await open();
  const found = await examine({ storage: opened.storage });
  assert.deepEqual(found.checks.map(({ name, status }) => [name, status]), [
    ["write", "ok"],
    ["read", "ok"],
    ["list", "ok"],
    ["delete", "ok"],
    ["public_access", "ok"],
    ["versioning", "ok"],
    ["lifecycle", "ok"],
    ["encryption", "ok"],
    ["unfinished_uploads", "ok"],
  ]);
  assert.equal(opened.fake.objects.all.size, 0);
});

Deno.test("examine() gives the command for each setting that should be different", async () => {
  await using opened = await open({});
  const found = await examine({ storage: opened.storage });
  assert.equal(found.problems, 0);
  assert.deepEqual(named(found, "warning"), [
    "public_access",
    "versioning",
    "lifecycle",
    "encryption",
  ]);
  assert.equal(
    find(found, "public_access").fix,
    "aws s3api put-public-access-block --bucket bucket --public-access-block-configuration " +
      "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
  );
  assert.equal(
    find(found, "versioning").fix,
    "aws s3api put-bucket-versioning --bucket bucket --versioning-configuration Status=Enabled",
  );
  assert.deepEqual(argumentOf(find(found, "lifecycle").fix, "lifecycle-configuration"), {
    Rules: [{
      ID: "sluice-unfinished-uploads",
      Status: "Enabled",
      Filter: { Prefix: "some/prefix/" },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    }],
  });
  assert.deepEqual(
    argumentOf(find(found, "encryption").fix, "server-side-encryption-configuration"),
    { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] },
  );
});

Deno.test("examine() counts a public bucket as a problem", async () => {
  await using opened = await open({ ...GOOD, block: null, publicGrant: "WRITE" });
  const found = await examine({ storage: opened.storage });
  assert.deepEqual(named(found, "problem"), ["public_access"]);
  assert.match(
    find(found, "public_access").message,
    /its ACL grants WRITE to everybody; an export refuses it/,
  );
});

Deno.test("examine() knows which lifecycle rules concern a destination", async () => {
  const rule = (id: string, inner: string, status = "Enabled") =>
    `<Rule><ID>${id}</ID><Status>${status}</Status>${inner}</Rule>`;
  const expire = "<Expiration><Days>30</Days></Expiration>";
  const below = (prefix: string) => `<Filter><Prefix>${prefix}</Prefix></Filter>`;
  const abort = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>" +
    "</AbortIncompleteMultipartUpload>";
  const cases: readonly (readonly [string[], string, number])[] = [
    [[ABORT_RULE], "ok", 0],
    [[rule("elsewhere", below("other/") + abort)], "warning", 0],
    [[rule("here", below("some/") + abort)], "ok", 0],
    [[rule("deeper", below("some/prefix/assets/") + abort)], "warning", 0],
    [[rule("off", below("") + abort, "Disabled")], "warning", 0],
    [
      [rule("tagged", `<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>${abort}`)],
      "warning",
      0,
    ],
    [[ABORT_RULE, rule("a", below("") + expire), rule("b", below("other/") + expire)], "ok", 1],
    [[ABORT_RULE, rule("a", below("some/prefix/assets/") + expire)], "ok", 1],
    [[ABORT_RULE, rule("a", below("") + expire, "Disabled")], "ok", 0],
  ];
  for (const [rules, lifecycle, expiring] of cases) {
    await using opened = await open({ ...GOOD, rules });
    const found = await examine({ storage: opened.storage });
    assert.equal(find(found, "lifecycle").status, lifecycle, rules.join());
    const warnings = found.checks.filter(({ name }) => name === "expiration");
    assert.equal(warnings.length, expiring, rules.join());
    for (const { message } of warnings) {
      assert.equal(
        message,
        'The lifecycle rule "a" deletes objects after 30 days, also asset files that newer snapshots share.',
      );
    }
    if (lifecycle === "ok") continue;
    // The command replaces all rules, so it must hold those that there are.
    const { Rules } = argumentOf(find(found, "lifecycle").fix, "lifecycle-configuration") as {
      Rules: { ID: string }[];
    };
    assert.deepEqual(Rules.length, rules.length + 1);
    assert.equal(Rules.at(-1)?.ID, "sluice-unfinished-uploads");
  }
});

Deno.test("examine() says what a server doesn't tell, and what credentials may not ask", async () => {
  await using silent = await openFake();
  const names = ["public_access", "versioning", "lifecycle", "encryption"];
  const unknown = await examine({ storage: silent.storage });
  assert.deepEqual(named(unknown, "unknown"), names);
  assert.equal(unknown.problems + unknown.warnings, 0);
  assert.match(
    find(unknown, "versioning").message,
    /^This S3 server doesn't say .*\(NotImplemented\)\.$/,
  );

  await using secret = await openFake();
  keepSecret(secret.fake.objects);
  const denied = await examine({ storage: secret.storage });
  assert.deepEqual(named(denied, "unknown"), names);
  const { fix = "" } = find(denied, "versioning");
  assert.deepEqual(JSON.parse(fix.slice(fix.indexOf("{"))), {
    Sid: "SluiceDoctor",
    Effect: "Allow",
    Action: ["s3:GetBucketVersioning"],
    Resource: "arn:aws:s3:::bucket",
  });
});

Deno.test("examine() says which permission is missing, and removes what it wrote", async () => {
  const cases = [
    ["PutObject", "write", "s3:PutObject"],
    ["GetObject", "read", "s3:GetObject"],
    ["ListObjectsV2", "list", "s3:ListBucket"],
  ] as const;
  for (const [operation, name, permission] of cases) {
    await using opened = await open();
    // For one of the directories only: credentials can be limited to the other one.
    opened.fake.fail({ operation, effect: new FakeS3Error(403, "AccessDenied"), after: 1 });
    const found = await examine({ storage: opened.storage });
    assert.deepEqual(named(found, "problem"), [name]);
    assert.match(
      find(found, name).message,
      new RegExp(`lack the permission ${permission} on arn:aws:s3:::bucket`),
    );
    assert.ok(find(found, name).fix?.includes(`"${permission}"`));
    assert.equal(opened.fake.objects.all.size, 0);
  }
});

Deno.test("examine() warns where nothing may be deleted, and leaves no more each time", async () => {
  await using opened = await open(GOOD, { deletes: "none" });
  for (let run = 0; run < 2; run++) {
    const found = await examine({ storage: opened.storage });
    assert.deepEqual(named(found, "problem"), []);
    const { status, message, fix } = find(found, "delete");
    assert.equal(status, "warning");
    assert.match(
      message,
      /lack the permission s3:DeleteObject on .*exports are complete all the same/,
    );
    assert.ok(fix?.includes('"s3:DeleteObject"'));
    assert.match(find(found, "probe").message, /still there: content\/sluice-doctor-stays\.txt, /);
    assert.equal(opened.fake.objects.all.size, 2);
  }
});

Deno.test("examine() removes what it wrote also when it is aborted", async () => {
  await using opened = await open();
  const { promise, resolve } = Promise.withResolvers<void>();
  opened.fake.delay("GetObject", promise);
  const controller = new AbortController();
  const examining = examine({ storage: opened.storage, signal: controller.signal });
  await until(() => opened.fake.count("GetObject") > 0, "the read");
  assert.equal(opened.fake.objects.all.size, 2);
  controller.abort(new Error("enough"));
  await assert.rejects(examining, /enough/);
  assert.equal(opened.fake.objects.all.size, 0);
  resolve();
});

Deno.test("examine() says in one sentence why a bucket can't be used at all", async () => {
  const cases: readonly (readonly [FakeS3Error, RegExp, string?])[] = [
    [new FakeS3Error(403, "SignatureDoesNotMatch"), /secret key isn't the one of the access key/],
    [
      new FakeS3Error(404, "NoSuchBucket"),
      /there is no bucket bucket: create it/,
      "aws s3 mb s3://bucket",
    ],
    [
      new FakeS3Error(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-1" }),
      /is in the region eu-west-1: set AWS_REGION=eu-west-1\.$/,
    ],
    [
      new FakeS3Error(403, "RequestTimeTooSkewed"),
      /clock is more than 15 minutes off: set it right\.$/,
    ],
    [new FakeS3Error(400, "ExpiredToken"), /the AWS session token has expired/],
  ];
  for (const [effect, message, fix] of cases) {
    await using opened = await open();
    opened.fake.fail({ effect, times: 99 });
    const { checks, problems, notChecked } = await examine({ storage: opened.storage });
    assert.equal(problems, 1);
    assert.deepEqual(checks.map(({ name }) => name), ["write"]);
    assert.match(checks[0]?.message ?? "", message);
    assert.equal(checks[0]?.fix, fix);
    assert.ok(
      notChecked.includes("The bucket's settings weren't checked, because of that problem."),
    );
  }
});

Deno.test("examine() says that there are no credentials", async () => {
  const error = new Error("Could not load credentials from any providers");
  const credentials = () =>
    Promise.reject(Object.assign(error, { name: "CredentialsProviderError" }));
  await using opened = await openFake({ credentials });
  const { checks } = await examine({ storage: opened.storage });
  assert.match(
    checks[0]?.message ?? "",
    /there are no valid AWS credentials: set AWS_ACCESS_KEY_ID/,
  );
});

Deno.test("examine() drops old unfinished uploads of exports, if asked to, and no others", async () => {
  await using opened = await open();
  const { storage, fake } = opened;
  const put = (key: string, startedAt: Date) => {
    fake.objects.uploads.set(`${fake.objects.uploads.size}`, {
      key: `some/prefix/${key}`,
      kept: {},
      startedAt,
      parts: new Map(),
    });
  };
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
  put("assets/project_1/film.mp4", old);
  put("content/project_1/snapshot_1/records/a/current/batch_000.ndjson", old);
  put("assets/project_1/.sluice-0-1.tmp", old);
  put("assets/project_1/new.mp4", new Date());
  put("someone/elses.zip", old);
  put("assets/elses.zip", old);

  const found = await examine({ storage });
  const check = find(found, "unfinished_uploads");
  assert.equal(check.status, "warning");
  assert.equal(
    check.message,
    "3 unfinished uploads older than a day cost money until dropped; 1 unfinished upload younger than a " +
      "day may still be written.",
  );
  // Which command does it, is for a command to say.
  assert.deepEqual([check.code, check.fix], ["uploads_left", undefined]);
  assert.equal(found.unfinishedUploads.length, 4);
  assert.equal(fake.count("AbortMultipartUpload"), 0);

  fake.fail({ operation: "AbortMultipartUpload", effect: new FakeS3Error(403, "AccessDenied") });
  const denied = await examine({ storage, clean: true });
  assert.deepEqual(named(denied, "problem"), ["unfinished_uploads"]);
  assert.match(find(denied, "unfinished_uploads").fix ?? "", /"s3:AbortMultipartUpload"/);

  const cleaned = await examine({ storage, clean: true });
  assert.equal(find(cleaned, "unfinished_uploads").status, "ok");
  assert.match(
    find(cleaned, "unfinished_uploads").message,
    /^3 unfinished uploads older .* were dropped;/,
  );
  assert.deepEqual(cleaned.unfinishedUploads.filter(({ dropped }) => dropped).length, 3);
  const left = [...fake.objects.uploads.values()].map(({ key }) =>
    key.slice("some/prefix/".length)
  );
  assert.deepEqual(left, ["assets/project_1/new.mp4", "someone/elses.zip", "assets/elses.zip"]);
});

Deno.test("leastPolicy() is for the prefix, or for the whole bucket", () => {
  const resources = (prefix: string) => {
    return leastPolicy({ bucket: "b", prefix }).map(({ Resource }) => Resource);
  };
  assert.deepEqual(resources("a/b"), ["arn:aws:s3:::b/a/b/*", "arn:aws:s3:::b", "arn:aws:s3:::b"]);
  assert.deepEqual(resources(""), ["arn:aws:s3:::b/*", "arn:aws:s3:::b", "arn:aws:s3:::b"]);
});

Deno.test("docs/s3.md shows the least policy", async () => {
  const readme = await Deno.readTextFile("docs/s3.md");
  const [, shown = ""] = /<!-- policy -->\n\n```json\n(.*?)\n```/s.exec(readme) ?? [];
  const Statement = leastPolicy({ bucket: "my-backups", prefix: "datocms" });
  assert.deepEqual(JSON.parse(shown), { Version: "2012-10-17", Statement });
});

Deno.test("examine() finds temporary copies that killed exports left, and deletes those that nobody reads", async () => {
  const project = sampleProject();
  const leave = (id: string, hours: number, changed = hours) => {
    const at = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const meta = { primary: false, created_at: at(hours), last_data_change_at: at(changed) };
    project.environments.set(id, project.primary.fork({ id, type: "environment", meta }));
  };
  const texts = ({ checks }: Examination) =>
    checks.filter(({ name }) => name === "temporary_copies").map(({ status, message, fix }) => [
      status,
      message,
      fix,
    ]);
  await using cma = startDemoCma({ project, jobMs: 1 });
  const source = { apiToken: cma.apiToken, baseUrl: cma.url, retry: QUICK_RETRIES };
  assert.deepEqual(texts(await examine({ source })), []);
  const [old, edited, young] = ["a", "b", "c"].map((letter) => {
    return `sluice-freeze-1700000000-${letter.repeat(8)}`;
  }) as [string, string, string];
  leave(old, 26);
  leave(edited, 260, 1);
  leave(young, 24);
  leave("sluice-freeze-mine", 1000);
  const kept = [
    [
      "warning",
      `Temporary copy of an environment, ${edited}: left by killed exports, and changed by somebody since.`,
      `npx datocms environments:destroy ${edited}`,
    ],
    [
      "ok",
      `Temporary copy of an environment, ${young}: may be read by exports that run.`,
      undefined,
    ],
  ];
  assert.deepEqual(texts(advisedExamination(await examine({ source }), "sluice doctor --clean")), [
    [
      "warning",
      `Temporary copy of an environment, ${old}: left by killed exports.`,
      "sluice doctor --clean",
    ],
    ...kept,
  ]);
  assert.ok(project.environments.has(old));
  assert.deepEqual(texts(await examine({ source, clean: true })), [
    [
      "ok",
      `Temporary copy of an environment, ${old}: left by killed exports, and deleted now.`,
      undefined,
    ],
    ...kept,
  ]);
  assert.deepEqual([...project.environments.keys()], [
    "main",
    "spring-issue",
    edited,
    young,
    "sluice-freeze-mine",
  ]);
});

Deno.test("examine() says which temporary copy can't be deleted, and nothing where none can be listed", async () => {
  const project = sampleProject();
  const id = "sluice-freeze-1700000000-aaaaaaaa";
  const meta = { primary: false, created_at: "2023-11-14T22:13:20Z" };
  project.environments.set(id, project.primary.fork({ id, type: "environment", meta }));
  await using cma = startDemoCma({
    project,
    onRequest: ({ method }) =>
      method === "DELETE" ? apiError(403, "INSUFFICIENT_PERMISSIONS") : undefined,
  });
  const source = { apiToken: cma.apiToken, baseUrl: cma.url, retry: QUICK_RETRIES };
  const found = await examine({ source, clean: true });
  assert.deepEqual(named(found, "problem"), ["temporary_copies"]);
  const { message, fix } = find(found, "temporary_copies");
  assert.match(
    message,
    new RegExp(`, ${id}: can't be deleted \\(The API token's role may not DELETE `),
  );
  assert.equal(fix, `npx datocms environments:destroy ${id}`);
  const hidden = await examineSource({ project, forbidden: ["/environments"] });
  assert.ok(!hidden.checks.some(({ name }) => name === "temporary_copies"));
});

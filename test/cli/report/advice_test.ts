import assert from "node:assert/strict";
import {
  advised,
  advisedEvent,
  advisedExamination,
  advisedReport,
} from "../../../src/cli/report/advice.ts";
import { EXIT, SluiceError } from "../../../src/error.ts";
import { UnfinishedError } from "../../../src/export/unfinished.ts";
import { failureOf } from "../../../src/report/failure.ts";
import { refusal } from "../../../src/source/datocms/cma_error.ts";
import type { Manifest } from "../../../src/snapshot/manifest.ts";
import { readSources } from "../../support/house.ts";

const { signal } = new AbortController();
const told = (error: unknown) => advised(failureOf(error, signal)).message;

Deno.test("A command ends a library's sentence with its flags, and the facts of this run", () => {
  const at = "file:///snapshots/content/project_1/snapshot_2";
  const unfinished = new UnfinishedError(at, true);
  assert.deepEqual([unfinished.code, unfinished.facts], [
    "time_budget_over",
    { snapshot: at, progressed: true },
  ]);
  assert.match(unfinished.message, /isn't complete yet\.$/);
  assert.match(told(unfinished), /isn't complete yet: --resume continues it\.$/);
  assert.match(
    told(new UnfinishedError(at, false)),
    /snapshot_2: --resume continues it; allow more time \(--time-budget\)\.$/,
  );
  assert.match(told(new UnfinishedError()), /: allow more \(--time-budget\)\.$/);
  const refused = refusal(401, [], { what: "GET /site", host: "example.com" });
  assert.match(told(refused), /check the API's address \(--base-url\)\.$/);
  assert.equal(failureOf(refused, signal).message, refused.message);
  assert.match(
    told(new TypeError("x is not a function")),
    /this message and the command that you ran; --verbose shows more\.$/,
  );
  const problem = { code: "too_many_deletions", facts: { maxDelete: 5 } };
  const many = new SluiceError("5 files have no upload: allow 5.", EXIT.failed, problem);
  assert.equal(told(many), "5 files have no upload: allow 5 with --max-delete 5.");
  assert.equal(told(new SluiceError("Enough.", EXIT.failed, { code: "toString" })), "Enough.");
});

Deno.test("An event and a check are told with flags, and without what is for programs", () => {
  assert.deepEqual(
    advisedEvent({
      type: "warning",
      code: "deletion_refused",
      message: "No asset file was deleted: if that is right, allow 5.",
      facts: { maxDelete: 5 },
    }),
    {
      type: "warning",
      code: "deletion_refused",
      message: "No asset file was deleted: if that is right, allow 5 with --max-delete 5.",
    },
  );
  const failed = { upload_id: "1", key: "a.png", size: null, md5: null, attempts: 1 };
  const outcome = { ...failed, outcome: "failed", reason: "it is at cdn.example" } as const;
  const facts = { assetHost: "https://cdn.example" };
  assert.deepEqual(
    advisedEvent({ type: "asset", outcome: { ...outcome, code: "asset_host_unknown", facts } }),
    {
      type: "asset",
      outcome: {
        ...outcome,
        reason: "it is at cdn.example (--asset-host https://cdn.example)",
      },
    },
  );
  assert.deepEqual(advisedEvent({ type: "asset", outcome }), { type: "asset", outcome });
  assert.deepEqual(advisedEvent({ type: "skipped", resource: "roles", message: "It may not." }), {
    type: "skipped",
    resource: "roles",
    message: "It may not; --exclude roles leaves it out silently.",
  });
  const check = { area: "source", name: "x", status: "problem", message: "It is wrong." } as const;
  const nothing = { destination: null, problems: 1, warnings: 0, notChecked: [] };
  const examined = advisedExamination({
    ...nothing,
    unfinishedUploads: [],
    checks: [
      { ...check, code: "api_address" },
      { ...check, fix: "Choose one of: main.", code: "environment_unknown" },
      { ...check, code: "uploads_left" },
      { ...check, fix: "do it" },
    ],
  }, "sluice doctor --to 's3://bucket/a b' --clean");
  assert.deepEqual(examined.checks, [
    { ...check, message: "It is wrong (--base-url)." },
    { ...check, fix: "Choose one of: main (--environment)." },
    { ...check, fix: "sluice doctor --to 's3://bucket/a b' --clean" },
    { ...check, fix: "do it" },
  ]);
});

Deno.test("A report is told with the flag that lets files be deleted", () => {
  const deleted = { count: 0, bytes: 0 };
  const report = { status: "complete", snapshot: "file:///x", manifest: {} as Manifest } as const;
  const problem = "No asset file was deleted: if that is right, allow 5.";
  assert.deepEqual(
    advisedReport({ ...report, deletion: { deleted, problem, facts: { maxDelete: 5 } } }).deletion,
    { deleted, problem: problem.replace("5.", "5 with --max-delete 5.") },
  );
  for (const same of [report, { ...report, deletion: { deleted } }]) {
    assert.deepEqual(advisedReport(same), same);
  }
});

/** Flags of other programs: of Deno, ClickHouse, the AWS command line and of its evaluations in a shell. */
const OTHERS =
  /--(allow-|cert|path db|bucket|format|versioning-configuration|server-side-encryption-configuration|public-access-block-configuration|lifecycle-configuration)/;

Deno.test("No sentence of the library names a flag of the command line", async () => {
  const sources = await readSources("src");
  // Whoever looks at a page is shown what to type.
  const library = [...sources].filter(([path]) => {
    return !/^src\/(?:cli|config|std|simulator|serve\/page)\//.test(path);
  });
  assert.ok(library.length > 150);
  const found = library.flatMap(([path, text]) =>
    text.split("\n")
      .filter((line) => !/^\s*(\*|\/\*|\/\/)/.test(line))
      .filter((line) => /--[a-z][a-z-]+(?![\w.(])/.test(line) && !OTHERS.test(line))
      .map((line) => `${path}: ${line.trim()}`)
  );
  assert.deepEqual(found, []);
});

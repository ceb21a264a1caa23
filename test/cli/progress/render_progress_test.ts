import assert from "node:assert/strict";
import fc from "fast-check";
import { type Detail, eventText } from "../../../src/cli/progress/event_text.ts";
import { progressLine } from "../../../src/cli/progress/line_view.ts";
import { renderProgress } from "../../../src/cli/progress/render_progress.ts";
import { textWidth } from "../../../src/cli/text/width.ts";
import type { ExportEvent } from "../../../src/export/events.ts";
import { initialProgress } from "../../../src/report/progress_state.ts";
import { after, asset, done, page, request, RETRY, START, total } from "./events.ts";

const BEGIN = initialProgress(0);
const UPLOADS = { resource: "uploads", model: undefined, version: undefined };
const MIDWAY = after(BEGIN, [
  START,
  request(),
  request(45),
  RETRY,
  total(1200),
  total(600, { version: "published" }),
  page(300),
  page(150, { version: "published" }),
  total(40, UPLOADS),
  page(40, UPLOADS),
  done(40, UPLOADS),
  asset("downloaded", 3_400_000),
  asset("kept"),
  asset("failed", null),
  { type: "written", objects: 41, bytes: 600_000 },
]);
const TABLES = { type: "tables", rows: 2300, entries: 450, of: 1800 } as const;

Deno.test("renderProgress() shows that the schema is being read", () => {
  assert.deepEqual(renderProgress(BEGIN, { columns: 80, color: false, now: 300 }), [
    "Reading the project's schema",
    "Requests  0, 0 B",
    "Time      0.3 s",
  ]);
});

Deno.test("renderProgress() shows how far everything is", () => {
  assert.deepEqual(renderProgress(MIDWAY, { columns: 100, color: false, now: 10_000 }), [
    "Exporting Slackwater (project 123, environment main) to",
    "          /backups/content/project_123/snapshot_1700000000",
    "Records   ██████░░░░░░░░░░░░░░░░░░  25 %  450 of 1,800, 45/s",
    "Assets    █▊░░░░░░░░░░░░░░░░░░░░░░   7 %  3 of 40, 3.4 MB downloaded, 1 kept, 1 failed",
    "Listings  ████████░░░░░░░░░░░░░░░░  33 %  1 of 3: article 300/1,200, article (published) 150/600",
    "Requests  2, 41 kB, 45 left in this window, 1 retry",
    "Written   42 objects, 4.0 MB",
    "Time      10 s, about 2 min 3 s left",
  ]);
});

Deno.test("renderProgress() shows bars and all that it says in 80 columns", () => {
  const lines = renderProgress(MIDWAY, { columns: 80, color: false, now: 10_000 });
  assert.deepEqual(lines.slice(2), [
    "Records   ████░░░░░░░░░░░░  25 %  450 of 1,800, 45/s",
    "Assets    █▏░░░░░░░░░░░░░░   7 %  3 of 40, 3.4 MB downloaded, 1 kept, 1 failed",
    "Listings  █████▎░░░░░░░░░░  33 %  1 of 3: article 300/1,200, article",
    "          (published) 150/600",
    "Requests  2, 41 kB, 45 left in this window, 1 retry",
    "Written   42 objects, 4.0 MB",
    "Time      10 s, about 2 min 3 s left",
  ]);
});

Deno.test("renderProgress() keeps quiet about totals that aren't known", () => {
  const state = after(BEGIN, [{ ...START, listings: 20 }, total(1200), page(300)]);
  assert.deepEqual(renderProgress(state, { columns: 60, color: false, now: 2000 }).slice(2), [
    "Records   300 so far, 150/s",
    "Assets    0 so far, 0 B downloaded",
    "Listings  0 %  0 of 20: article 300/1,200",
    "Requests  0, 0 B",
    "Time      2.0 s",
  ]);
});

Deno.test("renderProgress() shows how far tables are, also where nothing else is made", () => {
  const exported = renderProgress(after(MIDWAY, [TABLES]), { columns: 80, color: false, now: 0 });
  assert.deepEqual(exported.slice(5, 8), [
    "          (published) 150/600",
    "Tables    ████░░░░░░░░░░░░  25 %  450 of 1,800, 2,300 rows",
    "Requests  2, 41 kB, 45 left in this window, 1 retry",
  ]);
  const written = { type: "written", objects: 3, bytes: 50_000 } as const;
  const alone = after(BEGIN, [written, TABLES]);
  assert.deepEqual(renderProgress(alone, { columns: 80, color: false, now: 10_000 }), [
    "Making tables",
    "Tables    ████░░░░░░░░░░░░  25 %  450 of 1,800, 2,300 rows",
    "Written   3 objects, 50 kB",
    "Time      10 s, about 30 s left",
  ]);
  const unknown = after(BEGIN, [{ ...TABLES, rows: 1, of: null }]);
  assert.deepEqual(renderProgress(unknown, { columns: 80, color: false, now: 10_000 }), [
    "Making tables",
    "Tables    450 so far, 1 row",
    "Time      10 s",
  ]);
});

Deno.test("renderProgress() leaves assets out if they aren't fetched", () => {
  const state = after(initialProgress(0, { withAssets: false }), [START]);
  const lines = renderProgress(state, { columns: 80, color: false, now: 0 });
  assert.ok(!lines.some((line) => line.startsWith("Assets")));
});

Deno.test("renderProgress() colours only if it may", () => {
  // deno-lint-ignore no-control-regex -- colours are what is looked for
  const escapes = /\x1b\[\d+m/g;
  const options = { columns: 100, now: 10_000 };
  const plain = renderProgress(MIDWAY, { ...options, color: false });
  const coloured = renderProgress(MIDWAY, { ...options, color: true });
  assert.ok(coloured.every((line) => line.startsWith(" ") || line.includes("\x1b[")));
  assert.deepEqual(coloured.map((line) => line.replace(escapes, "")), plain);
});

Deno.test("renderProgress() fits into any terminal, whatever names it is given", () => {
  const name = fc.string({ unit: "binary", maxLength: 24 });
  fc.assert(
    fc.property(name, name, fc.integer({ min: 1, max: 160 }), (project, model, columns) => {
      const start = { ...START, project: { id: "1", name: project }, environment: model };
      const state = after(BEGIN, [start, total(9, { model }), page(3, { model })]);
      for (const line of renderProgress(state, { columns, color: false, now: 5000 })) {
        assert.ok(textWidth(line) < Math.max(columns, 1), JSON.stringify(line));
        // deno-lint-ignore no-control-regex -- control characters are what is looked for
        assert.doesNotMatch(line, /[\0-\x1f\x7f-\x9f]/);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("progressLine() tells the same in one line", () => {
  assert.equal(
    progressLine(MIDWAY, 10_000),
    "10 s: 450 of 1,800 records (25 %, 45/s), 3 of 40 assets (3.4 MB, 1 failed), 1 of 3 listings, " +
      "42 objects written (4.0 MB), 2 requests, 1 retry, about 2 min 3 s left",
  );
  assert.equal(progressLine(BEGIN, 1000), "1.0 s: 0 requests");
  assert.equal(
    progressLine(after(BEGIN, [TABLES]), 10_000),
    "10 s: tables of 450 of 1,800 entries (25 %, 2,300 rows), about 30 s left",
  );
  const early = after(initialProgress(0, { withAssets: false }), [START, total(5), page(2)]);
  assert.equal(progressLine(early, 500), "0.5 s: 2 records, 0 of 3 listings, 0 requests");
});

Deno.test("eventText() tells how far the temporary copy is", () => {
  const text = (
    step: "creating" | "ready" | "deleted",
    percent: number | null,
    detail: Detail = "messages",
  ) => eventText({ type: "freeze", environment: "sluice-freeze-1", step, percent }, detail);
  assert.equal(
    text("creating", null),
    "Making a temporary copy of the environment, sluice-freeze-1",
  );
  assert.equal(text("creating", 45), undefined);
  assert.equal(text("creating", 45, "all"), "sluice-freeze-1 is made to 45 %");
  assert.equal(text("ready", null), "Reading from sluice-freeze-1, where nothing changes");
  assert.equal(text("deleted", null), "Deleted sluice-freeze-1");
});

Deno.test("eventText() tells what people should know", () => {
  const warning: ExportEvent = { type: "warning", code: "x", message: "Strange\x1b[2J things." };
  assert.equal(eventText(warning, "messages"), "Warning: Strange\\u001b[2J things.");
  const skipped: ExportEvent = { type: "skipped", resource: "roles", message: "May not." };
  assert.equal(eventText(skipped, "messages"), "Left out roles: May not.");
  assert.equal(
    eventText(asset("failed", null), "messages"),
    "Failed: asset assets/project_123/a.png after 5 attempts: cdn.example answered with status 500",
  );
  for (
    const event of [
      START,
      request(),
      RETRY,
      total(1),
      page(1),
      done(1),
      asset("downloaded"),
      asset("kept"),
      asset("withdrawn", null),
    ]
  ) {
    assert.equal(eventText(event, "messages"), undefined);
  }
});

Deno.test("eventText() tells of requests, retries, listings and assets if it is verbose", () => {
  const told = [
    request(1),
    RETRY,
    done(30, { version: "published" }),
    asset("downloaded"),
    asset("kept", 5),
  ];
  assert.deepEqual(told.map((event) => eventText(event, "all")), [
    "GET /items?page[offset]=30: 200 in 123 ms, 20 kB, 1 request left in this window",
    "Retry 2 of GET /items in 1.5 s: status 503",
    "Read article (published): 30, 3.0 kB",
    "downloaded asset assets/project_123/a.png, 1.0 MB",
    "kept asset assets/project_123/a.png, 5 B",
  ]);
  for (const event of [total(1), page(1), asset("withdrawn", null)]) {
    assert.equal(eventText(event, "all"), undefined);
  }
});

Deno.test("eventText() tells a log of every retry, skip, drift and failure", () => {
  const finding = { type: "finding", code: "count_differs", message: "30 announced." } as const;
  const skipped = { type: "skipped", resource: "roles", message: "May not." } as const;
  const converged = { type: "converged", resource: "records", pass: 2, count: 3 } as const;
  const told = [{ ...START, resumed: true }, RETRY, skipped, finding, converged];
  assert.deepEqual(told.map((event) => eventText(event, "log")), [
    "Resuming the export of Slackwater (project 123, environment main) to " +
    "/backups/content/project_123/snapshot_1700000000",
    "Retry 2 of GET /items in 1.5 s: status 503",
    "Left out roles: May not.",
    "Found: 30 announced.",
    "Read 3 records again that changed meanwhile (pass 2)",
  ]);
  const checkpoint = {
    type: "checkpoint",
    snapshot: START.snapshot,
    objects: 12,
    progressed: true,
  } as const;
  for (const event of [checkpoint, request(), done(1), asset("kept")]) {
    assert.equal(eventText(event, "log"), undefined);
  }
  assert.equal(eventText(checkpoint, "all"), "Wrote a checkpoint: 12 objects so far");
});

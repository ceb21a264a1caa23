import assert from "node:assert/strict";
import { SpanStatusCode } from "@opentelemetry/api";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import type { ExportEvent } from "../../src/export/events.ts";
import type { Tally } from "../../src/snapshot/manifest.ts";
import { withTelemetry } from "../../src/telemetry/with_telemetry.ts";
import { UnfinishedError } from "../../src/export/unfinished.ts";
import { asset, done, page, request, RETRY, START, total } from "../cli/progress/events.ts";
import { workbench } from "../support/exported.ts";
import { Recorder } from "./recorder.ts";

/** Runs an export that tells some events. */
async function tell(events: readonly ExportEvent[]): Promise<void> {
  await withTelemetry(undefined, (onEvent) => {
    events.forEach(onEvent);
    return Promise.resolve({ status: "complete" });
  });
}

Deno.test("withTelemetry() makes spans and counts of a real export", async () => {
  using recorder = new Recorder();
  await using bench = await workbench({ project: sampleProject() });
  const { cma, events } = bench;
  const report = await withTelemetry(
    (event) => events.push(event),
    (onEvent) => bench.export({ onEvent }),
  );
  const { manifest } = report;
  const requests = events.filter((event) => event.type === "request");

  const [root, ...others] = recorder.named("sluice.export");
  assert.ok(root && others.length === 0 && root.parent === undefined);
  assert.deepEqual([root.attributes["sluice.status"], root.status], ["complete", undefined]);
  assert.ok(recorder.spans.every(({ ended }) => ended === 1));

  const listings = recorder.named("sluice.listing");
  assert.ok(listings.length > 10 && listings.every(({ parent }) => parent === root));
  const read = new Map(listings.map(({ attributes: a }) => {
    return [`${a["sluice.resource"]} ${a["sluice.model"]} ${a["sluice.version"]}`, a];
  }));
  assert.equal(read.size, listings.length);
  let records = 0;
  for (const [model, versions] of Object.entries(manifest.records)) {
    for (const version of ["current", "published"] as const) {
      const about = { "sluice.model": model, "sluice.version": version };
      const { count } = versions[version]!;
      assert.equal(read.get(`records ${model} ${version}`)?.["sluice.count"], count);
      assert.equal(recorder.sum("sluice.records", about), count);
      records += count;
    }
  }
  assert.ok(records > 0);
  assert.equal(recorder.sum("sluice.records"), records);

  const sent = [...recorder.named("sluice.page"), ...recorder.named("sluice.request")];
  assert.equal(sent.length, requests.length);
  for (const { parent, options, endTime } of sent) {
    assert.ok(parent === root || parent?.name === "sluice.listing");
    assert.ok(Number(options.startTime) <= Number(endTime));
  }
  // Each listing has its pages, and those what was written of them; but records come along with those of
  // other models, and by their ids.
  for (const listing of listings) {
    if (listing.attributes["sluice.resource"] === "records") continue;
    const pages = recorder.named("sluice.page").filter(({ parent }) => parent === listing);
    const count = pages.reduce((sum, { attributes }) => {
      return sum + Number(attributes["sluice.count"] ?? 1);
    }, 0);
    assert.ok(pages.length > 0);
    if (!listing.attributes["sluice.skipped"]) {
      assert.ok(count >= Number(listing.attributes["sluice.count"]));
    }
  }
  const bytes = requests.reduce((sum, event) => sum + event.bytes, 0);
  assert.equal(recorder.sum("sluice.bytes", { "sluice.source": "api" }), bytes);
  assert.equal(recorder.sum("sluice.requests", { "http.response.status_code": 200 }), sent.length);
  assert.equal(recorder.sum("sluice.retries"), 0);

  const { assets } = manifest;
  assert.ok(assets && assets.downloaded.count > 0);
  for (const outcome of ["downloaded", "kept", "withdrawn", "failed"] as const) {
    const tally: Tally | number = assets[outcome];
    const count: number = typeof tally === "number" ? tally : tally.count;
    assert.equal(recorder.sum("sluice.assets", { "sluice.outcome": outcome }), count);
  }
  assert.equal(recorder.named("sluice.assets").length, 1);
  const downloaded = recorder.sum("sluice.bytes", { "sluice.source": "assets" });
  assert.equal(downloaded, assets.downloaded.bytes);
  assert.ok(!recorder.text.includes(cma.apiToken));
});

Deno.test("withTelemetry() puts pages into listings, with their attempts", async () => {
  using recorder = new Recorder();
  const listing = { resource: "records", model: "article", version: "current" } as const;
  const answer = { ...request(), listing } as Extract<ExportEvent, { type: "request" }>;
  await tell([
    request(),
    START,
    { ...answer, status: 503, count: null },
    { ...RETRY, listing } as ExportEvent,
    { ...answer, attempt: 2 },
    total(30),
    page(30),
    done(30),
    { type: "skipped", resource: "roles", message: "May not." },
  ]);
  const tree = recorder.spans.map(({ name, parent }) => [name, parent?.name]);
  assert.deepEqual(tree, [
    ["sluice.export", undefined],
    ["sluice.request", "sluice.export"],
    ["sluice.listing", "sluice.export"],
    ["sluice.page", "sluice.listing"],
    ["sluice.page", "sluice.listing"],
    ["sluice.listing", "sluice.export"],
  ]);
  const [, , read, failed, good, skipped] = recorder.spans;
  assert.deepEqual(read!.attributes, {
    "sluice.resource": "records",
    "sluice.model": "article",
    "sluice.version": "current",
    "sluice.count": 30,
    "sluice.bytes": 3000,
    "sluice.pages": 1,
  });
  assert.deepEqual(read!.events, [{
    name: "retry",
    attributes: { "sluice.reason": "status 503", "sluice.attempt": 2, "sluice.wait_ms": 1500 },
  }]);
  assert.equal(failed!.status?.code, SpanStatusCode.ERROR);
  assert.deepEqual(good!.attributes, {
    "sluice.resource": "records",
    "sluice.model": "article",
    "sluice.version": "current",
    "http.request.method": "GET",
    "url.path": "/items",
    "http.response.status_code": 200,
    "sluice.offset": 30,
    "sluice.count": 30,
    "sluice.bytes": 20_480,
    "sluice.attempt": 2,
  });
  assert.ok(Math.abs(Number(good!.endTime) - Number(good!.options.startTime) - 123.4) < 0.01);
  assert.equal(skipped!.attributes["sluice.skipped"], true);
  assert.equal(recorder.sum("sluice.retries", { "sluice.source": "api" }), 1);
  assert.equal(recorder.sum("sluice.requests", { "http.response.status_code": 503 }), 1);
});

Deno.test("withTelemetry() tells of assets by their upload, and of warnings by their code", async () => {
  using recorder = new Recorder();
  const secret = "what-an-editor-wrote";
  const failed = asset("failed", null);
  await tell([
    { type: "retry", what: `asset /1/${secret}.png`, reason: secret, attempt: 1, waitMs: 5 },
    { ...failed, outcome: { ...failed.outcome, key: secret, reason: secret } },
    { type: "warning", code: "odd", message: secret },
    { type: "finding", code: "count_differs", message: secret },
  ]);
  assert.equal(recorder.sum("sluice.retries", { "sluice.source": "assets" }), 1);
  const [root, assets] = recorder.spans;
  assert.deepEqual(root!.events.map(({ name, attributes }) => [name, attributes]), [
    ["warning", { "sluice.code": "odd" }],
    ["finding", { "sluice.code": "count_differs" }],
  ]);
  assert.deepEqual(assets!.events.map(({ name }) => name), ["retry", "failed"]);
  assert.ok(!recorder.text.includes(secret));
});

Deno.test("withTelemetry() tells how an export ended, and passes on what it threw", async () => {
  const ends: [unknown, string, SpanStatusCode | undefined, string | undefined][] = [
    [new SluiceError("It failed."), "failed", SpanStatusCode.ERROR, "It failed."],
    [new TypeError("Any\ncontent"), "failed", SpanStatusCode.ERROR, undefined],
    [new SluiceError("Stop.", EXIT.cancelled), "cancelled", undefined, undefined],
    [new DOMException("Stop.", "AbortError"), "cancelled", undefined, undefined],
    [new UnfinishedError("file:///s"), "unfinished", undefined, undefined],
  ];
  for (const [error, status, code, message] of ends) {
    using recorder = new Recorder();
    const run = withTelemetry(undefined, (onEvent) => {
      [START, page(3)].forEach(onEvent);
      return Promise.reject(error);
    });
    await assert.rejects(run, (thrown) => thrown === error);
    const [root] = recorder.spans;
    assert.equal(root!.attributes["sluice.status"], status);
    assert.deepEqual([root!.status?.code, root!.status?.message], [code, message]);
    assert.equal(recorder.spans.length, 2);
    assert.ok(recorder.spans.every(({ ended }) => ended === 1));
  }
});

Deno.test("withTelemetry() changes nothing where nobody listens", async () => {
  const told: string[] = [];
  const report = await withTelemetry(({ type }) => told.push(type), (onEvent) => {
    [START, page(3), done(3)].forEach(onEvent);
    return Promise.resolve({ status: "partial", more: 1 });
  });
  assert.deepEqual(report, { status: "partial", more: 1 });
  assert.deepEqual(told, ["start", "page", "done"]);
});

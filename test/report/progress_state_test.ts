import assert from "node:assert/strict";
import fc from "fast-check";
import { paceOf } from "../../src/cli/progress/pace.ts";
import type { ExportEvent } from "../../src/export/events.ts";
import { assetsDone, initialProgress, progressOf } from "../../src/report/progress_state.ts";
import { after, asset, done, page, request, RETRY, START, total } from "../cli/progress/events.ts";

const BEGIN = initialProgress(0);

Deno.test("progressOf() counts records over listings, and corrects totals", () => {
  const published = { version: "published" };
  const state = after(BEGIN, [
    START,
    total(100),
    page(30),
    total(80, published),
    page(30, published),
    total(101),
    page(30),
  ]);
  assert.deepEqual(state.records, { read: 90, total: 181 });
  assert.deepEqual([state.listingsBegun, state.listingsDone], [2, 0]);
  assert.deepEqual(
    state.active.map(({ model, version, read, total }) => [model, version, read, total]),
    [
      ["article", "current", 60, 101],
      ["article", "published", 30, 80],
    ],
  );
  const end = after(state, [page(40), done(100)]);
  assert.deepEqual(end.records, { read: 130, total: 180 });
  assert.deepEqual([end.listingsBegun, end.listingsDone, end.active.length], [2, 1, 1]);
});

Deno.test("progressOf() counts a listing that was left out as begun and done", () => {
  const skipped: ExportEvent = { type: "skipped", resource: "roles", message: "403" };
  const state = after(BEGIN, [START, skipped]);
  assert.deepEqual([state.listingsBegun, state.listingsDone, state.active.length], [1, 1, 0]);
  const midway = after(BEGIN, [START, { type: "total", resource: "roles", total: 2 }, skipped]);
  assert.deepEqual([midway.listingsBegun, midway.listingsDone, midway.active.length], [1, 1, 0]);
});

Deno.test("progressOf() keeps uploads, requests, assets and warnings apart", () => {
  const uploads = { resource: "uploads", model: undefined, version: undefined };
  const state = after(BEGIN, [
    START,
    request(59),
    request(58),
    RETRY,
    total(4, uploads),
    page(4, uploads),
    asset("downloaded", 500),
    asset("kept", 700),
    asset("withdrawn", null),
    asset("failed", null),
    { type: "warning", code: "x", message: "y" },
    { type: "sealed", snapshot: START.snapshot },
  ]);
  assert.deepEqual(state.uploads, { read: 4, total: 4 });
  assert.deepEqual(state.records, { read: 0, total: 0 });
  assert.deepEqual(state.assets, {
    downloaded: 1,
    kept: 1,
    withdrawn: 1,
    not_served: 0,
    failed: 1,
    bytes: 500,
    retries: 0,
  });
  assert.equal(assetsDone(state), 4);
  const { type: _, ...retried } = RETRY as Extract<ExportEvent, { type: "retry" }>;
  assert.deepEqual(state.retried, [retried]);
  const many = after(state, Array.from({ length: 2000 }, () => RETRY));
  assert.deepEqual([many.requests.retries, many.retried.length], [2001, 1000]);
  assert.deepEqual(state.requests, { count: 2, retries: 1, bytes: 40_960, available: 58 });
  assert.deepEqual([state.warnings, state.sealed], [1, true]);
});

Deno.test("progressOf() changes no state that it was given, and keeps it small", () => {
  let state = progressOf(BEGIN, START, 0);
  for (let i = 0; i < 500; i++) {
    const model = { model: `m${i}` };
    const before = structuredClone(state);
    const next = after(state, [total(1, model), page(1, model), done(1, model)]);
    assert.deepEqual(state, before);
    state = progressOf(next, request(), i * 100);
  }
  assert.deepEqual(state.records, { read: 500, total: 500 });
  assert.equal(state.active.length, 0);
  assert.ok(state.samples.length < 50, String(state.samples.length));
});

Deno.test("progressOf() adds up however pages of listings are mixed", () => {
  const pages = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 500 })));
  fc.assert(fc.property(pages, (pages) => {
    const counts = [0, 0, 0, 0];
    for (const [model, count] of pages) counts[model]! += count;
    const events = [
      ...counts.map((count, model) => total(count, { model: `m${model}` })),
      ...pages.map(([model, count]) => page(count, { model: `m${model}` })),
    ];
    const all = counts.reduce((sum, count) => sum + count, 0);
    assert.deepEqual(after(BEGIN, events).records, { read: all, total: all });
    const ends = counts.map((count, model) => done(count, { model: `m${model}` }));
    assert.deepEqual(after(BEGIN, [...events, ...ends]).records, { read: all, total: all });
  }));
});

Deno.test("paceOf() tells the time that is left once all totals are known", () => {
  const one = { ...START, listings: 1 };
  const state = after(BEGIN, [one, total(400), page(100), page(100)], 1000);
  const { recordsPerSecond, totalsKnown, msLeft } = paceOf(state, 4000);
  assert.equal(recordsPerSecond, 50);
  assert.equal(totalsKnown, true);
  assert.equal(msLeft, 4000);
  const more = after(BEGIN, [START, total(400), page(100), page(100)], 1000);
  assert.deepEqual([paceOf(more, 4000).totalsKnown, paceOf(more, 4000).msLeft], [false, undefined]);
});

Deno.test("paceOf() takes the slower of records and assets, which come at the same time", () => {
  const uploads = { resource: "uploads", model: undefined, version: undefined };
  const events = [
    { ...START, listings: 2 },
    total(400),
    total(30, uploads),
    page(200),
    page(30, uploads),
    asset("downloaded"),
    asset("downloaded"),
    asset("downloaded"),
  ];
  // 200 records and 3 assets in 8 seconds: 200 more records take 8 s, 27 more assets 72 s.
  const state = after(BEGIN, events, 1000);
  assert.equal(paceOf(state, 8000).msLeft, 72_000);
  const without = after(initialProgress(0, { withAssets: false }), events, 1000);
  assert.equal(paceOf(without, 8000).msLeft, 8000);
});

Deno.test("paceOf() keeps quiet about what nobody can tell", () => {
  assert.deepEqual(paceOf(BEGIN, 5000), {
    recordsPerSecond: 0,
    totalsKnown: false,
    msLeft: undefined,
  });
  const early = after(BEGIN, [{ ...START, listings: 1 }, total(400), page(100)], 10);
  assert.deepEqual([paceOf(early, 100).recordsPerSecond, paceOf(early, 100).msLeft], [
    0,
    undefined,
  ]);
  const none = after(BEGIN, [{ ...START, listings: 1 }, total(400)], 1000);
  assert.equal(paceOf(none, 5000).msLeft, undefined);
  const all = after(BEGIN, [{ ...START, listings: 1 }, total(4), page(4), done(4)], 1000);
  assert.equal(paceOf(all, 5000).msLeft, undefined);
});

Deno.test("paceOf() measures the last seconds, not the whole export", () => {
  let state = after(BEGIN, [{ ...START, listings: 1 }, total(100_000)], 0);
  for (let second = 1; second <= 60; second++) {
    state = progressOf(state, page(second <= 30 ? 1000 : 10), second * 1000);
  }
  const { recordsPerSecond } = paceOf(state, 60_000);
  assert.ok(recordsPerSecond > 8 && recordsPerSecond < 12, String(recordsPerSecond));
});

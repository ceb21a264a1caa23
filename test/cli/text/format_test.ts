import assert from "node:assert/strict";
import fc from "fast-check";
import { shellWord, shownAddress } from "../../../src/text/printable.ts";
import {
  counted,
  formatBytes,
  formatCount,
  formatDuration,
  renderBar,
} from "../../../src/cli/text/format.ts";

Deno.test("formatCount() and counted() write numbers for people", () => {
  assert.equal(formatCount(1234567.6), "1,234,568");
  assert.equal(counted(1, "record"), "1 record");
  assert.equal(counted(0, "record"), "0 records");
  assert.equal(counted(1204, "retry", "retries"), "1,204 retries");
});

Deno.test("formatBytes() chooses the unit that keeps numbers short", () => {
  const sizes = [0, 999, 1000, 1249, 9949, 9950, 999_499, 999_500, 12_345_678, 3.2e12, 5e18];
  assert.deepEqual(sizes.map(formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "1.2 kB",
    "9.9 kB",
    "10 kB",
    "999 kB",
    "1.0 MB",
    "12 MB",
    "3.2 TB",
    "5,000 PB",
  ]);
});

Deno.test("formatDuration() chooses the units that keep durations short", () => {
  const durations = [0, 420, 9949, 9950, 59_499, 59_500, 185_000, 3_599_499, 3_600_000, 7_830_000];
  assert.deepEqual(durations.map(formatDuration), [
    "0.0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 0 s",
    "3 min 5 s",
    "59 min 59 s",
    "1 h 0 min",
    "2 h 11 min",
  ]);
});

Deno.test("renderBar() is as long as it should be, and as full", () => {
  assert.equal(renderBar(8, 0), "░░░░░░░░");
  assert.equal(renderBar(8, 0.5), "████░░░░");
  assert.equal(renderBar(8, 0.52), "████▏░░░");
  assert.equal(renderBar(8, 1), "████████");
  fc.assert(fc.property(fc.nat({ max: 50 }), fc.double(), (width, ratio) => {
    assert.equal([...renderBar(width, ratio)].length, width);
  }));
});

Deno.test("shellWord() quotes what a shell would take apart", () => {
  assert.equal(shellWord("/a/b-c_d.ndjson"), "/a/b-c_d.ndjson");
  assert.equal(shellWord("/tables/version=current"), "/tables/version=current");
  assert.equal(shellWord("/my files/it's"), "'/my files/it'\\''s'");
  assert.equal(shellWord("$(rm)"), "'$(rm)'");
  assert.equal(shellWord(""), "''");
});

Deno.test("shownAddress() shows a file's path, and other addresses as they are", () => {
  assert.equal(shownAddress("file:///a%20b/c"), "/a b/c");
  assert.equal(shownAddress("s3://bucket/a%20b"), "s3://bucket/a%20b");
  assert.equal(shownAddress("file:///a%1b%5B2J"), "/a\\u001b[2J");
});

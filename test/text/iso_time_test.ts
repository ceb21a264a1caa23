import assert from "node:assert/strict";
import { parseTime } from "../../src/text/iso_time.ts";

Deno.test("parseTime() gives the first and last millisecond of what a text names", () => {
  const spans: Record<string, readonly [string, string]> = {
    "2026-02": ["2026-02-01T00:00:00.000Z", "2026-02-28T23:59:59.999Z"],
    "2024-02-29": ["2024-02-29T00:00:00.000Z", "2024-02-29T23:59:59.999Z"],
    "2026-12": ["2026-12-01T00:00:00.000Z", "2026-12-31T23:59:59.999Z"],
    "2026-01-31T14": ["2026-01-31T14:00:00.000Z", "2026-01-31T14:59:59.999Z"],
    "2026-01-31 14:30": ["2026-01-31T14:30:00.000Z", "2026-01-31T14:30:59.999Z"],
    "2026-01-31T14:30:05Z": ["2026-01-31T14:30:05.000Z", "2026-01-31T14:30:05.999Z"],
    "2026-01-31T143005z": ["2026-01-31T14:30:05.000Z", "2026-01-31T14:30:05.999Z"],
    "2026-01-31T14:30:05.12": ["2026-01-31T14:30:05.120Z", "2026-01-31T14:30:05.120Z"],
    "2026-01-31T14:30:05.123456Z": ["2026-01-31T14:30:05.123Z", "2026-01-31T14:30:05.123Z"],
    "2026-01-31T01:30+02:00": ["2026-01-30T23:30:00.000Z", "2026-01-30T23:30:59.999Z"],
    "2026-01-31T23:30-0200": ["2026-02-01T01:30:00.000Z", "2026-02-01T01:30:59.999Z"],
  };
  for (const [text, [start, end]] of Object.entries(spans)) {
    const span = parseTime(text);
    assert.ok(span, text);
    assert.equal(new Date(span.start).toISOString(), start, text);
    assert.equal(new Date(span.end).toISOString(), end, text);
  }
});

Deno.test("parseTime() takes nothing else", () => {
  const texts = [
    "",
    "2026",
    "2026-13",
    "2026-00-01",
    "2026-02-30",
    "2026-1-2",
    "2026-01-31T24:00",
    "2026-01-31T14:60",
    "2026-01-31T14:30:60",
    "2026-01-31Z",
    "latest",
    "2026-01-31T",
    " 2026-01-31",
  ];
  for (const text of texts) assert.equal(parseTime(text), undefined, text);
});

import assert from "node:assert/strict";
import type { ExportEvent } from "../../src/export/events.ts";
import { Journal } from "../../src/export/journal.ts";
import { Unreadable } from "../../src/source/datocms/unreadable.ts";
import { Secrets } from "../../src/text/secrets/secrets.ts";

function begin() {
  const events: ExportEvent[] = [];
  const redaction = new Secrets(["s3cr3t-token"]);
  const journal = new Journal({ redaction, emit: (event) => void events.push(event) });
  return { journal, events };
}

Deno.test("Journal keeps notes by code, in order, and none of them holds a secret", () => {
  const { journal } = begin();
  assert.deepEqual(journal.notes, { findings: [], warnings: [], failures: [] });
  journal.addFailure("a", "First.");
  journal.addFailure("b", "Second, of s3cr3t-token.");
  journal.addFailure("a", "Third.");
  journal.addFinding("c", "Odd.");
  assert.deepEqual(journal.notes, {
    findings: [{ code: "c", message: "Odd." }],
    warnings: [],
    failures: [
      { code: "a", message: "First." },
      { code: "a", message: "Third." },
      { code: "b", message: "Second, of [redacted]." },
    ],
  });
});

Deno.test("Journal keeps a thousand notes of each code, and says how many more there were", () => {
  const { journal } = begin();
  for (let n = 0; n < 1000; n++) journal.addWarning("full", `${n}.`);
  for (let n = 0; n < 5000; n++) journal.addWarning("more", `${n}.`);
  journal.addWarning("few", "One.");
  const of = (code: string) => {
    return journal.notes.warnings.filter((note) => note.code === code).map(({ message }) =>
      message
    );
  };
  assert.equal(of("full").length, 1000);
  assert.equal(of("full").at(-1), "999.");
  assert.equal(of("more").length, 1001);
  assert.equal(of("more").at(-1), "… and 4000 more.");
  assert.deepEqual(of("few"), ["One."]);
});

Deno.test("Journal tells findings and warnings at once, and failures and others if it is asked to", () => {
  const { journal, events } = begin();
  journal.addFinding("found", "Found.");
  journal.addWarning("warned", "Warned.");
  journal.addWarning("quiet", "Only noted.", false);
  journal.addFailure("failed", "Only noted.");
  journal.addFailure("told", "Told.", true);
  assert.deepEqual(events, [
    { type: "finding", code: "found", message: "Found." },
    { type: "warning", code: "warned", message: "Warned." },
    { type: "finding", code: "told", message: "Told." },
  ]);
});

Deno.test("Journal.restore() takes what was noted before over once, but for assets", () => {
  const { journal } = begin();
  const before = {
    findings: [{ code: "count_differs", message: "Two." }],
    warnings: [{ code: "asset_withdrawn", message: "Gone." }],
    failures: [],
  };
  journal.restore(before);
  journal.addFinding("count_differs", "Two.");
  journal.addFinding("count_differs", "Three.");
  assert.deepEqual(journal.notes, {
    findings: [
      { code: "count_differs", message: "Two." },
      { code: "count_differs", message: "Three." },
    ],
    warnings: [],
    failures: [],
  });
});

Deno.test("Journal.addUnreadable() remembers what is missing", () => {
  const { journal } = begin();
  journal.addUnreadable("uploads", new Unreadable("7", "it has no attributes"));
  assert.ok(journal.isLost("7") && !journal.isLost("8"));
  assert.deepEqual(journal.notes.failures, [{
    code: "resource_unreadable",
    message: 'Of the uploads, the one with id "7" is missing: it has no attributes.',
  }]);
});

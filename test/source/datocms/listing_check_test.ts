import assert from "node:assert/strict";
import fc from "fast-check";
import { ListingCheck } from "../../../src/source/datocms/listing_check.ts";

/** Feeds a check with a listing as an honest API would send it. */
function read(check: ListingCheck<number>, length: number, limit: number): void {
  for (let offset = 0; !check.isEnded; offset += limit) {
    const sent = Math.max(0, Math.min(limit, length - offset));
    const page = Array.from({ length: sent }, (_, n) => offset + n);
    const { length: fresh } = check.admit(page);
    check.answer({ offset, sent, asked: limit, total: length, isNew: fresh > 0 });
  }
}

Deno.test("ListingCheck finds what an honest API sends whole, and takes one answer more only after a full one", () => {
  fc.assert(fc.property(fc.nat(200), fc.integer({ min: 1, max: 50 }), (length, limit) => {
    const check = new ListingCheck({ idOf: String });
    read(check, length, limit);
    assert.deepEqual(check.verdict, { state: "whole", announced: length, sent: length });
    assert.ok(!check.isDoubtful);
  }));
});

Deno.test("ListingCheck believes no end but one that both the length and a short answer tell", () => {
  const cases: [offset: number, sent: number, total: number, isEnded: boolean][] = [
    [0, 0, 0, true],
    [0, 9, 9, true],
    [90, 9, 99, true],
    [0, 9, 5, true],
    [0, 10, 10, false],
    [0, 10, 5, false],
    [0, 9, 10, false],
    [0, 0, 1, false],
  ];
  for (const [offset, sent, total, isEnded] of cases) {
    const check = new ListingCheck<number>({ before: offset });
    check.admit(Array(sent).fill(0));
    check.answer({ offset, sent, asked: 10, total, isNew: true });
    assert.equal(check.isEnded, isEnded, `${sent} of ${total} from ${offset}`);
    assert.equal(check.verdict.state === "whole", isEnded);
  }
});

Deno.test("ListingCheck counts each resource once, and says how many are missing", () => {
  const check = new ListingCheck({ idOf: String });
  assert.deepEqual(check.admit([1, 2, 2, 3]), [1, 2, 3]);
  assert.deepEqual(check.admit([3, 1]), []);
  check.answer({ offset: 0, sent: 4, asked: 10, total: 4, isNew: true });
  assert.deepEqual(check.verdict, { state: "short", announced: 4, sent: 3 });
  check.again();
  check.recall(["7"]);
  assert.deepEqual(check.admit([7, 3, 8]), [8]);
  check.answer({ offset: 0, sent: 4, asked: 10, total: 4, isNew: true });
  assert.deepEqual(check.verdict, { state: "whole", announced: 4, sent: 4 });
});

Deno.test("ListingCheck allows for what came meanwhile, but not at a place where something is missing", () => {
  const grown = new ListingCheck({ idOf: String });
  grown.admit([1, 2]);
  grown.answer({ offset: 0, sent: 2, asked: 2, total: 3, isNew: true });
  grown.admit([3]);
  grown.answer({ offset: 3, sent: 1, asked: 2, total: 4, isNew: true });
  assert.deepEqual(grown.verdict, { state: "whole", announced: 4, sent: 3 });
  grown.hole(4);
  assert.deepEqual(grown.verdict, { state: "short", announced: 4, sent: 3 });
  assert.ok(grown.isDoubtful);
});

Deno.test("ListingCheck says that a reading is stuck, and doubts a listing that lost most of what it had", () => {
  const check = new ListingCheck({ idOf: String });
  check.admit([1, 2]);
  let answers = 0;
  while (!check.isStuck) {
    check.answer({ offset: 0, sent: 2, asked: 2, total: 2, isNew: answers++ === 0 });
    assert.ok(answers < 30);
  }
  assert.equal(check.verdict.state, "endless");
  check.answer({ offset: 0, sent: 0, asked: 2, total: 0, isNew: false });
  assert.equal(check.verdict.state, "whole");
  assert.ok(check.isDoubtful);
});

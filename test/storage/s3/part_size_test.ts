import assert from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_PART_SIZE,
  MAX_PARTS,
  MIN_PART_SIZE,
  partSize,
} from "../../../src/storage/s3/part_size.ts";

const TB = 1e12;
const MiB = 1024 * 1024;

Deno.test("partSize() needs at most 10,000 parts for an object of known size, all of one size", () => {
  const size = fc.integer({ min: 0, max: 6 * TB });
  const least = fc.integer({ min: MIN_PART_SIZE, max: 64 * MiB });
  fc.assert(fc.property(size, least, (size, least) => {
    const part = partSize(1, least, size);
    assert.ok(Math.ceil(size / part) <= MAX_PARTS);
    assert.ok(part >= least && part <= MAX_PART_SIZE);
    assert.equal(partSize(MAX_PARTS, least, size), part);
  }));
  assert.equal(partSize(1, 8 * MiB, 1e9), 8 * MiB);
});

Deno.test("partSize() holds 5 TB in 10,000 parts of an object of unknown size, and begins small", () => {
  let total = 0;
  let before = MIN_PART_SIZE;
  for (let number = 1; number <= MAX_PARTS; number++) {
    const part = partSize(number, MIN_PART_SIZE);
    assert.ok(part >= before && part <= MAX_PART_SIZE);
    total += before = part;
  }
  assert.ok(total >= 5 * TB, `only ${total / TB} TB`);
  assert.equal(partSize(900, 8 * MiB), 8 * MiB);
  assert.equal(partSize(901, 8 * MiB), 16 * MiB);
});

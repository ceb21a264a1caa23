import assert from "node:assert/strict";
import { RecentlyRead } from "../../src/source/recently_read.ts";

Deno.test("RecentlyRead.unread() leaves out what was read lately", () => {
  const read = new RecentlyRead((n: number) => String(n));
  assert.deepEqual(read.unread([1, 2, 3]), [1, 2, 3]);
  assert.deepEqual(read.unread([2, 3, 4]), [4]);
  assert.deepEqual(read.unread([1, 4]), []);
  assert.deepEqual(read.unread([]), []);
});

Deno.test("RecentlyRead remembers thousands, and not everything", () => {
  const read = new RecentlyRead((n: number) => String(n));
  const page = (from: number) => Array.from({ length: 500 }, (_, i) => from + i);
  for (let n = 0; n < 40; n++) assert.equal(read.unread(page(500 * n)).length, 500);
  for (let n = 20; n < 40; n++) assert.equal(read.unread(page(500 * n)).length, 0);
  assert.equal(read.unread(page(0)).length, 500);
});

import assert from "node:assert/strict";
import { mostDeleted } from "../../../src/export/assets/max_delete.ts";

Deno.test("mostDeleted() is a number, a share, or 100 files or 10 %, whichever is more", () => {
  assert.deepEqual(
    [0, 10, 999, 1000, 1009, 1010, 5000].map((files) => mostDeleted(undefined, files)),
    [
      100,
      100,
      100,
      100,
      100,
      101,
      500,
    ],
  );
  assert.equal(mostDeleted(0, 5000), 0);
  assert.equal(mostDeleted(7, 5000), 7);
  assert.equal(mostDeleted("0%", 5000), 0);
  assert.equal(mostDeleted("1.5%", 5000), 75);
  assert.equal(mostDeleted("100%", 5000), 5000);
  assert.equal(mostDeleted("50%", 1), 0);
});

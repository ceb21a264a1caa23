import assert from "node:assert/strict";
import { jsonPointer } from "../../src/content/json_pointer.ts";

Deno.test("jsonPointer() writes RFC 6901's examples", () => {
  assert.equal(jsonPointer([]), "");
  assert.equal(jsonPointer(["foo", 0]), "/foo/0");
  assert.equal(jsonPointer([""]), "/");
  assert.equal(jsonPointer(["a/b"]), "/a~1b");
  assert.equal(jsonPointer(["m~n"]), "/m~0n");
  assert.equal(jsonPointer(["~1"]), "/~01");
  assert.equal(jsonPointer(["c%d", "i\\j", 'k"l', " "]), '/c%d/i\\j/k"l/ ');
});

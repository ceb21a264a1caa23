import assert from "node:assert/strict";
import { shownAddress } from "../../src/text/shown_address.ts";

Deno.test("shownAddress() shows paths of files, and other addresses as they are", () => {
  assert.equal(shownAddress("file:///a%20b/content"), "/a b/content");
  assert.equal(shownAddress("s3://bucket/a%20b"), "s3://bucket/a%20b");
});

Deno.test("shownAddress() shows also what can't be a path, in plain text", () => {
  assert.equal(shownAddress("file:///a/project_..%2Fb"), "file:///a/project_..%2Fb");
  assert.equal(shownAddress("file:///a%1b[2J%"), "file:///a%1b[2J%");
  assert.equal(shownAddress("file:///a%1b[2J"), "/a\\u001b[2J");
});

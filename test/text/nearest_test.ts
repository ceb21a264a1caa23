import assert from "node:assert/strict";
import { nearest } from "../../src/text/nearest.ts";

Deno.test("nearest() finds what was probably meant", () => {
  const models = ["article", "author", "home_page", "legal_page"];
  assert.equal(nearest("artcle", models), "article");
  assert.equal(nearest("Article", models), "article");
  assert.equal(nearest("homepage", models), "home_page");
  assert.equal(nearest("article", models), "article");
  assert.equal(nearest("legal_pges", models), "legal_page");
});

Deno.test("nearest() finds nothing where nothing is near", () => {
  assert.equal(nearest("product", ["article", "author"]), undefined);
  assert.equal(nearest("article", []), undefined);
  assert.equal(nearest("", ["en", "it"]), undefined);
  assert.equal(nearest("x", ["en", "it"]), undefined);
  assert.equal(nearest("de", ["en", "it"]), undefined);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Upload } from "../../src/content/resource.ts";
import { assertKey } from "../../src/storage/storage.ts";
import { AssetNames } from "../../src/assets/asset_names.ts";

function upload(id: string, path: unknown): Upload {
  return { id, type: "upload", attributes: { path: path as string, url: "" } };
}

/** Paths that meet each other on some file system. */
const path = fc.array(
  fc.constantFrom(
    "a",
    "A",
    "é",
    "e\u0301",
    "É",
    "ß",
    "SS",
    "ss",
    "İ",
    "i̇",
    "ı",
    "I",
    "ǅ",
    "ΐ",
    "Ϊ\u0301",
    "\u2126",
    "ω",
    "ς",
    "σ",
    "ſ",
    "K",
    ".",
    "..",
    " ",
    "/",
    "\\",
    "%",
    "~",
    "~2",
    ".jpg",
    "con",
    "\0",
    "😀",
    "x".repeat(150),
  ),
  { maxLength: 5 },
).map((parts) => parts.join(""));

Deno.test("AssetNames.of() takes the last segment of the path", () => {
  const names = new AssetNames();
  assert.equal(names.of(upload("1", "/205/16-photo.jpg")), "16-photo.jpg");
  assert.equal(names.of(upload("2", "/205/été à la plage.JPG")), "été à la plage.JPG");
  assert.equal(names.of(upload("3", "plain.txt")), "plain.txt");
});

Deno.test("AssetNames.of() takes the id when there is no name", () => {
  for (const path of ["", "/", "/205/", undefined, null, 7]) {
    assert.equal(new AssetNames().of(upload("42", path)), "42");
  }
});

Deno.test("AssetNames.of() adds the id when a name is taken, before the extension", () => {
  const names = new AssetNames();
  const of = (id: string, path: string) => names.of(upload(id, path));
  assert.equal(of("1", "/1/a.tar.gz"), "a.tar.gz");
  assert.equal(of("2", "/1/A.TAR.GZ"), "A.TAR~2.GZ");
  assert.equal(of("3", "/1/README"), "README");
  assert.equal(of("4", "/1/readme"), "readme~4");
  // Somebody took the name that would have been given.
  assert.equal(of("5", "/1/readme~6"), "readme~6");
  assert.equal(of("6", "/1/readme"), "readme~6~2");
  // The same upload again, as when a page moved.
  assert.equal(of("1", "/1/a.tar.gz"), "a.tar~1.gz");
  assert.equal(of("1", "/1/a.tar.gz"), "a.tar~1~2.gz");
});

Deno.test("AssetNames.of() sees that letters are the same which only differ in how they are composed", () => {
  const names = new AssetNames();
  // Its upper case has no composed form, so that their lower cases aren't written alike.
  assert.equal(names.of(upload("1", "/1/\u0390.jpg")), "\u0390.jpg");
  assert.equal(names.of(upload("2", "/1/\u03aa\u0301.jpg")), "\u03aa\u0301~2.jpg");
});

Deno.test("AssetNames.of() gives names that no file system takes for each other, whatever the paths", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("1", "2", "../3", "x"), path), { maxLength: 25 }),
      (uploads) => {
        const names = new AssetNames();
        const given = uploads.map(([id, path]) => names.of(upload(id, `/205/${path}`)));
        for (const name of given) {
          assert.equal(assertKey(`assets/${name}`), `assets/${name}`);
          assert.ok(!name.includes("/"));
          assert.ok(new TextEncoder().encode(name).length <= 255);
        }
        const foldings: ((name: string) => string)[] = [
          (name) => name,
          (name) => name.toLowerCase(),
          (name) => name.toUpperCase(),
          (name) => name.normalize("NFD"),
          (name) => name.normalize("NFD").toLowerCase(),
          (name) => name.normalize("NFD").toUpperCase(),
          (name) => name.toUpperCase().toLowerCase().normalize("NFD"),
        ];
        for (const fold of foldings) {
          assert.equal(
            new Set(given.map(fold)).size,
            given.length,
            given.join("\n"),
          );
        }
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("AssetNames.of() gives the same uploads the same names each time", () => {
  fc.assert(fc.property(fc.array(path, { maxLength: 20 }), (paths) => {
    const run = () => {
      const names = new AssetNames();
      return paths.map((path, n) => names.of(upload(String(n), path)));
    };
    assert.deepEqual(run(), run());
  }));
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { AssetFiles, fingerprint } from "../../src/assets/asset_files.ts";

const MD5 = "8b1a9953c4611296a827abf8c47804d7";
const OTHER = "900150983cd24fb0d6963f7d28e17f72";
const modifiedAt = new Date("2026-01-02T03:04:05.678Z");

Deno.test("AssetFiles recalls what is still the same file", () => {
  const files = new AssetFiles();
  files.add({ key: "tag", size: 5, etag: "abc-2", modifiedAt });
  files.add({ key: "same", size: 5, etag: MD5 });
  files.add({ key: "time", size: 5, modifiedAt });
  files.add({ key: "bare", size: 5 });
  assert.equal(files.count, 4);
  const modified_at = modifiedAt.toISOString();
  files.recall({ key: "tag", size: 5, etag: "abc-2", md5: MD5 });
  files.recall({ key: "same", size: 5, etag: MD5, md5: MD5, attempts: 12 });
  files.recall({ key: "time", size: 5, modified_at, md5: MD5 });
  files.recall({ key: "bare", size: 5, md5: MD5 });
  files.recall({ key: "elsewhere", size: 5, etag: "x", md5: MD5 });
  assert.deepEqual(files.find("tag"), { size: 5, etag: "abc-2", md5: MD5 });
  assert.deepEqual(files.find("same"), { size: 5, etag: MD5, md5: MD5, attempts: 12 });
  assert.deepEqual(files.find("time"), { size: 5, modified_at, md5: MD5 });
  assert.deepEqual(files.find("bare"), { size: 5 });
  assert.equal(files.find("elsewhere"), undefined);
});

Deno.test("AssetFiles recalls nothing of a file that has changed", () => {
  const file = { key: "a", size: 5, etag: OTHER };
  const records = [
    { key: "a", size: 6, etag: OTHER, md5: MD5 },
    { key: "a", size: 5, etag: MD5, md5: MD5 },
    { key: "a", size: 5, modified_at: modifiedAt.toISOString(), md5: MD5 },
    { key: "a", size: 5, md5: MD5 },
    { key: "a", size: 5, etag: OTHER },
  ];
  for (const record of records) {
    const files = new AssetFiles();
    files.add(file);
    files.recall(record);
    assert.deepEqual(files.find("a"), { size: 5, etag: OTHER });
  }
});

Deno.test("AssetFiles finds every file as it was added", () => {
  const info = fc.record({
    size: fc.maxSafeNat(),
    etag: fc.option(fc.stringMatching(/^[ -~]{1,40}$/), { nil: undefined }),
    modifiedAt: fc.option(fc.date({ noInvalidDate: true }), { nil: undefined }),
  });
  fc.assert(fc.property(fc.dictionary(fc.string(), info), (all) => {
    const files = new AssetFiles();
    for (const [key, { size, etag, modifiedAt }] of Object.entries(all)) {
      files.add({ key, size, ...(etag && { etag }), ...(modifiedAt && { modifiedAt }) });
    }
    for (const [key, info] of Object.entries(all)) {
      assert.deepEqual(files.find(key), { size: info.size, ...fingerprint(info) });
    }
  }));
});

import assert from "node:assert/strict";
import {
  EXPORT_DEFAULTS,
  resolveExportOptions,
  resolveSourceOptions,
  shapingSettings,
} from "../../src/export/export_settings.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const apiToken = "t0ken";

Deno.test("resolveExportOptions() fills in each default, also where undefined is given", () => {
  const storage = new MemoryStorage();
  const expected = { ...EXPORT_DEFAULTS, secrets: [], apiToken, storage };
  assert.deepEqual(resolveExportOptions({ apiToken, storage }), expected);
  const absent = Object.fromEntries(Object.keys(EXPORT_DEFAULTS).map((key) => [key, undefined]));
  assert.deepEqual(
    resolveExportOptions({ ...absent, apiToken, storage, secrets: undefined }),
    expected,
  );
});

Deno.test("resolveExportOptions() keeps what is given, and takes assets: true for keep", () => {
  const given = {
    apiToken,
    storage: new MemoryStorage(),
    published: false,
    assets: "sync",
    concurrency: 3,
    allowPublic: true,
    maxFailures: 0,
    freeze: true,
    resume: true,
    since: "last",
    fullEvery: 3,
    layout: "enterprise",
    tables: "only",
    format: "csv",
    secrets: ["s3cret"],
    models: ["article"],
    environment: "main",
  } as const;
  // That layout is always plain.
  assert.deepEqual(resolveExportOptions(given), {
    ...given,
    compress: "none",
    verifyPublished: false,
  });
  assert.equal(resolveSourceOptions({ apiToken, assets: true }).assets, "keep");
  assert.equal(resolveSourceOptions({ apiToken, assets: false }).assets, false);
});

Deno.test("shapingSettings() names what decides what is in a snapshot, and no secret", () => {
  const storage = new MemoryStorage();
  const plain = resolveExportOptions({ apiToken, storage, concurrency: 2, secrets: ["s3cret"] });
  assert.deepEqual(shapingSettings(plain), {
    published: true,
    assets: "keep",
    layout: "ndjson",
    tables: true,
    format: "ndjson",
  });
  const more = { models: ["article"], locales: ["en"], structuredText: "html", freeze: true };
  const chosen = resolveExportOptions({ apiToken, storage, ...more, structuredText: "html" });
  assert.deepEqual(shapingSettings(chosen), { ...shapingSettings(plain), ...more });
});

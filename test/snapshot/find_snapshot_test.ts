import assert from "node:assert/strict";
import { SluiceError } from "../../src/error.ts";
import { findSnapshot } from "../../src/snapshot/find_snapshot.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const { signal } = new AbortController();
/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const DAY = 86_400;

async function storageOf(
  snapshots: readonly (readonly [folder: string, seconds: number, isSealed?: false])[],
): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const put = (key: string) => storage.put(key, new Uint8Array([1]));
  for (const [folder, seconds, isSealed = true] of snapshots) {
    const prefix = `content/project_${folder}/snapshot_${seconds}`;
    await put(`${prefix}/site.json`);
    if (isSealed) await put(`${prefix}/canary.txt`);
  }
  return storage;
}

const some = await storageOf([
  ["1", FIRST],
  ["1", FIRST + DAY],
  ["1", FIRST + 5 * DAY, false],
  ["1/staging", FIRST + 2 * DAY],
  ["1/staging", FIRST + 3 * DAY],
]);

Deno.test("findSnapshot() finds a snapshot by each of its names", async () => {
  const names: Record<string, string> = {
    latest: `1/${FIRST + DAY}`,
    "1/latest": `1/${FIRST + DAY}`,
    "latest:staging": `1/staging/${FIRST + 3 * DAY}`,
    "staging/latest": `1/staging/${FIRST + 3 * DAY}`,
    "1/staging/latest": `1/staging/${FIRST + 3 * DAY}`,
    [FIRST]: `1/${FIRST}`,
    [`1/${FIRST}`]: `1/${FIRST}`,
    [`staging/${FIRST + 2 * DAY}`]: `1/staging/${FIRST + 2 * DAY}`,
    [FIRST + 2 * DAY]: `1/staging/${FIRST + 2 * DAY}`,
    [String(FIRST).slice(0, 6)]: `1/${FIRST}`,
    "2026-01-02": `1/${FIRST}`,
    "2026-01-03": `1/${FIRST + DAY}`,
    "2030-12-31": `1/${FIRST + DAY}`,
    "2026-01-03T03:04:04Z": `1/${FIRST}`,
    "2026-01-03T03:04:05": `1/${FIRST + DAY}`,
    "2026-01-03T04:04:04+01:00": `1/${FIRST}`,
    "2026-01-03T03": `1/${FIRST}`,
    "staging/2026-01-04": `1/staging/${FIRST + 2 * DAY}`,
  };
  for (const [text, name] of Object.entries(names)) {
    const found = await findSnapshot(some, text, { signal });
    assert.equal(found.name, name, text);
    const seconds = name.split("/").at(-1);
    assert.ok(found.prefix.endsWith(`/snapshot_${seconds}`), found.prefix);
    assert.ok(await some.stat(`${found.prefix}/canary.txt`));
  }
});

Deno.test("findSnapshot() says what is there if there is no such snapshot, or several", async () => {
  const two = await storageOf([["1", FIRST], ["2", FIRST + DAY], ["2/b", FIRST + DAY]]);
  const failures: readonly [MemoryStorage, string, number, RegExp][] = [
    [
      two,
      "latest",
      2,
      /"latest" names several snapshots in .*: say which of 1\/1767323045, 2\/1767409445\./,
    ],
    [two, String(FIRST + DAY), 2, /names several snapshots .* 2\/1767409445, 2\/b\/1767409445\./],
    [two, "1767", 2, /names several/],
    [two, "176", 1, /There is no snapshot "176"/],
    [
      two,
      "1/1767409445",
      1,
      /There is no snapshot "1\/1767409445" in .*: the nearest is 1\/1767323045\./,
    ],
    [two, "2020-01-01", 1, /the nearest is 1\/1767323045\./],
    [two, "nonsense", 1, /There is no snapshot "nonsense"/],
    [some, String(FIRST + 5 * DAY), 1, /snapshot_1767755045 isn't complete/],
    [new MemoryStorage(), "latest", 1, /There are no snapshots in /],
  ];
  for (const [storage, text, exitCode, message] of failures) {
    await assert.rejects(findSnapshot(storage, text, { signal }), (error) => {
      assert.ok(error instanceof SluiceError, String(error));
      assert.match(error.message, message);
      assert.equal(error.exitCode, exitCode, text);
      return true;
    });
  }
  const found = await findSnapshot(two, "latest", { project: "2", signal });
  assert.equal(found.name, `2/${FIRST + DAY}`);
  await assert.rejects(findSnapshot(two, "latest", { project: "3", signal }), /of project 3/);
});

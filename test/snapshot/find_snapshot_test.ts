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
    "2026-01-03T03": `1/${FIRST + DAY}`,
    "2026-01-03 03:04": `1/${FIRST + DAY}`,
    "2026-01-03T03:03": `1/${FIRST}`,
    "2026-01": `1/${FIRST + DAY}`,
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

Deno.test("findSnapshot() takes what list shows, also if environments have snapshots of one second", async () => {
  const storage = await storageOf([["1", FIRST], ["1/b", FIRST]]);
  for (const name of [`1/${FIRST}`, `1/b/${FIRST}`]) {
    assert.equal((await findSnapshot(storage, name, { signal })).name, name);
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
    [two, "nonsense", 2, /A snapshot is named by .*, but "nonsense" is none of these\./],
    [two, "1/2/3/latest", 2, /is none of these/],
    [two, "2026-02-30", 2, /is none of these/],
    [two, "latest:c", 1, /There is no snapshot "latest:c"/],
    [two, "undo_1767323045", 1, /There is no snapshot "undo_/],
    [some, "latest:stagin", 1, /the nearest is of staging\./],
    [some, String(FIRST + 5 * DAY), 1, /snapshot 1\/1767755045 in .* isn't complete/],
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

Deno.test("findSnapshot() finds one that isn't sealed by its id, if that is asked for", async () => {
  const id = String(FIRST + 5 * DAY);
  const found = await findSnapshot(some, id, { unsealed: true, signal });
  assert.deepEqual(found, {
    prefix: `content/project_1/snapshot_${id}`,
    name: `1/${id}`,
    project: "1",
    environment: undefined,
    id,
  });
  const newest = await findSnapshot(some, "latest", { unsealed: true, signal });
  assert.equal(newest.name, `1/${FIRST + DAY}`);
});

Deno.test("findSnapshot() keeps to an environment, also to the primary one by its name", async () => {
  const storage = await storageOf([["1", FIRST], ["1", FIRST + DAY], ["1/b", FIRST + 2 * DAY]]);
  const put = (prefix: string, id: string) =>
    storage.put(`${prefix}/manifest.json`, new TextEncoder().encode(manifestText(id)));
  await put(`content/project_1/snapshot_${FIRST + DAY}`, "main");
  const of = async (text: string, environment?: string) => {
    return (await findSnapshot(storage, text, { environment, signal })).name;
  };
  assert.equal(await of("latest", "b"), `1/b/${FIRST + 2 * DAY}`);
  assert.equal(await of("latest", "main"), `1/${FIRST + DAY}`);
  assert.equal(await of("latest:main"), `1/${FIRST + DAY}`);
  assert.equal(await of(`1/main/${FIRST}`), `1/${FIRST}`);
  assert.equal(await of("main/2026-01-02"), `1/${FIRST}`);
  await assert.rejects(of("latest", "man"), /There is no snapshot "latest" in/);
  // Since it was promoted, an environment's newer snapshots are where the primary one's are.
  await put(`content/project_1/snapshot_${FIRST + DAY}`, "b");
  assert.equal(await of("latest:b"), `1/b/${FIRST + 2 * DAY}`);
  await storage.put(`content/project_1/snapshot_${FIRST + 3 * DAY}/canary.txt`, new Uint8Array(1));
  await put(`content/project_1/snapshot_${FIRST + 3 * DAY}`, "b");
  assert.equal(await of("latest:b"), `1/${FIRST + 3 * DAY}`);
});

Deno.test("findSnapshot() passes over what a clock that ran ahead has named, and finds what was undone", async () => {
  const ahead = Math.round(Date.now() / 1000) + 10 * DAY;
  const storage = await storageOf([["1", FIRST], ["1", ahead]]);
  const undo = `content/project_1/undo_${FIRST + DAY}`;
  await storage.put(`${undo}/canary.txt`, new Uint8Array(1));
  await storage.put("content/project_1/restore_1/x", new Uint8Array(1));
  await storage.put("content/project_1/snapshot_1.idx/x", new Uint8Array(1));
  assert.equal((await findSnapshot(storage, "latest", { signal })).name, `1/${FIRST}`);
  const found = await findSnapshot(storage, `1/undo_${FIRST + DAY}`, { signal });
  assert.equal(found.prefix, undo);
  assert.equal(found.name, `1/undo_${FIRST + DAY}`);
});

function manifestText(environment: string): string {
  const at = new Date(FIRST * 1000).toISOString();
  return JSON.stringify({
    formatVersion: 1,
    tool: { name: "sluice", version: "0.1.0" },
    project: { id: "1", name: null },
    environment: { id: environment, primary: true },
    locales: ["en"],
    startedAt: at,
    endedAt: at,
    options: {},
    resources: {},
    records: {},
    objects: [],
    findings: [],
    warnings: [],
    failures: [],
  });
}

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EXIT, SluiceError } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { listPage, listSnapshots, type SnapshotInfo } from "../../src/tools/list.ts";
import { openFake } from "../s3/open_fake.ts";
import { long } from "../support/long.ts";
import { manifestText } from "../support/manifest_text.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { temporaryPath } from "../support/temporary.ts";
import { TracedStorage } from "../support/traced_storage.ts";

/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const DAY = 86_400;
const ENCODER = new TextEncoder();

/** Puts a sealed snapshot, or a part of one. */
async function putSnapshot(
  storage: Storage,
  folder: string,
  seconds: number,
  files: Readonly<Record<string, string>> = {
    "canary.txt": "",
    "manifest.json": manifestText(seconds),
  },
): Promise<void> {
  const prefix = `content/project_${folder}/snapshot_${seconds}`;
  for (const [path, text] of Object.entries(files)) {
    await storage.put(`${prefix}/${path}`, ENCODER.encode(text));
  }
}

function names(snapshots: readonly SnapshotInfo[]): string[] {
  return snapshots.map(({ name }) => name);
}

Deno.test("listSnapshots() tells what is known of each kind of snapshot, the newest first", async () => {
  const storage = new MemoryStorage();
  await putSnapshot(storage, "1", FIRST);
  await putSnapshot(storage, "1", FIRST + DAY, {
    "canary.txt": "",
    "manifest.json": manifestText(FIRST + DAY, {
      status: undefined,
      failures: [{ code: "asset_failed", message: "An asset is missing." }],
      assets: {
        index: "assets.ndjson",
        prefix: "assets/project_1",
        downloaded: { count: 2, bytes: 20 },
        kept: { count: 3, bytes: 30 },
        withdrawn: 0,
        failed: 1,
      },
    }),
  });
  const startedAt = new Date((FIRST + 2 * DAY - 5) * 1000).toISOString();
  await putSnapshot(storage, "1/staging", FIRST + 2 * DAY, {
    "export.json": JSON.stringify({ startedAt, tool: { name: "sluice", version: "0.0.9" } }),
  });
  await putSnapshot(storage, "1", FIRST + 3 * DAY, { "canary.txt": "", "site.json": "{}" });
  await putSnapshot(storage, "1", FIRST + 4 * DAY, { "canary.txt": "", "manifest.json": "{}" });
  await putSnapshot(storage, "1", FIRST + 5 * DAY, { "manifest.json": manifestText(FIRST) });
  const [unsealed, broken, foreign, unfinished, partial, complete, ...more] =
    (await Array.fromAsync(listSnapshots(storage))).flat();
  assert.deepEqual(more, []);
  assert.deepEqual(complete, {
    name: `1/${FIRST}`,
    id: String(FIRST),
    prefix: `content/project_1/snapshot_${FIRST}`,
    project: { id: "1", name: "Slackwater" },
    environment: { id: "main", primary: true },
    labels: {},
    state: "complete",
    createdAt: "2026-01-02T03:04:05.000Z",
    endedAt: "2026-01-02T03:05:05.000Z",
    durationMs: 60_000,
    records: 4,
    published: 2,
    assets: null,
    bytes: 350,
    tool: { name: "sluice", version: "0.1.0" },
  });
  assert.equal(partial?.state, "partial");
  assert.deepEqual(partial.assets, { count: 5, bytes: 50 });
  const unknown = {
    labels: {},
    endedAt: null,
    durationMs: null,
    records: null,
    published: null,
    assets: null,
    bytes: null,
  };
  assert.deepEqual(unfinished, {
    ...unknown,
    name: `1/staging/${FIRST + 2 * DAY}`,
    id: String(FIRST + 2 * DAY),
    prefix: `content/project_1/staging/snapshot_${FIRST + 2 * DAY}`,
    project: { id: "1", name: null },
    environment: { id: "staging", primary: false },
    state: "incomplete",
    createdAt: startedAt,
    tool: { name: "sluice", version: "0.0.9" },
  });
  assert.deepEqual(foreign, {
    ...unknown,
    name: `1/${FIRST + 3 * DAY}`,
    id: String(FIRST + 3 * DAY),
    prefix: `content/project_1/snapshot_${FIRST + 3 * DAY}`,
    project: { id: "1", name: null },
    environment: { id: null, primary: true },
    state: "complete",
    createdAt: "2026-01-05T03:04:05.000Z",
    tool: { name: "datocms", version: null },
  });
  assert.equal(broken?.state, "incomplete");
  assert.match(broken.problem ?? "", /isn't a manifest that this version knows/);
  assert.equal(unsealed?.state, "incomplete");
  assert.equal(unsealed.endedAt, null);
});

Deno.test("listPage() lists all in pages, each once, also those of one second", async () => {
  const storage = new MemoryStorage();
  const expected: string[] = [];
  for (const [at, folder] of ["1", "1/a", "1/b", "2", "2/a"].entries()) {
    for (const days of [0, 0.5, at, 9]) {
      await putSnapshot(storage, folder, FIRST + days * DAY);
      expected.push(`${folder}/${FIRST + days * DAY}`);
    }
  }
  const all = names((await listPage(storage, { limit: 100 })).snapshots);
  assert.deepEqual(all.toSorted(), [...new Set(expected)].sort());
  const seconds = all.map((name) => Number(name.split("/").at(-1)));
  assert.deepEqual(seconds, seconds.toSorted((a, b) => b - a));
  for (const limit of [1, 2, 3, 7]) {
    const listed: string[] = [];
    let before: string | undefined;
    do {
      const { snapshots, next } = await listPage(storage, { limit, before });
      assert.ok(snapshots.length <= limit);
      listed.push(...names(snapshots));
      before = next;
    } while (before !== undefined);
    assert.deepEqual(listed, all);
  }
});

Deno.test("listPage() keeps to a project, an environment and a time", async () => {
  const storage = new MemoryStorage();
  await putSnapshot(storage, "1", FIRST);
  await putSnapshot(storage, "1", FIRST + DAY);
  await putSnapshot(storage, "1/staging", FIRST + DAY);
  await putSnapshot(storage, "2", FIRST + 2 * DAY);
  const list = async (options: Parameters<typeof listPage>[1]) => {
    return names((await listPage(storage, options)).snapshots);
  };
  assert.deepEqual(await list({ project: "2" }), [`2/${FIRST + 2 * DAY}`]);
  assert.deepEqual(await list({ environment: "staging" }), [`1/staging/${FIRST + DAY}`]);
  assert.deepEqual(await list({ environment: "main", project: "1" }), [
    `1/${FIRST + DAY}`,
    `1/${FIRST}`,
  ]);
  // The second that is given is the first one that is listed, or the first one that isn't.
  assert.deepEqual(await list({ before: String(FIRST + DAY) }), [`1/${FIRST}`]);
  assert.deepEqual(await list({ after: String(FIRST + 2 * DAY) }), [`2/${FIRST + 2 * DAY}`]);
  assert.deepEqual(await list({ before: "2026-01-03" }), [`1/${FIRST}`]);
  assert.deepEqual(await list({ after: "2026-01-03T03:04:06Z" }), [`2/${FIRST + 2 * DAY}`]);
  assert.deepEqual(await list({ after: "2026-01-02", before: "2026-01-03" }), [`1/${FIRST}`]);
  assert.deepEqual(await list({ after: "2027-01" }), []);
  for (
    const [options, message, exitCode] of [
      [{ project: "3" }, /no snapshots of project "3"/, EXIT.failed],
      [{ environment: "stagin" }, /of environment "stagin" in .*: the nearest is staging\./, 1],
      [{ before: "soon" }, /listed before a date or time .*, but "soon" is none/, EXIT.usage],
      [{ after: "1/2" }, /listed after a date or time/, EXIT.usage],
    ] as const
  ) {
    await assert.rejects(list(options), (error) => {
      assert.ok(error instanceof SluiceError, String(error));
      assert.match(error.message, message);
      assert.equal(error.exitCode, exitCode);
      return true;
    });
  }
  assert.deepEqual(await listPage(new MemoryStorage()), { snapshots: [], limit: 30 });
});

Deno.test("listPage() lists 30 of many snapshots on a disk in less than a second", async () => {
  const count = long(10_000, 1_000);
  const root = await temporaryPath();
  try {
    for (let at = 0; at < count; at++) {
      const prefix = `${root}/content/project_1/snapshot_${FIRST + at}`;
      Deno.mkdirSync(prefix, { recursive: true });
      Deno.writeTextFileSync(`${prefix}/manifest.json`, manifestText(FIRST + at));
      Deno.writeTextFileSync(`${prefix}/canary.txt`, "");
    }
    const storage = new TracedStorage(new LocalStorage(root));
    const { snapshots, next } = await listPage(storage);
    assert.equal(snapshots.length, 30);
    assert.equal(snapshots[0]!.id, String(FIRST + count - 1));
    assert.equal(next, `1/${FIRST + count - 30}`);
    // Two listings for the project, and two requests for each that is shown.
    assert.equal(storage.calls.length, 2 + 2 * 30);
    // The machine may have other things to do.
    let fastest = Infinity;
    for (let attempt = 0; attempt < 5 && fastest >= 1000; attempt++) {
      const begun = performance.now();
      await listPage(storage);
      fastest = Math.min(fastest, performance.now() - begun);
    }
    assert.ok(fastest < 1000, `It took ${Math.round(fastest)} ms`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("listPage() lists 30 of many snapshots in S3 in few requests", async () => {
  const count = 1_000;
  await using opened = await openFake({ pageSize: count / 2 });
  const { storage, fake } = opened;
  const memory = new MemoryStorage();
  for (let at = 0; at < count; at++) {
    await putSnapshot(memory, at % 10 === 9 ? "1/staging" : "1", FIRST + at);
  }
  for (const [key, bytes] of memory.objects) {
    const object = {
      bytes: Buffer.from(bytes),
      etag: `"${key}"`,
      modifiedAt: new Date(),
      kept: {},
    };
    fake.objects.all.set(`some/prefix/${key}`, object);
  }
  fake.requests.length = 0;
  const { snapshots } = await listPage(storage);
  assert.equal(snapshots.length, 30);
  const counts = Object.fromEntries(
    [...Map.groupBy(fake.requests, ({ operation }) => operation)].map(([operation, requests]) => {
      return [operation, requests.length];
    }),
  );
  // Of content/, of the project in two pages, of its sandbox.
  assert.deepEqual(counts, { ListObjectsV2: 4, HeadObject: 30, GetObject: 30 });
});

Deno.test("listSnapshots() reads what is asked for, and stops when it is cancelled or aborted", async () => {
  let gets = 0;
  const storage = new class extends MemoryStorage {
    override get(...[key, options]: Parameters<MemoryStorage["get"]>) {
      gets++;
      return super.get(key, options);
    }
  }();
  for (let at = 0; at < 50; at++) await putSnapshot(storage, "1", FIRST + at);
  const reader = listSnapshots(storage).getReader();
  const { value } = await reader.read();
  assert.equal(value?.length, 10);
  await reader.cancel();
  assert.equal(gets, 10);
  const abort = new AbortController();
  const stopped = listSnapshots(storage, { signal: abort.signal }).getReader();
  await stopped.read();
  abort.abort(new Error("Enough"));
  await assert.rejects(stopped.read(), /Enough/);
  assert.equal(gets, 20);
});

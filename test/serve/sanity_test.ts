import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { exportedToMemory, type Served, serveSnapshots } from "../support/served.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";

const STORAGE = await exportedToMemory({
  project: sampleProject(),
  tables: false,
  compress: "zstd",
});
const SNAPSHOT = await openSnapshot(STORAGE, "latest");
const [PROJECT, ID] = SNAPSHOT.name.split("/") as [string, string];
const API = "/v2024-02-21";
const BACKUPS = `${API}/projects/${PROJECT}/datasets/main/backups`;

interface File {
  readonly name: string;
  readonly type: string;
  readonly url: string;
}

/** All files of a backup, as the client of Sanity's command line asks for them. */
async function filesOf(served: Served, backup: string): Promise<File[]> {
  const files: File[] = [];
  for (let cursor = "";;) {
    const path = `${BACKUPS}/${backup}${cursor && `?nextCursor=${cursor}`}`;
    const page = await (await served.ask(path)).json();
    files.push(...page.files);
    if (page.nextCursor === undefined) {
      assert.equal(files.length, page.totalFiles);
      return files;
    }
    cursor = page.nextCursor;
  }
}

Deno.test("backups of Sanity's API are sealed snapshots, by the day and no more than asked for", async () => {
  const storage = new MemoryStorage();
  const day = (date: string) => Date.parse(date) / 1000;
  const days = ["2026-01-01T10:00Z", "2026-01-02T00:00Z", "2026-01-03T10:00Z"].map(day);
  for (const seconds of days) await putSmallSnapshot(storage, "1/staging", seconds);
  await putSmallSnapshot(storage, "1/staging", day("2026-01-04T00:00Z"), { incomplete: true });
  await putSmallSnapshot(storage, "1", days[0]!);
  await using served = serveSnapshots(storage);
  const at = `${API}/projects/1/datasets/staging/backups`;
  const idsOf = async (query: string) => {
    const { backups, limit, ...rest } = await (await served.ask(`${at}?${query}`)).json();
    assert.deepEqual(rest, {});
    for (const one of backups) assert.deepEqual(Object.keys(one), ["id", "createdAt"]);
    return [limit, ...backups.map(({ id }: { id: string }) => Number(id))];
  };
  const [first, second, third] = days;
  assert.deepEqual(await idsOf(""), [30, third, second, first]);
  assert.deepEqual(await idsOf("limit=1&tag=cli"), [1, third]);
  assert.deepEqual(await idsOf("after=2026-01-02"), [30, third, second]);
  assert.deepEqual(await idsOf("before=2026-01-02"), [30, first]);
  assert.equal(await served.status(`${at}?limit=101`), 400);
  for (const version of ["vX", "v1", "v2025-02-19"]) {
    assert.equal(await served.status(`/${version}/projects/1/datasets/staging/backups`), 200);
  }
  const refused = await served.ask(`${API}/projects/1/datasets/nothing/backups`);
  const { statusCode, message, error } = await refused.json();
  assert.deepEqual([refused.status, statusCode], [404, 404]);
  assert.equal(error.description, message);
  assert.match(error.requestId, /^req_/);
  assert.equal(await served.status(at, { scope: "read" }), 403);
});

Deno.test("the datasets of a project are its environments, also if the host's name says which project", async () => {
  await using served = serveSnapshots(STORAGE);
  const expected = [{ name: "main", aclMode: "private" }];
  const own = await served.ask(`${API}/projects/${PROJECT}/datasets`);
  assert.deepEqual(await own.json(), expected);
  assert.equal(await served.status(`${API}/datasets`), 400);
  const { hostname, port } = new URL(served.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(
    `GET /v2025-02-19/datasets HTTP/1.1\r\nHost: ${PROJECT}.localhost:${port}\r\n` +
      `Authorization: Bearer ${served.tokens.preview}\r\nConnection: close\r\n\r\n`,
  ));
  const text = await new Response(connection.readable).text();
  assert.deepEqual(JSON.parse(text.slice(text.indexOf("\r\n\r\n"))), expected);
});

Deno.test("a backup's files are all current records as lines, and all asset files, each by a name of its own", async () => {
  await using served = serveSnapshots(STORAGE);
  const files = await filesOf(served, ID);
  assert.equal(new Set(files.map(({ name }) => name)).size, files.length);
  assert.ok(files.every(({ name }) => !name.includes("/")));
  let lines = "";
  for (const { url } of files.filter(({ type }) => type === "document")) {
    const text = await (await fetch(url)).text();
    assert.doesNotMatch(text, /\n$/);
    lines += `${text}\n`;
  }
  const own = new Map<string, unknown>();
  for (const { model } of await SNAPSHOT.models()) {
    if (model.attributes.modular_block) continue;
    for await (const page of SNAPSHOT.records(model.attributes.api_key)) {
      for (const record of page) own.set(record.id, record);
    }
  }
  const records = lines.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(records.length, own.size);
  for (const record of records) assert.deepEqual(record, own.get(record.id));
  const sums = new Set([...STORAGE.objects].map(([, bytes]) => crc32(bytes)));
  const assets = files.filter(({ type }) => type !== "document");
  assert.equal(assets.length, SNAPSHOT.manifest!.assets!.downloaded.count);
  for (const { url, name } of assets) {
    assert.ok(sums.has(crc32(await (await fetch(url)).bytes())), name);
  }
});

Deno.test("automatic exports are turned on and off by who may", async () => {
  const storage = new MemoryStorage();
  for (const [key, bytes] of STORAGE.objects) storage.objects.set(key, bytes);
  await using served = serveSnapshots(storage);
  const path = `${API}/projects/${PROJECT}/datasets/main/settings/backups`;
  const put = (body: string, query = "", scope: "admin" | "preview" = "admin") => {
    return served.status(`${path}${query}`, { method: "PUT", body, scope });
  };
  const key = `content/project_${PROJECT}/schedule.json`;
  const isOn = () => JSON.parse(storage.text(key)!).enabled;
  assert.equal(await put('{"enabled":false}', "", "preview"), 403);
  assert.equal(storage.text(key), undefined);
  assert.equal(await put('{"enabled":false}'), 204);
  assert.equal(isOn(), false);
  assert.equal(await put("", "?enabled=true"), 204);
  assert.equal(isOn(), true);
  for (const body of ["", "{}", "x", '{"enabled":"no"}']) assert.equal(await put(body), 400);
  assert.equal(await put(`{"enabled":false,"x":"${"x".repeat(70_000)}"}`), 413);
  await using readOnly = serveSnapshots(storage, { readOnly: true });
  const off = { method: "PUT", body: '{"enabled":false}' };
  assert.equal(await readOnly.status(path, off), 403);
  assert.equal(isOn(), true);
});

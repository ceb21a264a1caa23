import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import * as z from "zod";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import type { Item } from "../../src/content/resource.ts";
import { ROUTES } from "../../src/serve/handler.ts";
import { Metrics } from "../../src/serve/metrics.ts";
import { shownSnapshot, snapshotInfo } from "../../src/serve/schemas.ts";
import { showSnapshot } from "../../src/tools/show.ts";
import { listPage } from "../../src/tools/list.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { exportedToMemory, type Served, serveSnapshots } from "../support/served.ts";
import { fakeIo } from "../cli/fake_io.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { TracedStorage } from "../support/traced_storage.ts";
import { until } from "../support/until.ts";

const STORAGE = await exportedToMemory({ tables: false });
const WITH_TABLES = await exportedToMemory({ assets: false });
const SNAPSHOT = await openSnapshot(STORAGE, "latest");
const [PROJECT, ID] = SNAPSHOT.name.split("/") as [string, string];
const PROJECTS = "/api/v1/projects";
const SNAPSHOTS = `${PROJECTS}/${PROJECT}/snapshots`;
const LATEST = `${SNAPSHOTS}/latest`;

/** A part of a path that is chosen. */
const PARAMETER = /:(\w+)(?:\{.*?\})?/g;

interface HasId {
  readonly id: string;
}

/** What a route answers, which is what its schema says and no more. */
// deno-lint-ignore no-explicit-any -- each route's schema has checked it
async function answered(served: Served, path: string): Promise<any> {
  const response = await served.ask(path);
  const text = await response.text();
  assert.equal(response.status, 200, `${path}: ${text}`);
  const body = JSON.parse(text);
  const { pathname } = new URL(path, served.url);
  const route = ROUTES.find((route) => {
    return new RegExp(`^/api/v1${route.path.replace(PARAMETER, "[^/]+")}$`).test(pathname);
  });
  const schema = route?.answers["application/json"];
  assert.ok(schema instanceof z.ZodType, path);
  assert.deepEqual(schema.parse(body), body);
  return body;
}

async function all<T>(stream: ReadableStream<readonly T[]>): Promise<T[]> {
  return (await Array.fromAsync(stream)).flat();
}

Deno.test("projects and snapshots are listed as sluice list --json and show --json have them", async () => {
  await using served = serveSnapshots(STORAGE);
  const { projects: [project] } = await answered(served, PROJECTS);
  const { snapshots: [info] } = await listPage(STORAGE);
  assert.deepEqual(project, {
    id: PROJECT,
    name: "Slackwater",
    source: "datocms",
    environments: [{ id: "main", primary: true, snapshots: 1 }],
    latest: info,
  });
  assert.deepEqual(await answered(served, SNAPSHOTS), { snapshots: [info], limit: 30 });
  const { address: _, ...shown } = await showSnapshot(STORAGE, "latest");
  for (const name of ["latest", "latest:main", ID, ID.slice(0, 6)]) {
    assert.deepEqual(await answered(served, `${SNAPSHOTS}/${name}`), { ...shown });
  }
  assert.deepEqual(snapshotInfo.parse(info), info);
  assert.deepEqual(shownSnapshot.parse(shown), shown);
});

Deno.test("sluice list --json and show --json are what the schemas of the API say", async () => {
  const from = await Deno.makeTempDir();
  for (const [key, bytes] of STORAGE.objects) {
    if (!/manifest|canary|latest/.test(key)) continue;
    await Deno.mkdir(`${from}/${key.slice(0, key.lastIndexOf("/"))}`, { recursive: true });
    await Deno.writeFile(`${from}/${key}`, bytes);
  }
  const output = async (...words: string[]) => {
    const io = fakeIo();
    assert.equal(await runCli([...words, "--json", "--from", from], io), 0, io.err());
    return JSON.parse(io.out());
  };
  const { snapshots } = await output("list");
  assert.deepEqual(z.array(snapshotInfo).parse(snapshots), snapshots);
  const { address: _, ...shown } = await output("show");
  assert.deepEqual(shownSnapshot.parse(shown), shown);
  await Deno.remove(from, { recursive: true });
});

Deno.test("snapshots are listed page by page, by state, environment and time", async () => {
  const storage = new MemoryStorage();
  const seconds = [1_700_000_000, 1_700_100_000, 1_700_200_000, 1_700_300_000];
  for (const second of seconds) {
    await putSmallSnapshot(storage, "1", second, { incomplete: second === seconds[1] });
  }
  await putSmallSnapshot(storage, "1/staging", 1_700_050_000);
  await using served = serveSnapshots(storage);
  const at = `${PROJECTS}/1/snapshots`;
  const idsOf = async (query: string) => {
    const ids: string[] = [];
    for (let cursor = ""; ids.length < 20;) {
      const page = await answered(served, `${at}?${query}${cursor && `&cursor=${cursor}`}`);
      ids.push(...page.snapshots.map(({ id }: HasId) => id));
      if (page.nextCursor === undefined) return ids.map(Number);
      cursor = page.nextCursor;
    }
    throw new Error("it doesn't end");
  };
  const [a, b, c, d] = seconds as [number, number, number, number];
  for (const limit of [1, 2, 30]) {
    assert.deepEqual(await idsOf(`limit=${limit}`), [d, c, b, 1_700_050_000, a]);
    assert.deepEqual(await idsOf(`limit=${limit}&state=incomplete`), [b]);
    assert.deepEqual(await idsOf(`limit=${limit}&environment=staging`), [1_700_050_000]);
    assert.deepEqual(await idsOf(`limit=${limit}&before=${d}&after=${c}`), [c]);
  }
  assert.equal(await served.status(`${at}/${b}`), 409);
  assert.equal(await served.status(`${at}/17`), 404);
  assert.equal(await served.status(`${at}/1700`), 409);
  assert.equal(await served.status(`${at}?environment=nothing`), 404);
  const { nextCursor } = await answered(served, `${at}?limit=1`);
  assert.equal(await served.status(`${at}?limit=1&state=partial&cursor=${nextCursor}`), 400);
  assert.equal(await served.status(`${at}?cursor=abc`), 400);
});

Deno.test("records come page by page, as lines and one by one, just as they are in the snapshot", async () => {
  await using served = serveSnapshots(STORAGE);
  const models = (await SNAPSHOT.schema()).models.map(({ attributes }) => attributes.api_key);
  for (const version of ["current", "published"] as const) {
    const own = (await Promise.all(models.map((model) =>
      all(SNAPSHOT.records(model, { version }))
    )))
      .flat();
    const paged: unknown[] = [];
    for (let cursor = ""; paged.length < own.length;) {
      const path = `${LATEST}/records?version=${version}&limit=7${cursor && `&cursor=${cursor}`}`;
      const page = await answered(served, path);
      paged.push(...page.records);
      assert.equal(page.total, own.length);
      assert.equal(page.nextCursor === undefined, paged.length === own.length);
      cursor = page.nextCursor ?? "";
    }
    assert.deepEqual(paged, own);
    const lines = await (await served.ask(`${LATEST}/records?version=${version}`, {
      headers: { Accept: "application/x-ndjson" },
    })).text();
    assert.equal(lines, own.map((record) => `${JSON.stringify(record)}\n`).join(""));
    const [first] = own;
    const one = await answered(served, `${LATEST}/records/${first!.id}?version=${version}`);
    assert.deepEqual(one, first);
  }
  const [english] = await all(SNAPSHOT.records("article", { locale: "en" }));
  const { records } = await answered(served, `${LATEST}/records?model=article&locale=en`);
  assert.deepEqual(records[0], english);
});

Deno.test("records are filtered, ordered and told what refers to them", async () => {
  await using served = serveSnapshots(STORAGE);
  const all: Item[] = (await answered(served, `${LATEST}/records?model=lock&limit=500`)).records;
  const idsOf = async (query: string) => {
    const ids: string[] = [];
    for (let cursor = "";;) {
      const path = `${LATEST}/records?model=lock&limit=2&${query}${cursor && `&cursor=${cursor}`}`;
      const page = await answered(served, path);
      ids.push(...page.records.map(({ id }: HasId) => id));
      assert.ok(ids.length <= page.total);
      if (page.nextCursor === undefined) return ids;
      cursor = page.nextCursor;
    }
  };
  const chambers = ({ attributes }: Item) => attributes.chambers as number | null;
  const names = ({ attributes }: Item) => Object.values(attributes.name as object);
  const some = names(all[0]!)[0] as string;
  const cases: [string, (item: Item) => boolean][] = [
    ["filter[in_use]=true", ({ attributes }) => attributes.in_use === true],
    ["filter[in_use][neq]=true", ({ attributes }) => attributes.in_use !== true],
    ["filter[chambers][gte]=2", (item) => (chambers(item) ?? 0) >= 2],
    ["filter[chambers][lt]=2", (item) => (chambers(item) ?? 2) < 2],
    ["filter[chambers][in]=1,3", (item) => [1, 3].includes(chambers(item)!)],
    ["filter[keeper][exists]=false", ({ attributes }) => attributes.keeper === null],
    [`filter[name]=${encodeURIComponent(some)}`, (item) => names(item).includes(some)],
    ["filter[_status]=draft", ({ meta }) => meta!.status === "draft"],
    [`filter[id]=${all[1]!.id}`, ({ id }) => id === all[1]!.id],
    [
      "filter[in_use]=true&filter[chambers][gt]=1",
      (item) => item.attributes.in_use === true && (chambers(item) ?? 0) > 1,
    ],
  ];
  for (const [query, matches] of cases) {
    assert.deepEqual(await idsOf(query), all.filter(matches).map(({ id }) => id), query);
  }
  const ordered = all.toSorted((a, b) => {
    const [x, y] = [chambers(a), chambers(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return y - x || (a.id < b.id ? -1 : 1);
  });
  assert.deepEqual(await idsOf("order=-chambers,id"), ordered.map(({ id }) => id));
  const lines = await served.ask(
    `${LATEST}/records?model=lock&order=-chambers,id&filter[in_use]=true&locale=en&limit=1`,
    { headers: { Accept: "application/x-ndjson" } },
  );
  assert.match(lines.headers.get("content-type")!, /^application\/x-ndjson/);
  const english = new Map(
    (await (await served.ask(`${LATEST}/records?model=lock&limit=500&locale=en`)).json()).records
      .map((item: Item) => [item.id, item]),
  );
  const inUse = ordered.filter(({ attributes }) => attributes.in_use === true);
  assert.ok(inUse.length > 1);
  assert.equal(
    await lines.text(),
    inUse.map(({ id }) => `${JSON.stringify(english.get(id))}\n`).join(""),
  );
  for (
    const query of [
      "filter[nothing]=1",
      "filter[name][like]=a",
      "filter[name][exists]=maybe",
      "order=nothing",
      "filter=a",
    ]
  ) {
    assert.equal(await served.status(`${LATEST}/records?model=lock&${query}`), 400, query);
  }
  assert.equal(await served.status(`${LATEST}/records?order=id`), 400);

  const { id, attributes } = all.find(({ attributes }) => attributes.keeper !== null)!;
  const own = await answered(served, `${LATEST}/records/${id}/references`);
  assert.ok(own.out.some((one: HasId) => one.id === attributes.keeper));
  const keeper = await answered(served, `${LATEST}/records/${attributes.keeper}/references`);
  assert.equal(keeper.total, keeper.in.length);
  const kept = all.filter((item) => item.attributes.keeper === attributes.keeper);
  for (const { id } of kept) {
    assert.ok(keeper.in.some((one: HasId & { model: string }) => {
      return one.id === id && one.model === "lock";
    }));
  }
  assert.equal(await served.status(`${LATEST}/records/nothing/references`), 404);
});

Deno.test("no more than four requests that read whole models are answered at a time, whoever's client asks", async () => {
  const storage = new MemoryStorage();
  for (const [key, bytes] of STORAGE.objects) storage.objects.set(key, bytes);
  const freed = Promise.withResolvers<void>();
  const get = storage.get.bind(storage);
  let held = 0;
  storage.get = async (key, options) => {
    if (key.includes("/records/")) {
      held++;
      await freed.promise;
    }
    return await get(key, options);
  };
  await using served = serveSnapshots(storage, { auth: false });
  const lock = `/cma/${PROJECT}/items?filter[type]=lock`;
  const running: Promise<number>[] = [];
  for (
    const path of [
      `${LATEST}/records?model=lock&filter[in_use]=true`,
      `${lock}&filter[fields][in_use][eq]=true`,
      "/api/1.0/contents?fields.name=x",
      `/p/${PROJECT}/search?q=lock`,
    ]
  ) {
    running.push(served.status(path));
    await until(() => held === running.length, `${path} reads records`);
  }
  const refused = async (path: string) => {
    const response = await served.ask(path);
    assert.equal(response.status, 503, path);
    assert.equal(response.headers.get("retry-after"), "2", path);
    return await response.text();
  };
  for (
    const path of [
      `${LATEST}/records?model=lock&order=-chambers`,
      `${PROJECTS}/${PROJECT}/find?q=lock`,
    ]
  ) {
    assert.equal(JSON.parse(await refused(path)).error.code, "OVERLOADED");
  }
  const { data: [{ attributes }] } = JSON.parse(await refused(`${lock}&order_by=chambers_ASC`));
  assert.deepEqual([attributes.code, attributes.transient], ["SERVICE_UNAVAILABLE", true]);
  await refused("/api/1.0/contents?sort=fields.name:asc");
  assert.match(await refused(`/p/${PROJECT}/${ID}/where?q=lock`), /ask again later/);
  assert.equal(held, running.length);
  freed.resolve();
  assert.deepEqual(await Promise.all(running), [200, 200, 200, 200]);
  assert.equal(await served.status(`${LATEST}/records?model=lock&order=-chambers`), 200);
});

Deno.test("a page of compressed batches, or of a Project Export's, is the same as of plain ones", async () => {
  for (
    const options of [{ compress: "zstd" }, { compress: "gzip" }, { layout: "enterprise" }] as const
  ) {
    const storage = await exportedToMemory({ ...options, tables: false, assets: false });
    await using served = serveSnapshots(storage);
    const snapshot = await openSnapshot(storage, "latest");
    const own = await all(snapshot.records("article"));
    const { records } = await answered(
      served,
      `${LATEST}/records?model=article&limit=500`,
    );
    assert.deepEqual(records, own);
    const { uploads } = await answered(served, `${LATEST}/uploads?limit=500`);
    assert.deepEqual(uploads, await all(snapshot.uploads()));
  }
});

Deno.test("models, uploads, the manifest and the single document are those of the snapshot", async () => {
  await using served = serveSnapshots(STORAGE);
  const models = await SNAPSHOT.models();
  assert.deepEqual(await answered(served, `${LATEST}/models`), { models });
  const { model: { id, attributes } } = models[0]!;
  for (const key of [id, attributes.api_key]) {
    assert.deepEqual(await answered(served, `${LATEST}/models/${key}`), models[0]);
  }
  const uploads = await all(SNAPSHOT.uploads());
  assert.deepEqual(await answered(served, `${LATEST}/uploads`), { uploads, total: uploads.length });
  assert.deepEqual(await answered(served, `${LATEST}/uploads/${uploads[1]!.id}`), uploads[1]);
  const manifest = await (await served.ask(`${LATEST}/manifest`)).text();
  const key = `content/project_${PROJECT}/snapshot_${ID}/manifest.json`;
  assert.equal(manifest, STORAGE.text(key));
  for (const view of ["current", "published"]) {
    const { contents, end } = await (await served.ask(`${LATEST}/export?view=${view}`)).json();
    assert.deepEqual(end.records, contents.length);
    assert.ok(end.complete && contents.length > 30);
  }
});

Deno.test("every file is listed once, with an address that gives its bytes without a token", async () => {
  await using served = serveSnapshots(STORAGE);
  const files: { name: string; size: number; url: string; type: string }[] = [];
  for (let cursor = "";;) {
    const path = `${LATEST}/files?limit=20${cursor && `&cursor=${cursor}`}`;
    const page = await answered(served, path);
    files.push(...page.files);
    if (page.nextCursor === undefined) {
      assert.equal(files.length, page.totalFiles);
      break;
    }
    cursor = page.nextCursor;
  }
  const { manifest } = SNAPSHOT;
  const own = manifest!.objects.map(({ path }) => path).sort();
  const objects = files.filter(({ name }) => !name.startsWith("assets/"));
  assert.deepEqual(objects.map(({ name }) => name), own);
  const assets = files.filter(({ name }) => name.startsWith("assets/"));
  assert.equal(assets.length, manifest!.assets!.downloaded.count);
  assert.ok(
    assets.some(({ type }) => type === "image") && assets.some(({ type }) => type === "file"),
  );
  const sums = new Map([...STORAGE.objects].map(([key, bytes]) => [crc32(bytes), key]));
  for (const { name, size, url } of [...assets, ...objects.slice(0, 20)]) {
    const response = await fetch(url);
    assert.equal(response.status, 200, name);
    const bytes = await response.bytes();
    assert.equal(bytes.length, size);
    assert.ok(sums.has(crc32(bytes)), name);
  }
  const images = await answered(served, `${LATEST}/files?type=image`);
  assert.deepEqual(
    (images as { files: { name: string }[] }).files.map(({ name }) => name),
    assets.filter(({ type }) => type === "image").map(({ name }) => name),
  );
});

Deno.test("a record's history, a search and a comparison say what has changed between two snapshots", async () => {
  const storage = new MemoryStorage();
  const project = sampleProject();
  await exportedToMemory({ project, storage, tables: false, assets: false });
  const before = (await openSnapshot(storage, "latest")).name.split("/")[1]!;
  const other = await exportedToMemory({ project: changed(), tables: false, assets: false });
  // The same project, a minute later.
  const later = String(Number(before) + 60);
  const own = (await openSnapshot(other, "latest")).name.split("/")[1]!;
  for (const [key, bytes] of other.objects) {
    if (key.includes("snapshot_")) storage.objects.set(key.replace(own, later), bytes);
  }
  await using served = serveSnapshots(storage);
  const { records: [record] } = await answered(
    served,
    `${SNAPSHOTS}/${before}/records?model=lock`,
  );
  const id = record!.id;
  const { history } = await answered(
    served,
    `${PROJECTS}/${PROJECT}/records/${id}/history`,
  );
  assert.deepEqual(history.map((one: { snapshot: string }) => one.snapshot), [
    `${PROJECT}/${later}`,
    `${PROJECT}/${before}`,
  ]);
  assert.ok(history[0]!.changed!.includes("name"), JSON.stringify(history));
  assert.equal(history[1]!.changed, null);

  const diff = `${SNAPSHOTS}/${before}/diff/${later}`;
  const { records } = await answered(served, diff);
  assert.deepEqual(records.map((each: HasId) => each.id), [id]);
  const lines = await (await served.ask(diff, { headers: { Accept: "application/x-ndjson" } }))
    .text();
  const schema = ROUTES.find(({ path }) => path.endsWith("/diff/:other"))!
    .answers["application/x-ndjson"] as z.ZodType;
  const changes = lines.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const change of changes) assert.deepEqual(schema.parse(change), change);
  assert.ok(changes.some((change) => change.id === id));

  const search = `${PROJECTS}/${PROJECT}/find?q=${encodeURIComponent("Renamed lock")}`;
  const { found, partial } = await answered(served, search);
  assert.deepEqual([...new Set(found.map((one: { snapshot: string }) => one.snapshot))], [
    `${PROJECT}/${later}`,
  ]);
  assert.ok(!partial && found.every((one: HasId) => one.id === id));
});

/** The sample, one of whose locks has another name. */
function changed(): ReturnType<typeof sampleProject> {
  const project = sampleProject();
  const environment = project.environments.get(project.primaryEnvironment)!;
  const [lock] = environment.itemTypes.filter(({ attributes }) => attributes.api_key === "lock");
  const query = {
    version: "current",
    blocksToo: false,
    filters: [],
    offset: 0,
    limit: 500,
  } as const;
  const { page } = environment.items.list({
    ...query,
    typeIds: [lock!.id],
    orderBy: [{ column: "_created_at", direction: "ASC" }, { column: "id", direction: "ASC" }],
  });
  const first = page[0]!;
  (first.attributes as Record<string, unknown>).name = "Renamed lock";
  return project;
}

Deno.test("the archive unpacks to the snapshot that was served", async () => {
  await using served = serveSnapshots(STORAGE);
  const response = await served.ask(`${LATEST}/archive.tar.gz`);
  assert.equal(response.headers.get("content-type"), "application/gzip");
  const { unpackTar } = await import("modern-tar");
  const plain = response.body!.pipeThrough(new DecompressionStream("gzip"));
  const files = await unpackTar(plain as ReadableStream<Uint8Array>);
  assert.ok(files.length > 50);
  for (const { header, data } of files) {
    if (header.type !== "file") continue;
    assert.deepEqual(data, STORAGE.objects.get(header.name), header.name);
  }
});

Deno.test("the tables of a snapshot are listed, and each part is the file that was written", async () => {
  await using served = serveSnapshots(WITH_TABLES);
  const snapshot = await openSnapshot(WITH_TABLES, "latest");
  const { format, tables } = await answered(served, `${LATEST}/tables`);
  const own = await snapshot.tables();
  assert.equal(format, own[0]!.format);
  assert.deepEqual(tables.map(({ name }: { name: string }) => name), own.map(({ name }) => name));
  const sums = new Map(snapshot.manifest!.objects.map(({ path, sha256 }) => [path, sha256]));
  const parts = tables.flatMap(({ parts }: { parts: unknown[] }) => parts);
  assert.equal(parts.length, own.flatMap(({ parts }) => parts).length);
  assert.ok(parts.length > 10);
  for (const { path, size, sha256 } of parts) {
    const bytes = await (await served.ask(`${LATEST}/${path}`)).bytes();
    assert.equal(bytes.length, size, path);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
    assert.equal(sums.get(path), sha256);
  }
  const { path, size } = parts[0];
  const range = { headers: { Range: "bytes=1-3" } };
  const some = await served.ask(`${LATEST}/${path}`, range);
  assert.equal(some.headers.get("content-range"), `bytes 1-3/${size}`);
  assert.equal((await some.bytes()).length, 3);
  const { tables: described } = await (await served.ask(`${LATEST}/tables/schema.json`)).json();
  assert.equal(described.length, tables.length);
  for (const other of ["nothing", "..%2fmanifest.json", "%2e%2e%2fsite.json", ""]) {
    assert.equal(await served.status(`${LATEST}/tables/${other}`), 404, other);
  }
  assert.equal(await served.status(`${LATEST}/${path}`, { scope: "read" }), 403);
  await using without = serveSnapshots(STORAGE);
  assert.deepEqual(await answered(without, `${LATEST}/tables`), { format: null, tables: [] });
});

Deno.test("automatic exports of an environment are turned on and off by who may", async () => {
  let now = Date.UTC(2026, 0, 1);
  const storage = new MemoryStorage();
  for (const [key, bytes] of STORAGE.objects) storage.objects.set(key, bytes);
  await using served = serveSnapshots(storage, { now: () => now });
  const path = `${PROJECTS}/${PROJECT}/environments/main/schedule`;
  const put = (body: string, scope: "admin" | "preview" = "admin") => {
    return served.ask(path, { method: "PUT", body, scope });
  };
  const asked = () => answered(served, path);
  assert.deepEqual(await asked(), { enabled: true, changedAt: null });
  for (const enabled of [false, true]) {
    now += 1000;
    const changed = { enabled, changedAt: new Date(now).toISOString() };
    assert.deepEqual(await (await put(JSON.stringify({ enabled }))).json(), changed);
    assert.deepEqual(await asked(), changed);
    const note = JSON.parse(storage.text(`content/project_${PROJECT}/schedule.json`)!);
    assert.deepEqual(note, changed);
  }
  const statusOf = async (response: Promise<Response>) => {
    const { status, body } = await response;
    await body?.cancel();
    return status;
  };
  for (const body of ["", "{}", "x", '{"enabled":1}']) {
    assert.equal(await statusOf(put(body)), 400, body);
  }
  assert.equal(await statusOf(put('{"enabled":false}', "preview")), 403);
  assert.equal(await served.status(path.replace("main", "nothing")), 404);
  const wrong = await served.ask(path, { method: "DELETE" });
  await wrong.body?.cancel();
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET, HEAD, PUT"]);
  assert.equal((await asked()).enabled, true);
  await using readOnly = serveSnapshots(storage, { readOnly: true });
  assert.equal(await readOnly.status(path, { method: "PUT", body: '{"enabled":false}' }), 403);
  storage.objects.set(`content/project_${PROJECT}/schedule.json`, new TextEncoder().encode("?"));
  assert.equal(await served.status(path), 409);
});

Deno.test("what was asked for is counted, for Prometheus", async () => {
  await using served = serveSnapshots(STORAGE);
  const size = (await (await served.ask(PROJECTS, { headers: { "Accept-Encoding": "identity" } }))
    .bytes()).length;
  const uploaded = await served.ask(`${LATEST}/uploads`);
  await uploaded.body?.cancel();
  const tag = uploaded.headers.get("etag")!;
  assert.equal(
    await served.status(`${LATEST}/uploads`, { headers: { "If-None-Match": tag } }),
    304,
  );
  assert.equal(await served.status(`${LATEST}/nothing`), 404);
  assert.equal(await served.status("/metrics", { scope: "preview" }), 403);
  const response = await served.ask("/metrics");
  assert.match(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const valueOf = (name: string) => {
    const line = text.split("\n").find((line) => line.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length));
  };
  const uploads = `/api/v1/projects/:project/snapshots/:snapshot/uploads`;
  assert.equal(valueOf(`sluice_http_requests_total{route="${PROJECTS}",status="200"}`), 1);
  assert.equal(valueOf(`sluice_http_response_bytes_total{route="${PROJECTS}"}`), size);
  for (const status of [200, 304]) {
    assert.equal(valueOf(`sluice_http_requests_total{route="${uploads}",status="${status}"}`), 1);
  }
  assert.equal(valueOf('sluice_http_requests_total{route="none",status="404"}'), 1);
  assert.equal(valueOf('sluice_http_requests_total{route="/metrics",status="403"}'), 1);
  const duration = "sluice_http_request_duration_seconds";
  assert.equal(valueOf(`${duration}_count{route="${uploads}"}`), 2);
  assert.ok(valueOf(`${duration}_sum{route="${uploads}"}`)! >= 0);
  for (const line of text.trimEnd().split("\n")) {
    assert.match(line, /^# (?:HELP|TYPE) \w+ .+$|^\w+\{(?:\w+="[^"]*",?)+\} [\d.e-]+$/);
  }
  const metrics = new Metrics();
  metrics.add({ route: 'a"\\\nb', status: 200, ms: 1500 });
  assert.match(metrics.text(), /_sum\{route="a\\"\\\\\\nb"\} 1\.5\n/);
});

Deno.test("OpenAPI describes each route, and each answer is what it says", async () => {
  const storage = new MemoryStorage();
  for (const [key, bytes] of WITH_TABLES.objects) storage.objects.set(key, bytes);
  await using served = serveSnapshots(storage);
  const { records: [record] } = await answered(served, `${LATEST}/records?model=lock&limit=1`);
  const { uploads: [upload] } = await answered(served, `${LATEST}/uploads?limit=1`);
  const { tables } = await answered(served, `${LATEST}/tables`);
  const chosen: Record<string, string> = {
    project: PROJECT,
    snapshot: "latest",
    other: "latest",
    environment: "main",
    model: "lock",
    part: tables.find(({ parts }: { parts: [] }) => parts.length > 0).parts[0].path.slice(7),
  };
  const described = await (await served.ask("/openapi.json")).json();
  assert.equal(described.openapi, "3.1.0");
  const paths = new Set(ROUTES.map(({ path }) => `/api/v1${path.replace(PARAMETER, "{$1}")}`));
  assert.deepEqual(new Set(Object.keys(described.paths)), paths.union(new Set(["/metrics"])));
  let checked = 0;
  for (const { method = "GET", path, query, body, answers } of ROUTES) {
    const own = `/api/v1${path.replace(PARAMETER, "{$1}")}`;
    const operation = described.paths[own][method.toLowerCase()];
    const names = operation.parameters.filter((one: { in: string }) => one.in === "query")
      .map((one: { name: string }) => one.name);
    assert.deepEqual(names, Object.keys(query.shape));
    assert.equal(operation.requestBody === undefined, body === undefined);
    const { content } = operation.responses["200"];
    assert.deepEqual(Object.keys(content), Object.keys(answers));
    // The files of uploads weren't exported here.
    if (path.includes("/assets/")) continue;
    const id = path.includes("/uploads/") ? upload.id : record.id;
    const filled = own.replace(/\{(\w+)\}/g, (_, name) => chosen[name] ?? id) +
      (path.endsWith("/find") ? "?q=lock" : "");
    for (
      const [type, { schema }] of Object.entries<{ schema?: z.core.JSONSchema.JSONSchema }>(content)
    ) {
      const response = await served.ask(filled, {
        method,
        headers: { Accept: type },
        ...(body !== undefined && { body: '{"enabled":true}' }),
      });
      assert.equal(response.status, 200, filled);
      const text = await response.text();
      if (type === "application/octet-stream") continue;
      assert.equal(response.headers.get("content-type")!.split(";")[0], type, filled);
      if (schema === undefined) continue;
      const valid = z.fromJSONSchema(schema);
      const documents = type === "application/x-ndjson" ? text.trimEnd().split("\n") : [text];
      for (const document of documents.filter((one) => one !== "")) {
        const { error } = valid.safeParse(JSON.parse(document));
        assert.equal(error, undefined, `${method} ${filled}: ${error?.message}`);
      }
      checked++;
    }
  }
  assert.ok(checked >= ROUTES.length, String(checked));
  const refused = await served.ask(`${LATEST}/records?limit=0`);
  const failure = z.fromJSONSchema(described.components.schemas.Error);
  assert.equal(failure.safeParse(await refused.json()).error, undefined);
  assert.ok(!failure.safeParse({ error: { code: "NOTHING" } }).success);
});

Deno.test("what a client has already isn't read again", async () => {
  const storage = new TracedStorage(STORAGE);
  await using served = serveSnapshots(storage);
  for (const name of ["latest", ID]) {
    const path = `${SNAPSHOTS}/${name}/records?model=article`;
    const first = await served.ask(path);
    await first.body?.cancel();
    const tag = first.headers.get("etag")!;
    assert.equal(
      first.headers.get("cache-control"),
      name === ID ? "private, max-age=31536000, immutable" : "no-cache",
    );
    const reads = () =>
      storage.calls.filter(({ method, key }) => method === "get" && key.includes("records/"))
        .length;
    const before = reads();
    const again = await served.ask(path, { headers: { "If-None-Match": tag } });
    await again.body?.cancel();
    assert.equal(again.status, 304);
    assert.equal(again.headers.get("etag")?.replace("-gzip", ""), tag.replace("-gzip", ""));
    assert.equal(reads(), before);
    assert.equal(await served.status(path, { headers: { "If-None-Match": '"x"' } }), 200);
  }
});

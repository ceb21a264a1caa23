import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Item, Upload, Version } from "../../src/content/resource.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { projectFromRecording, type RecordedExchange } from "../../src/simulator/recording.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { SluiceError } from "../../src/error.ts";
import { manifestSchema } from "../../src/snapshot/manifest.ts";
import { CmaError } from "../../src/source/datocms/cma_error.ts";
import { apiError } from "../support/cma.ts";
import { directoryOf, entriesOf, filesOf, QUICK_RETRIES, workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { until } from "../support/until.ts";

const readJson = async (path: string) => JSON.parse(await Deno.readTextFile(path));

/** Every record of a project in nested mode, asked for without our own client. */
async function served(url: string, version: Version): Promise<Map<string, Item>> {
  const items = new Map<string, Item>();
  const headers = {
    authorization: "Bearer demo",
    accept: "application/json",
    "x-api-version": "3",
  };
  const { data: types } = await (await fetch(`${url}/item-types`, { headers })).json();
  for (const type of types) {
    if (type.attributes.modular_block) continue;
    for (let offset = 0, total = 1; offset < total; offset += 30) {
      const query = new URLSearchParams({
        "filter[type]": type.id,
        "page[limit]": "30",
        "page[offset]": String(offset),
        nested: "true",
        order_by: "_created_at_ASC",
        version,
      });
      const answer = await (await fetch(`${url}/items?${query}`, { headers })).json();
      total = answer.meta.total_count;
      for (const item of answer.data) items.set(item.id, item);
    }
  }
  return items;
}

Deno.test("exportProject() makes a sealed snapshot of the recorded project, attribute by attribute", async () => {
  const recording: RecordedExchange[] = await readJson("test/recordings/blog-project-2022.json");
  await using bench = await workbench({ project: projectFromRecording(recording) });
  const report = await bench.export();
  const directory = directoryOf(report);
  assert.equal(report.status, "complete");

  // What the API said at the end of the recording is what must be in the snapshot.
  const last = recording.at(-1)!.responseBody as unknown as {
    data: { id: string };
    included: Item[];
  };
  assert.deepEqual((await readJson(`${directory}/site.json`)).data, last.data);
  for (const type of last.included.filter(({ type }) => (type as string) === "item_type")) {
    const { data, included } = await readJson(
      `${directory}/models/${type.attributes.api_key}.json`,
    );
    assert.deepEqual(data.attributes, type.attributes);
    for (const field of included) {
      assert.deepEqual(field, last.included.find(({ id }) => id === field.id));
    }
    assert.equal(included.length, (data.relationships.fields.data as unknown[]).length);
  }
  const published = recording.find(({ path }) => path.startsWith("/items?version=published"))!;
  // Publishing an article answered with its current version, which is a few milliseconds younger.
  const current = recording.find(({ path }) => path.endsWith("/publish"))!;
  for (const version of ["current", "published"] as const) {
    const { data: listed } = published.responseBody as unknown as { data: Item[] };
    const { data: last } = current.responseBody as unknown as { data: Item };
    const recorded = version === "published" ? listed : [last, ...listed];
    const [article] = await entriesOf<Item>(`${directory}/records/article/${version}`);
    const [author] = await entriesOf<Item>(`${directory}/records/author/${version}`);
    const source = recorded.find(({ id }) => id === article!.id)!;
    const { content, ...flat } = article!.attributes;
    const { content: recordedContent, ...recordedFlat } = source.attributes;
    assert.deepEqual(flat, recordedFlat);
    assert.deepEqual(article!.meta, source.meta);
    assert.deepEqual(article!.relationships, source.relationships);
    assert.deepEqual(author, recorded.find(({ id }) => id === author!.id));
    // The listing was recorded in regular mode: in the snapshot the block stands in place of its id.
    const text = JSON.stringify(content, (_key, value) => {
      if (value?.type === "item") assert.equal(value.attributes.text, "Foo");
      return value?.type === "item" ? value.id : value;
    });
    assert.deepEqual(JSON.parse(text), recordedContent);
  }
  const uploads = await entriesOf<Upload>(`${directory}/uploads`);
  const listing = recording.find(({ path }) => path.startsWith("/uploads?"))!;
  const recordedUploads = (listing.responseBody as unknown as { data: Upload[] }).data;
  assert.equal(uploads.length, recordedUploads.length);
  for (const upload of uploads) {
    const source = recordedUploads.find(({ id }) => id === upload.id)!;
    // The recording has no bytes: those that were made up have another MD5.
    const { md5: _, ...attributes } = upload.attributes;
    const { md5: __, ...recordedAttributes } = source.attributes;
    assert.deepEqual({ ...upload, attributes }, { ...source, attributes: recordedAttributes });
  }
});

Deno.test("exportProject() lists every object with its size and SHA-256, and seals last", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export();
  const directory = directoryOf(report);
  const manifest = manifestSchema.parse(await readJson(`${directory}/manifest.json`));
  assert.deepEqual(manifest, JSON.parse(JSON.stringify(report.manifest)));
  const files = await filesOf(directory);
  assert.deepEqual(
    manifest.objects.map(({ path }) => path),
    files.filter((file) => file !== "manifest.json" && file !== "canary.txt").sort((a, b) =>
      a < b ? -1 : 1
    ),
  );
  for (const { path, size, sha256, count } of manifest.objects) {
    const bytes = await Deno.readFile(`${directory}/${path}`);
    assert.equal(bytes.byteLength, size);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
    if (count !== undefined && path.endsWith(".ndjson")) {
      assert.equal(new TextDecoder().decode(bytes).split("\n").length - 1, count);
    }
  }
  assert.ok(files.includes("canary.txt"));
  assert.equal(bench.events.at(-1)?.type, "sealed");
  assert.deepEqual(manifest.findings, []);
});

Deno.test("exportProject() exports every record once in each version, as the API serves it", async () => {
  await using bench = await workbench({
    project: generateProject({ records: long(5000, 600), locales: ["en", "it", "de"], uploads: 5 }),
  });
  const report = await bench.export({ tables: false });
  for (const version of ["current", "published"] as const) {
    const expected = await served(bench.cma.url, version);
    const models = Object.keys(report.manifest.records);
    const exported = (await Promise.all(models.map((model) => {
      return entriesOf<Item>(`${directoryOf(report)}/records/${model}/${version}`);
    }))).flat();
    assert.equal(exported.length, expected.size);
    for (const item of exported) {
      assert.deepEqual(item, expected.get(item.id));
      expected.delete(item.id);
    }
    assert.equal(expected.size, 0);
  }
});

Deno.test("exportProject() asks for each row and each record with blocks once, in the largest answers that the API has", async () => {
  await using bench = await workbench({
    project: generateProject({ records: 2400, blocksPerRecord: long(8, 1) }),
  });
  await bench.export({ assets: false, tables: false, storage: new MemoryStorage() });
  const all = bench.cma.log.requests.filter(({ path }) => path.startsWith("/items?"))
    .map(({ path }) => new URL(path, bench.cma.url).searchParams);
  const looksOf = (column: string) => {
    return all.filter((query) =>
      query.keys().some((key) => key.startsWith(`filter[fields][${column}`))
    );
  };
  const columns = ["_updated_at", "_published_at"];
  assert.deepEqual(
    columns.map((column) => looksOf(column).length),
    [1, 1],
    "what changed meanwhile",
  );
  const scheduled = ["_publication_scheduled_at", "_unpublishing_scheduled_at"];
  assert.deepEqual(scheduled.map((column) => looksOf(column).length), [1, 1]);
  assert.equal(new Set(all.map(String)).size, all.length);
  const ids = all.flatMap((query) => query.has("filter[ids]") ? [query] : []);
  const packs = ids.filter((query) => query.has("nested"));
  const asked = packs.map((query) => query.get("filter[ids]")!.split(","));
  // 600 records in each of two models with blocks, a fifth of which were updated since they were published.
  const of = (version: string) => asked.filter((_, i) => packs[i]!.get("version") === version);
  assert.deepEqual(of("current").map(({ length }) => length), Array(40).fill(30));
  assert.deepEqual(of("published").map(({ length }) => length), Array(8).fill(30));
  assert.equal(new Set(of("current").flat()).size, 1200);
  // Updated ones of models without, and a look at thirty in both versions.
  const flat = ids.filter((query) => !query.has("nested"))
    .map((query) => query.get("filter[ids]")!.split(",").length);
  assert.deepEqual(flat.sort((a, b) => a - b), [30, 120]);
  const rows = all.filter((query) => query.get("page[limit]") === "500" && query.has("order_by"));
  assert.equal(rows.length, 8, "600 rows in each of four models");
  assert.equal(
    bench.cma.log.requests.filter(({ path }) => path.startsWith("/site?")).length,
    2,
    "the schema, and whether it is still the same in the end",
  );
});

Deno.test("exportProject() brings records up to date while assets wait to be tried again", async () => {
  let isLater = false;
  let refused = 0;
  await using bench = await workbench({
    project: generateProject({ records: 40, models: 2, uploads: 3, assetBytes: 30 }),
    onRequest: async (_request, { pathname, search }) => {
      if (pathname === "/items" && search.includes("_updated_at")) {
        await until(() => refused > 0, "an asset is refused");
        isLater = true;
      }
      if (!/^\/\d+\//.test(pathname) || isLater) return undefined;
      refused++;
      return new Response(null, { status: 503 });
    },
  });
  const { manifest } = await bench.export({ retry: { ...QUICK_RETRIES, maxAttempts: 300 } });
  assert.ok(refused > 0);
  assert.equal(manifest.assets?.downloaded.count, 3);
});

Deno.test("exportProject() fetches and verifies assets, and keeps those that are there", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const first = await bench.export();
  const { assets } = first.manifest;
  assert.ok(assets);
  const index = await entriesOf<Record<string, unknown>>(`${directoryOf(first)}/assets.ndjson`)
    .catch(async () => {
      const text = await Deno.readTextFile(`${directoryOf(first)}/assets.ndjson`);
      return text.trim().split("\n").map((line) => JSON.parse(line));
    });
  const uploads = await entriesOf<Upload>(`${directoryOf(first)}/uploads`);
  assert.equal(index.length, uploads.length);
  assert.equal(new Set(index.map(({ key }) => String(key).toLowerCase())).size, index.length);
  assert.equal(assets.withdrawn, 1);
  assert.equal(assets.failed, 0);
  for (const { key, size, md5, outcome, upload_id } of index) {
    if (outcome !== "downloaded") continue;
    const bytes = await Deno.readFile(`${bench.root}/${key}`);
    const upload = uploads.find(({ id }) => id === upload_id)!;
    assert.equal(bytes.byteLength, size);
    assert.equal(createHash("md5").update(bytes).digest("hex"), md5);
    assert.equal(upload.attributes.size, size);
  }
  // No name of an upload may lead out of the project's folder.
  const inAssets = (await filesOf(`${bench.root}/assets`)).map((file) => `assets/${file}`);
  assert.deepEqual(
    inAssets,
    index.filter(({ outcome }) => outcome === "downloaded").map(({ key }) => String(key)).sort(),
  );

  bench.cma.log.clear();
  const second = await bench.export();
  const withoutMd5 = uploads.filter(({ attributes: { md5 } }) => typeof md5 !== "string").length;
  // An infected one is asked for, at two addresses.
  assert.equal(bench.cma.log.count.asset, withoutMd5 + 2);
  assert.equal(second.manifest.assets?.kept.count, assets.downloaded.count - withoutMd5);
});

Deno.test("exportProject() records an asset that can't be had, and never writes wrong bytes", async () => {
  const project = generateProject({ records: 4, uploads: 6, assetBytes: 5000 });
  await using bench = await workbench({
    project,
    onRequest: (_request, { pathname }) => {
      if (/-(?:\w+)\.\w+$/.test(pathname) === false) return undefined;
      const number = Number(/(\d+)-\w+\.\w+$/.exec(pathname)?.[1]) % 10;
      if (number === 1) return new Response("no", { status: 403 });
      if (number === 2) return new Response("<html>error page</html>");
      if (number === 3) return new Response("gone", { status: 404 });
      return undefined;
    },
  });
  const report = await bench.export();
  assert.equal(report.status, "partial");
  assert.equal(report.manifest.assets?.failed, 3);
  assert.equal(report.manifest.assets?.downloaded.count, 3);
  assert.equal(report.manifest.failures.length, 3);
  assert.equal((await filesOf(`${bench.root}/assets`)).length, 3);
  assert.match(report.manifest.failures[0]!.message, /couldn't be fetched: /);
});

Deno.test("exportProject() asks for an asset's address as it is if what the parameters bring is another file", async () => {
  const asked: string[] = [];
  await using bench = await workbench({
    project: generateProject({ records: 4, uploads: 6, assetBytes: 5000 }),
    onRequest: (_request, { pathname, search }) => {
      if (!/\d+-\w+\.\w+$/.test(pathname)) return undefined;
      asked.push(search);
      return search === "" ? undefined : new Response("another file");
    },
  });
  const { status, manifest } = await bench.export();
  assert.equal(status, "complete");
  assert.equal(manifest.assets?.downloaded.count, 6);
  assert.equal(asked.filter((search) => search === "").length, 6);
});

Deno.test("exportProject() leaves out single sign-on where the project has none, and says so", async () => {
  await using bench = await workbench({
    project: sampleProject(),
    onRequest: (_request, { pathname }) =>
      pathname.startsWith("/sso-") ? apiError(422, "SSO_SETTINGS_REQUIRED") : undefined,
  });
  const { status, manifest } = await bench.export({ assets: false });
  assert.equal(status, "complete");
  const skipped = manifest.warnings.filter(({ code }) => code === "resource_skipped");
  assert.deepEqual(
    skipped.map(({ message }) => /GET \/sso-\w+ \(422 SSO_SETTINGS_REQUIRED\)/.exec(message)?.[0])
      .sort(),
    ["groups", "settings", "users"].map((name) => `GET /sso-${name} (422 SSO_SETTINGS_REQUIRED)`),
  );
});

Deno.test("exportProject() leaves out what the token may not read, and says so", async () => {
  await using bench = await workbench({
    project: sampleProject(),
    forbidden: ["/roles", "/users"],
    planLocked: ["/sso-groups"],
  });
  const report = await bench.export();
  assert.equal(report.status, "complete");
  for (const name of ["roles", "users", "sso_groups"]) {
    assert.ok("skipped" in report.manifest.resources[name]!);
  }
  assert.equal(
    report.manifest.warnings.filter(({ code }) => code === "resource_skipped").length,
    3,
  );
  const asked = await bench.export({ include: ["records", "roles"], assets: false });
  assert.equal(asked.status, "partial");
  assert.match(asked.manifest.failures[0]!.message, /roles/);
});

Deno.test("exportProject() fails when it may not read records, and leaves no seal", async () => {
  await using bench = await workbench({ project: sampleProject(), forbidden: ["/items"] });
  await assert.rejects(bench.export(), (error) => error instanceof CmaError && error.isForbidden);
  const files = await filesOf(bench.root);
  assert.ok(!files.some((file) => file.endsWith("canary.txt") || file.includes("/manifest.json")));
  assert.ok(!files.some((file) => file.includes(".tmp")));
});

Deno.test("exportProject() writes no secret and no token", async () => {
  await using bench = await workbench({
    project: sampleProject(),
    apiToken: "s3cr3t-token-of-mine",
  });
  const report = await bench.export();
  let redacted = 0;
  const found = new Set<string>();
  for (const file of await filesOf(bench.root)) {
    const text = await Deno.readTextFile(`${bench.root}/${file}`);
    assert.ok(!text.includes("s3cr3t-token-of-mine"), file);
    redacted += text.split('"[redacted]"').length - 1;
    for (const [secret] of text.matchAll(/not-a-real-[\w-]*/g)) found.add(secret);
  }
  assert.ok(redacted > 0);
  // A website shows it to everybody.
  assert.deepEqual([...found], ["not-a-real-maps-token"]);
  assert.ok(!JSON.stringify([bench.events, report]).includes("s3cr3t-token-of-mine"));
});

Deno.test("exportProject() writes the forms of Project Export with layout enterprise", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export({ layout: "enterprise", tables: false });
  const files = await filesOf(directoryOf(report));
  assert.ok(files.every((file) => !file.endsWith(".ndjson") || file === "assets.ndjson"));
  const records = files.filter((file) => file.startsWith("records/"));
  assert.ok(records.length > 0);
  for (const file of records) {
    const { data } = await readJson(`${directoryOf(report)}/${file}`);
    assert.ok(Array.isArray(data) && data.length > 0);
    assert.match(file, /^records\/[a-z0-9_]+\/(current|published)\/batch_\d{3}\.json$/);
  }
});

Deno.test("exportProject() reads a sandbox into a folder of its own", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const sandbox = await bench.export({ environment: "spring-issue" });
  assert.match(sandbox.snapshot, /\/content\/project_[^/]+\/spring-issue\/snapshot_\d+$/);
  assert.deepEqual(sandbox.manifest.environment, { id: "spring-issue", primary: false });
  const primary = await bench.export({ environment: "main" });
  assert.match(primary.snapshot, /\/content\/project_[^/]+\/snapshot_\d+$/);
  assert.equal(primary.manifest.environment.primary, true);
  await assert.rejects(bench.export({ environment: "nowhere" }), /no environment "nowhere"/);
});

Deno.test("exportProject() limits records to the models that were chosen", async () => {
  await using bench = await workbench({ project: generateProject({ records: 40 }) });
  const only = await bench.export({ models: ["author"] });
  assert.deepEqual(Object.keys(only.manifest.records), ["author"]);
  const without = await bench.export({ excludeModels: ["author"], published: false });
  assert.deepEqual(Object.keys(without.manifest.records).sort(), ["article", "page", "product"]);
  assert.equal(without.manifest.records.page?.published, undefined);
  await assert.rejects(bench.export({ models: ["autor"] }), /did you mean "author"\?/);
});

Deno.test("exportProject() gives exports that begin in one second a folder each", async () => {
  await using bench = await workbench({ project: generateProject({ records: 4 }) });
  const options = { assets: false, tables: false, include: ["records" as const] };
  const snapshots = new Set<string>();
  for (let i = 0; i < 3; i++) snapshots.add((await bench.export(options)).snapshot);
  assert.equal(snapshots.size, 3);
});

Deno.test("exportProject() stops at once when it is cancelled, and leaves nothing half-written", async () => {
  const end = Promise.withResolvers<void>();
  const cancel = new AbortController();
  await using bench = await workbench({
    project: generateProject({ records: 4000, uploads: 50 }),
    latencyMs: 5,
    onRequest: async () => {
      // No answer comes any more: it can't wait for any.
      if (cancel.signal.aborted) await end.promise;
      return undefined;
    },
  });
  const exporting = bench.export({
    signal: cancel.signal,
    onEvent: (event) => {
      if (event.type !== "page" || event.resource !== "records") return;
      cancel.abort(new DOMException("Stop.", "AbortError"));
    },
  });
  await assert.rejects(exporting, { name: "AbortError" });
  end.resolve();
  const files = await filesOf(bench.root);
  assert.ok(files.some((file) => file.endsWith("export.json")));
  assert.ok(!files.some((file) => /canary|manifest|\.tmp/.test(file)));
});

Deno.test("exportProject() says in one sentence why it can't begin", async (t) => {
  await using bench = await workbench({ project: generateProject({ records: 4 }) });
  const cases: [string, Parameters<typeof bench.export>[0], RegExp][] = [
    [
      "wrong token",
      { apiToken: "wrong" },
      /refused the API token \(401 INVALID_AUTHORIZATION_HEADER\)/,
    ],
    [
      "unknown environment",
      { environment: "x" },
      /no environment "x".*check the environment's name/,
    ],
    [
      "unreachable host",
      { baseUrl: "http://127.0.0.1:9" },
      /check the network and the API's address/,
    ],
    [
      "something that isn't the API",
      { baseUrl: `${bench.cma.url}/nothing` },
      /API's address|NOT_FOUND|INVALID_ENDPOINT/,
    ],
  ];
  for (const [name, options, message] of cases) {
    await t.step(name, async () => {
      await assert.rejects(bench.export(options), (error) => {
        assert.ok(error instanceof SluiceError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
      assert.deepEqual(await filesOf(bench.root), []);
    });
  }
});

Deno.test("exportProject() says in one sentence that a page of HTML isn't the API", async () => {
  await using bench = await workbench({
    project: generateProject({ records: 4 }),
    onRequest: () => new Response("<html></html>", { headers: { "content-type": "text/html" } }),
  });
  await assert.rejects(
    bench.export(),
    /expected JSON, but the answer \(status 200, text\/html\) isn't/,
  );
  assert.deepEqual(await filesOf(bench.root), []);
});

Deno.test("exportProject() survives a fault on every third request", async () => {
  const records = long(400, 160);
  let count = 0;
  const faults = [
    () => new Response("<html>bad gateway</html>", { status: 502 }),
    () => Response.json({ data: [] }, { status: 429, headers: { "x-ratelimit-reset": "0" } }),
    () => new Response('{"data": [', { headers: { "content-type": "application/json" } }),
  ];
  await using bench = await workbench({
    project: generateProject({ records, uploads: 10 }),
    onRequest: () => ++count % 3 === 0 ? faults[count / 3 % 3]!() : undefined,
  });
  // Enough attempts that a third of them may fail in whatever order.
  const report = await bench.export({
    concurrency: 3,
    retry: { baseDelayMs: 1, maxDelayMs: 5, maxAttempts: 40 },
  });
  assert.deepEqual(report.manifest.failures, []);
  const total = Object.values(report.manifest.records)
    .reduce((sum, { current }) => sum + (current?.count ?? 0), 0);
  assert.equal(total, records);
  assert.ok(bench.events.some(({ type }) => type === "retry"));
});

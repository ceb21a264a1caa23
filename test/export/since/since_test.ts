import assert from "node:assert/strict";
import type { SluiceError } from "../../../src/error.ts";
import type { ExportEvent } from "../../../src/export/events.ts";
import { exportProject, type ExportReport } from "../../../src/export/export.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import type { Manifest } from "../../../src/snapshot/manifest.ts";
import { openFake } from "../../s3/open_fake.ts";
import { copyOf, damaged, editManifest, forge } from "../../support/damage.ts";
import { Editor } from "../../support/editor.ts";
import { type End, endedRun } from "../../support/ended_run.ts";
import { sourceOf } from "../../support/exported.ts";
import { readSnapshot } from "../../support/exported_snapshot.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { Oracle, told } from "../../support/oracle.ts";
import { contentOf, type SnapshotContent } from "../../support/snapshot_content.ts";

const HOUR = 60 * 60_000;
const ENCODER = new TextEncoder();
const RAW = { assets: false, tables: false } as const;

/** A project that was edited after it was exported, hours ago: nothing is read again for having just changed. */
async function edited(options: Partial<ExportOptions> = {}) {
  let now = Date.now() - 10 * HOUR;
  const generated = generateProject({ records: 60, uploads: 2, blocksPerRecord: 4 });
  const project = memoryCopy(generated, { clock: () => new Date(now) });
  await using cma = startDemoCma({ project, rateLimit: false });
  const base = new MemoryStorage();
  const first = await exportProject({ ...sourceOf(cma), storage: base, ...RAW, ...options });
  now += HOUR;
  new Editor(project, { seed: 1 }).edit(12);
  now += HOUR;
  const apart = new MemoryStorage();
  const full = await exportProject({ ...sourceOf(cma), storage: apart, ...RAW, ...options });
  return {
    serve: () => startDemoCma({ project, rateLimit: false }),
    /** A storage with the first snapshot. */
    storage: () => copyOf(base),
    prefix: first.snapshot.slice(base.url.length + 1),
    first,
    /** What an export of all has to be like. */
    expected: await contentOf(apart, full.snapshot),
  };
}

const SHARED = await edited();

/** Exports with since, tells what became of that, and makes sure that the snapshot is as one of all is. */
async function since(
  storage: MemoryStorage,
  options: Partial<ExportOptions> = {},
): Promise<ExportReport & { readonly why: string | undefined; readonly requests: number }> {
  const { expected } = SHARED;
  await using cma = SHARED.serve();
  const events: ExportEvent[] = [];
  const report = await exportProject({
    ...sourceOf(cma),
    storage,
    ...RAW,
    since: "last",
    onEvent: (event) => events.push(event),
    ...options,
  });
  const requests = cma.log.requests.filter(({ path }) => path.startsWith("/items?")).length;
  assertSame(await contentOf(storage, report.snapshot), expected);
  const told = events.filter((event) => event.type === "since");
  assert.ok(told.length <= 1);
  return { ...report, why: told[0]?.reason ?? undefined, requests };
}

function assertSame(content: SnapshotContent, expected: SnapshotContent): void {
  // The same, to the order of keys.
  assert.equal(JSON.stringify(content.listings), JSON.stringify(expected.listings));
  const [found, wanted] = [content, expected].map(
    ({ counts: { findings: _, ...counts }, ...rest }) => {
      return { ...rest, counts };
    },
  );
  assert.deepEqual(found, wanted);
}

Deno.test("exportProject() with since reuses what hasn't changed, and says how much it saved", async () => {
  const storage = await SHARED.storage();
  const { reused, manifest, why, requests } = await since(storage);
  assert.equal(why, undefined);
  assert.ok(reused !== undefined && reused.records >= 20, JSON.stringify(reused));
  assert.ok(reused.published > 0);
  assert.equal(reused.snapshot, SHARED.first.snapshot);
  assert.ok(reused.requests >= 2 && requests <= 13, `${requests} requests`);
  assert.deepEqual([SHARED.first.manifest.sinceFull, manifest.sinceFull], [0, 1]);
  assert.deepEqual([manifest.findings, manifest.warnings], [[], []]);
  assert.deepEqual(manifest.shapes, SHARED.first.manifest.shapes);
});

Deno.test("a snapshot made with since is whole without the one before, and names it nowhere", async () => {
  const storage = await SHARED.storage();
  const { snapshot } = await since(storage);
  const { prefix } = SHARED;
  for (const key of [...storage.objects.keys()]) {
    if (key.startsWith(`${prefix}/`)) storage.objects.delete(key);
  }
  assertSame(await contentOf(storage, snapshot), SHARED.expected);
  const name = prefix.slice(prefix.lastIndexOf("/") + 1);
  for (const [key, bytes] of storage.objects) {
    assert.ok(!new TextDecoder().decode(bytes).includes(name), key);
  }
});

Deno.test('since: "none", the default, reuses nothing, and tells of nothing', async () => {
  const { reused, why } = await since(await SHARED.storage(), { since: undefined });
  assert.deepEqual([reused, why], [undefined, undefined]);
});

Deno.test("the first snapshot of a project is made without a word about since", async () => {
  const { reused, why, manifest } = await since(new MemoryStorage());
  assert.deepEqual([reused, why, manifest.sinceFull], [undefined, undefined, 0]);
});

/** What makes a snapshot one that can't be reused, and what is said of it. */
const UNUSABLE: readonly {
  readonly name: string;
  readonly edit?: (manifest: Manifest) => unknown;
  readonly objects?: (objects: MemoryStorage["objects"], prefix: string) => void;
  readonly why: RegExp | undefined;
}[] = [
  {
    name: "a partial one",
    edit: (manifest) => ({ ...manifest, status: "partial" }),
    why: /lacks something/,
  },
  {
    name: "one of tables only",
    edit: ({ options, ...rest }) => ({ ...rest, options: { ...options, tables: "only" } }),
    why: /tables only/,
  },
  {
    name: "one of other models",
    edit: ({ options, ...rest }) => ({ ...rest, options: { ...options, models: ["page"] } }),
    why: /another models/,
  },
  {
    name: "one without published versions",
    edit: ({ options, ...rest }) => ({ ...rest, options: { ...options, published: false } }),
    why: /another published/,
  },
  {
    name: "one of another layout",
    edit: ({ options, ...rest }) => ({ ...rest, options: { ...options, layout: "enterprise" } }),
    why: /another layout/,
  },
  {
    name: "one of an environment that was the primary one",
    edit: (manifest) => ({ ...manifest, environment: { id: "old-main", primary: true } }),
    why: /another project or environment/,
  },
  {
    name: "one whose environment nobody knows",
    edit: (manifest) => ({ ...manifest, environment: { id: null, primary: true } }),
    why: /another project or environment/,
  },
  {
    name: "one of another project",
    edit: ({ project, ...rest }) => ({ ...rest, project: { ...project, id: "1" } }),
    why: /another project or environment/,
  },
  {
    name: "one of another version of the format",
    edit: (manifest) => ({ ...manifest, formatVersion: 2 }),
    why: /isn't a manifest that this version knows/,
  },
  {
    name: "one that doesn't say how records look",
    edit: ({ shapes: _, ...manifest }) => manifest,
    why: /how its records look/,
  },
  {
    name: "one whose schema changed meanwhile",
    edit: (manifest) => ({
      ...manifest,
      findings: [{ code: "schema_changed", message: "It changed." }],
    }),
    why: /schema changed/,
  },
  {
    name: "one whose manifest was changed",
    objects: (objects, prefix) => {
      const text = new TextDecoder().decode(objects.get(`${prefix}/manifest.json`));
      objects.set(`${prefix}/manifest.json`, ENCODER.encode(text.replace("main", "mine")));
    },
    why: /isn't the one that was sealed/,
  },
  {
    name: "one without a manifest",
    objects: (objects, prefix) => objects.delete(`${prefix}/manifest.json`),
    why: /no manifest/,
  },
  {
    name: "one that isn't sealed",
    objects: (objects, prefix) => objects.delete(`${prefix}/canary.txt`),
    why: undefined,
  },
];

for (const { name, edit, objects, why: expected } of UNUSABLE) {
  Deno.test(`of ${name} nothing is reused, and it is said why`, async () => {
    const storage = await SHARED.storage();
    const { prefix } = SHARED;
    if (edit) editManifest(storage, prefix, (manifest) => edit(manifest) as Manifest);
    objects?.(storage.objects, prefix);
    const { why, reused, manifest } = await since(storage);
    assert.equal(reused, undefined);
    assert.equal(manifest.sinceFull, 0);
    if (expected === undefined) return assert.equal(why, undefined);
    assert.match(why ?? "", expected);
    if (name !== "a partial one") return;
    // So it is if it was named.
    const id = prefix.slice(prefix.lastIndexOf("_") + 1);
    const named = await since(storage, { since: id });
    assert.equal(named.reused, undefined);
    assert.match(named.why ?? "", expected);
  });
}

Deno.test("last is the newest snapshot that can be reused, others are passed over", async () => {
  const storage = await SHARED.storage();
  const { snapshot, manifest } = await since(storage, { since: "none" });
  const prefix = snapshot.slice(storage.url.length + 1);
  editManifest(storage, prefix, (manifest) => ({ ...manifest, status: "partial" }));
  assert.equal(manifest.sinceFull, 0);
  const { reused, why } = await since(storage);
  assert.deepEqual([reused?.snapshot, why], [SHARED.first.snapshot, undefined]);
});

Deno.test("a snapshot is named as anywhere else; one that isn't there is refused before anything is written", async () => {
  const storage = await SHARED.storage();
  const before = [...storage.objects.keys()];
  await assert.rejects(since(storage, { since: "1234567890" }), (error: Error) => {
    assert.match(error.message, /^There is no snapshot "1234567890" in /);
    assert.equal((error as SluiceError).exitCode, 1);
    return true;
  });
  await assert.rejects(since(storage, { since: "nonsense" }), { exitCode: 2 });
  await assert.rejects(since(new MemoryStorage(), { since: "latest" }), /There are no snapshots/);
  const after = [...storage.objects.keys()].filter((key) => !key.endsWith("/lock.json"));
  assert.deepEqual(after, before);
  const { reused } = await since(storage, { since: "900001/latest" });
  assert.equal(reused?.snapshot, SHARED.first.snapshot);
});

Deno.test("all is read for one snapshot of as many as fullEvery says", async () => {
  const storage = await SHARED.storage();
  const counts: unknown[] = [];
  for (let n = 0; n < 3; n++) {
    const { manifest, reused, why } = await since(storage, { fullEvery: 3 });
    counts.push([manifest.sinceFull, reused !== undefined, why]);
  }
  assert.deepEqual(counts, [
    [1, true, undefined],
    [2, true, undefined],
    [0, false, "every 3. snapshot is made so"],
  ]);
  // Whoever names one means it.
  const [name] = [...storage.objects.keys()].filter((key) => key.endsWith("/canary.txt")).slice(-2);
  const id = /snapshot_(\d+)/.exec(name!)![1]!;
  assert.equal((await since(storage, { since: id, fullEvery: 3 })).manifest.sinceFull, 3);
});

/** A batch of the first snapshot. */
function batch(pattern: RegExp): string {
  const found = SHARED.first.manifest.objects.find(({ path }) => pattern.test(path));
  return `${SHARED.prefix}/${found!.path}`;
}

const DAMAGES: Readonly<
  Record<string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | undefined>
> = {
  // Of the same length, and such that nothing but the digest tells.
  "another text in blocks": (bytes) => {
    return ENCODER.encode(
      new TextDecoder().decode(bytes).replaceAll(/"(label|text)":"\w/g, '"$1":"#'),
    );
  },
  "a half": (bytes) => bytes.slice(0, bytes.length / 2),
  "more": (bytes) => new Uint8Array([...bytes, ...bytes]),
  "nothing": () => undefined,
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  Deno.test(`of a model one of whose batches holds ${name} nothing is reused, which is a finding`, async () => {
    for (const pattern of [/^records\/article\/current/, /^records\/article\/published/]) {
      const storage = await SHARED.storage();
      const key = batch(pattern);
      const bytes = storage.objects.get(key)!;
      const whole = await since(storage);
      storage.objects.delete(whole.snapshot.slice(storage.url.length + 1) + "/canary.txt");
      const { manifest, reused } = await damaged(
        storage,
        key,
        damage(bytes),
        () => since(storage),
      );
      assert.deepEqual(manifest.findings.map(({ code }) => code), ["base_damaged"]);
      assert.match(manifest.findings[0]!.message, /^Records of model article couldn't be reused/);
      // Those of other models are.
      assert.ok(reused!.records > 0 && reused!.records + reused!.published < sumOf(whole));
      assert.equal(manifest.status, "complete");
    }
  });
}

function sumOf({ reused }: ExportReport): number {
  return reused!.records + reused!.published;
}

Deno.test("records of a snapshot that are in no order are only reused less", async () => {
  const storage = await SHARED.storage();
  const { prefix, first } = SHARED;
  for (const { path } of first.manifest.objects) {
    if (!/^records\/.*\.ndjson$/.test(path)) continue;
    const lines = new TextDecoder().decode(storage.objects.get(`${prefix}/${path}`)).trimEnd()
      .split("\n");
    // One is there twice, and one isn't what it should be.
    const odd = [...lines.slice(5), ...lines.slice(0, 7), '{"id":"odd"}', "null"];
    const text = path.includes("article") ? odd.slice(0, -1) : lines.toReversed();
    forge(storage, prefix, path, `${text.join("\n")}\n`, text.length);
  }
  const { manifest, reused } = await since(storage);
  assert.ok(reused!.records > 0);
  assert.deepEqual(manifest.findings, []);
});

Deno.test("what a snapshot says of a record isn't believed unless all that is known of it is the same", async () => {
  const storage = await SHARED.storage();
  const { prefix, first } = SHARED;
  const changes: readonly ((item: Record<string, Record<string, unknown>>) => void)[] = [
    // Of another version, of another model, with ids in place of blocks, and with another text.
    (item) => item.meta!.current_version = "another",
    (item) => item.relationships!.item_type = { data: { type: "item_type", id: "another" } },
    (item) => {
      for (const [key, value] of Object.entries(item.attributes!)) {
        if (Array.isArray(value)) item.attributes![key] = value.map((one) => one.id ?? one);
      }
    },
    (item) => item.attributes!.updated_at = "2000-01-01T00:00:00Z",
    (item) => delete item.attributes!.updated_at,
    (item) => item.attributes!.more = "than before",
    (item) => {
      for (const value of Object.values(item.attributes!)) {
        if (Array.isArray(value)) {
          for (const one of value) if (typeof one === "object") one.relationships = {};
        }
      }
    },
  ];
  for (const { path } of first.manifest.objects) {
    if (!/^records\/article\/current\/.*\.ndjson$/.test(path)) continue;
    const lines = new TextDecoder().decode(storage.objects.get(`${prefix}/${path}`)).trimEnd()
      .split("\n");
    const text = lines.map((line, n) => {
      const item = JSON.parse(line);
      changes[n % changes.length]!(item);
      return `${JSON.stringify(item)}\n`;
    }).join("");
    forge(storage, prefix, path, text);
  }
  await since(storage);
});

for (const options of [{ compress: "zstd" }, { layout: "enterprise" }] as const) {
  Deno.test(`snapshots with ${JSON.stringify(options)} are reused, too`, async () => {
    const shared = await edited(options);
    await using cma = shared.serve();
    const storage = await shared.storage();
    const report = await exportProject({
      ...sourceOf(cma),
      storage,
      ...RAW,
      ...options,
      since: "last",
    });
    assertSame(await contentOf(storage, report.snapshot), shared.expected);
    assert.ok(report.reused!.records > 0);
  });
}

Deno.test("snapshots in S3 are reused, and tables and assets are as ever", async () => {
  await using fake = await openFake();
  await using cma = SHARED.serve();
  const { storage } = fake;
  const how = { ...sourceOf(cma), storage };
  const first = await exportProject(how);
  const again = await exportProject({ ...how, since: "last" });
  assert.ok(again.reused!.records > 0);
  assert.equal(again.manifest.assets?.kept.count, first.manifest.assets?.downloaded.count);
  const [a, b] = [
    await contentOf(storage, first.snapshot),
    await contentOf(storage, again.snapshot),
  ];
  assertSame({ ...a, counts: {} }, { ...b, counts: {} });
});

const ENDS: readonly (readonly End[])[] = [
  [{ by: "request", at: 34 }, { by: "crash", call: 30 }],
  [{ by: "crash", call: 40 }, { by: "crash", call: 45 }, { by: "request", at: 12 }],
];

for (const [n, ends] of ENDS.entries()) {
  for (const isGone of [false, true]) {
    Deno.test(`an export with since that ends early is resumed${isGone ? ", also without the snapshot that it reused" : ""}, ${n}`, async () => {
      await using cma = SHARED.serve();
      const storage = await SHARED.storage();
      const told: ExportEvent[] = [];
      let resumed = 0;
      const options: Partial<ExportOptions> = {
        ...RAW,
        since: "last",
        checkpointMs: 0,
        concurrency: 1,
        resume: true,
        onEvent: (event) => {
          if (event.type === "start" && event.resumed) resumed++;
          if (event.type === "since") told.push(event);
        },
      };
      for (const end of ends) {
        assert.equal(await endedRun(cma, storage, end, options), undefined);
        if (!isGone) continue;
        for (const key of [...storage.objects.keys()]) {
          if (key.startsWith(`${SHARED.prefix}/`)) storage.objects.delete(key);
        }
      }
      told.length = 0;
      const report = await exportProject({ ...sourceOf(cma), storage, ...options });
      assertSame(await contentOf(storage, report.snapshot), SHARED.expected);
      assert.ok(resumed > 0);
      assert.equal(report.manifest.sinceFull, 1);
      assert.match(JSON.stringify(told), isGone ? /isn't there any more/ : /"reason":null/);
    });
  }
}

Deno.test("exportProject() with since keeps its word while editors work and a run ends", async () => {
  const generated = generateProject({ records: 120, uploads: 4, blocksPerRecord: 3 });
  const project = memoryCopy(generated);
  const oracle = new Oracle(project);
  const editor = new Editor(project, { seed: 5, purge: 5 });
  let isReading = false;
  const hook = editor.hook(1);
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    onRequest: (request, url) => isReading ? hook(request, url) : undefined,
  });
  const storage = new MemoryStorage();
  const how = { assets: false, since: "last", resume: true, checkpointMs: 0 } as const;
  await exportProject({ ...sourceOf(cma), storage, ...how });
  editor.edit(5);
  const from = oracle.now;
  isReading = true;
  await endedRun(cma, storage, { by: "request", at: 30 }, how);
  const report = await exportProject({ ...sourceOf(cma), storage, ...how });
  assert.ok(report.reused !== undefined && report.reused.records > 0);
  await contentOf(storage, report.snapshot);
  const found = oracle.checkSnapshot(await readSnapshot(storage, report.snapshot), {
    from,
    to: oracle.now,
  });
  assert.equal(found.length, 0, told(found));
});

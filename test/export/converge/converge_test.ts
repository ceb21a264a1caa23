import assert from "node:assert/strict";
import type { Item } from "../../../src/content/resource.ts";
import { bytesAsset } from "../../../src/simulator/project.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import type { DemoCmaOptions } from "../../../src/simulator/server.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import { UnfinishedError } from "../../../src/export/unfinished.ts";
import { directoryOf, entriesOf, type Workbench, workbench } from "../../support/exported.ts";

/** A made-up project whose records can be changed. */
function editable(): MemoryProject {
  return memoryCopy(generateProject({ records: 120, uploads: 12, assetBytes: 500, models: 2 }));
}

/** The records of a project, as they are now. */
function currentOf(project: MemoryProject): Item[] {
  return project.primary.items.list({
    version: "current",
    blocksToo: false,
    filters: [],
    orderBy: [],
    offset: 0,
    limit: 10_000,
  }).page as Item[];
}

/** Exports, and changes a record once all of the first model's current records were read. */
async function exportWhileEdited(
  edit: (project: MemoryProject, record: Item) => void,
  options: Partial<DemoCmaOptions> = {},
  exportOptions: Partial<ExportOptions> = {},
): Promise<{ bench: Workbench; project: MemoryProject; record: Item; exported: Item[] }> {
  const project = editable();
  const bench = await workbench({ project, ...options });
  let record: Item | undefined;
  const report = await bench.export({
    assets: false,
    ...exportOptions,
    onEvent: (event) => {
      bench.events.push(event);
      if (event.type !== "done" || event.version !== "current" || record) return;
      record = currentOf(project).find(({ relationships }) => {
        const model = project.primary.itemTypes.find(({ id }) => {
          return id === relationships.item_type.data.id;
        });
        return model?.attributes.api_key === event.model;
      })!;
      edit(project, record);
    },
  });
  const exported = await entriesOf<Item>(`${directoryOf(report)}/records`);
  return { bench, project, record: record!, exported };
}

function touch(project: MemoryProject, { id }: Item): void {
  const attributes = project.primary.items.get(id, "current")!.attributes;
  const [key] = Object.entries(attributes).find(([, value]) => typeof value === "string") ?? [];
  project.primary.items.update(id, { ...attributes, ...(key && { [key]: "edited meanwhile" }) });
}

Deno.test("exportProject() brings a record up to date that was changed after it was read", async () => {
  const { bench, project, record, exported } = await exportWhileEdited(touch);
  await using _bench = bench;
  const now = project.primary.items.get(record.id, "current")!;
  assert.notDeepEqual(now, record);
  const states = exported.filter(({ id }) => id === record.id).map(({ meta }) => meta?.updated_at);
  assert.ok(states.includes(now.meta!.updated_at), `${states} has no ${now.meta!.updated_at}`);
  const events = bench.events.filter(({ type }) => type === "converged");
  assert.deepEqual(events, [{ type: "converged", resource: "records", pass: 1, count: 1 }]);
});

Deno.test("exportProject() reads records again one by one if they are too large together", async () => {
  const project = editable();
  const together = new Response(new Uint8Array(33 * 1024 * 1024).fill(0x20));
  const touched = new Set<string>();
  const asked: number[] = [];
  await using bench = await workbench({
    project,
    onRequest: (_request, { searchParams }) => {
      const ids = searchParams.get("filter[ids]")?.split(",");
      if (ids === undefined || !ids.some((id) => touched.has(id))) return;
      asked.push(ids.length);
      return ids.length > 1 ? together.clone() : undefined;
    },
  });
  const report = await bench.export({
    assets: false,
    onEvent: (event) => {
      if (event.type !== "done" || event.version !== "current" || touched.size > 0) return;
      for (const record of currentOf(project).slice(0, 5)) {
        touched.add(record.id);
        touch(project, record);
      }
    },
  });
  const exported = await entriesOf<Item>(`${directoryOf(report)}/records`);
  for (const id of touched) {
    const { meta } = project.primary.items.get(id, "current")!;
    const states = exported.filter((each) => each.id === id).map(({ meta }) => meta?.updated_at);
    assert.ok(states.includes(meta!.updated_at), `${states} has no ${meta!.updated_at}`);
  }
  assert.ok(asked.some((length) => length > 1) && asked.includes(1), String(asked));
});

for (
  const [what, answer] of [
    ["refuses to filter by time", (url: URL) => {
      if (![...url.searchParams.keys()].some((key) => key.startsWith("filter[fields]"))) return;
      const error = {
        attributes: { code: "INVALID_FILTER", details: {} },
        type: "api_error",
        id: "1",
      };
      return Response.json({ data: [error] }, { status: 422 });
    }],
    ["doesn't filter by time, though it was asked to", (url: URL, headers: Headers) => {
      const filter = [...url.searchParams.keys()].find((key) => key.startsWith("filter[fields]"));
      if (filter === undefined) return;
      const all = new URL(url);
      all.searchParams.delete(filter);
      return fetch(all, { headers });
    }],
  ] as const
) {
  Deno.test(`exportProject() finds what changed by its order where the API ${what}`, async () => {
    const { bench, project, record, exported } = await exportWhileEdited(touch, {
      onRequest: (request, url) => answer(url, request.headers),
    });
    await using _bench = bench;
    const { updated_at } = project.primary.items.get(record.id, "current")!.meta!;
    assert.ok(exported.some(({ id, meta }) => id === record.id && meta?.updated_at === updated_at));
    const warned = bench.events.some((event) => {
      return event.type === "warning" && event.code === "api_fallback" &&
        event.message.includes("what changed lately in /items");
    });
    assert.ok(warned);
  });
}

Deno.test("exportProject() tells which records changed whenever it looked, and ends", async () => {
  const project = editable();
  const restless = currentOf(project)[0]!;
  await using bench = await workbench({
    project,
    onRequest: (_request, url) => {
      if (url.searchParams.has("filter[ids]")) touch(project, restless);
      return undefined;
    },
  });
  touch(project, restless);
  const { manifest, status } = await bench.export({ assets: false });
  assert.equal(status, "complete");
  const found = manifest.findings.filter(({ code }) => code === "still_changing");
  assert.equal(found.length, 1);
  assert.match(found[0]!.message, new RegExp(`1 records changed again .*: ${restless.id}\\.`));
});

Deno.test("exportProject() brings a record up to date again that was published and changed meanwhile", async () => {
  const project = editable();
  const record = currentOf(project)[0]!;
  let isTouched = false;
  await using bench = await workbench({
    project,
    onRequest: (_request, { searchParams }) => {
      // Its current version was read again by then.
      const isReadAgain = searchParams.has("filter[ids]") &&
        searchParams.get("version") === "published";
      if (isReadAgain && !isTouched) touch(project, record);
      isTouched ||= isReadAgain;
      return undefined;
    },
  });
  project.primary.items.publish(record.id);
  touch(project, record);
  const report = await bench.export({ assets: false });
  const exported = await entriesOf<Item>(`${directoryOf(report)}/records`);
  const times = exported.filter(({ id }) => id === record.id).map(({ meta }) => meta?.updated_at);
  const { updated_at: time } = project.primary.items.get(record.id, "current")!.meta!;
  assert.ok(isTouched && times.includes(time), `${times} has no ${time}`);
  assert.deepEqual(report.manifest.findings, []);
});

Deno.test("exportProject() leaves out a record that was deleted while what changed is read again", async () => {
  const project = editable();
  const victim = currentOf(project)[0]!;
  await using bench = await workbench({
    project,
    onRequest: (_request, url) => {
      const isAgain = url.searchParams.has("filter[ids]");
      if (isAgain && project.primary.items.get(victim.id, "current")) {
        project.primary.items.delete(victim.id);
      }
      return undefined;
    },
  });
  touch(project, victim);
  const report = await bench.export({ assets: false });
  const exported = await entriesOf<Item>(`${directoryOf(report)}/records`);
  assert.deepEqual(exported.filter(({ id }) => id === victim.id), []);
});

/** Edits the project as soon as an asset is asked for. */
function onFirstAsset(edit: () => void): NonNullable<DemoCmaOptions["onRequest"]> {
  let isEdited = false;
  return (_request, url) => {
    if (isEdited || !/^\/\d+\//.test(url.pathname)) return undefined;
    isEdited = true;
    edit();
    return undefined;
  };
}

Deno.test("exportProject() doesn't take it for a failure that an upload was deleted or replaced meanwhile", async () => {
  const project = editable();
  const uploads = project.primary.uploads.list({ filters: [], orderBy: [], offset: 0, limit: 2 });
  const [deleted, replaced] = uploads.page.map(({ id }) => id) as [string, string];
  await using bench = await workbench({
    project,
    onRequest: onFirstAsset(() => {
      project.deleteUpload(deleted);
      const bytes = new TextEncoder().encode("another file");
      project.replaceFile(replaced, { filename: "other.txt", bytes, mimeType: "text/plain" });
    }),
  });
  const { manifest, status } = await bench.export({ concurrency: 1 });
  assert.equal(status, "complete");
  assert.equal(manifest.assets?.failed, 0);
  assert.equal(manifest.assets?.withdrawn, 2);
  const reasons = manifest.warnings.filter(({ code }) => code === "asset_withdrawn");
  assert.match(reasons.map(({ message }) => message).join(), /was deleted while/);
  assert.match(reasons.map(({ message }) => message).join(), /got another file while/);
});

Deno.test("exportProject() doesn't take it for a failure that a file was replaced at the same address", async () => {
  const project = editable();
  const uploads = project.primary.uploads.list({ filters: [], orderBy: [], offset: 0, limit: 1 });
  const { id, attributes: { path } } = uploads.page[0]!;
  const asset = bytesAsset(new TextEncoder().encode("another file"), "text/plain");
  await using bench = await workbench({
    project,
    onRequest: onFirstAsset(() => {
      project.setAsset(path, asset);
      project.primary.uploads.update(id, { md5: asset.md5, size: asset.size });
    }),
  });
  const { manifest, status } = await bench.export({ concurrency: 1 });
  assert.equal(status, "complete");
  const reasons = manifest.warnings.filter(({ code }) => code === "asset_withdrawn");
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!.message, /got another file while/);
});

Deno.test("exportProject() asks a project at rest three times whether something changed", async () => {
  await using bench = await workbench({ project: editable() });
  const { manifest } = await bench.export({ assets: false });
  const looks = bench.cma.log.requests.filter(({ path }) => path.includes("filter%5Bfields%5D"));
  const scheduled = looks.filter(({ path }) => path.includes("_scheduled_at"));
  assert.equal(scheduled.length, 2, "what is scheduled is looked for once, by its kind");
  assert.equal(looks.length - scheduled.length, 3);
  const paths = bench.cma.log.requests.map(({ path }) => path);
  const first = paths.findIndex((path) => /^\/items.*filter%5Bfields%5D%5B_updated_at/.test(path));
  assert.ok(!paths.slice(first).some((path) => path.includes("filter%5Bids%5D")));
  const totals = paths.filter((path) => path.endsWith("page%5Blimit%5D=0"));
  assert.equal(totals.length, 2, "as many as were written, in each version");
  assert.deepEqual(manifest.findings, []);
});

Deno.test("exportProject() fetches the files of uploads that came meanwhile, also where there were none", async () => {
  for (const before of [0, 1]) {
    const project = memoryCopy(generateProject({ records: 0, uploads: before, assetBytes: 50 }));
    await using bench = await workbench({ project });
    const { manifest } = await bench.export({
      onEvent: (event) => {
        if (event.type !== "done" || event.resource !== "uploads") return;
        const bytes = new TextEncoder().encode("new");
        project.addUpload({ filename: "new.txt", bytes, mimeType: "text/plain" });
      },
    });
    assert.deepEqual(manifest.resources.uploads, {
      ...manifest.resources.uploads,
      count: before + 1,
    });
    assert.equal(manifest.assets?.downloaded.count, before + 1, `${before} uploads before`);
  }
});

Deno.test("exportProject() stops while it brings records up to date, and resumes from there", async () => {
  const project = editable();
  const stop = new AbortController();
  let isRead = false;
  await using bench = await workbench({
    project,
    onRequest: (_request, url) => {
      const isOfRecords = url.pathname === "/items";
      isRead ||= isOfRecords && url.searchParams.has("filter[fields][_updated_at][gt]");
      if (isRead && url.searchParams.has("filter[ids]")) stop.abort();
      return undefined;
    },
  });
  for (const record of currentOf(project)) touch(project, record);
  const asked = () => {
    const ids = bench.cma.log.requests
      .filter(({ path }) => path.startsWith("/items"))
      .map(({ path }) => new URL(path, bench.cma.url).searchParams)
      .filter((query, i, all) => {
        const from = all.findIndex((one) => one.has("filter[fields][_updated_at][gt]"));
        return i > from && query.get("version") === "current";
      })
      .flatMap((query) => query.get("filter[ids]")?.split(",") ?? []);
    bench.cma.log.clear();
    return ids;
  };
  const options = { assets: false, resume: true } as const;
  await assert.rejects(
    bench.export({ ...options, stop: stop.signal }),
    (error) => error instanceof UnfinishedError && error.progressed,
  );
  const first = asked();
  assert.ok(first.length > 0 && first.length < 120);
  const report = await bench.export(options);
  assert.deepEqual([...first, ...asked()].sort(), currentOf(project).map(({ id }) => id).sort());
  const exported = await entriesOf<Item>(`${directoryOf(report)}/records`);
  for (const { id, meta } of currentOf(project)) {
    const times = exported.filter((item) => item.id === id).map(({ meta }) => meta?.updated_at);
    assert.ok(times.includes(meta!.updated_at));
  }
});

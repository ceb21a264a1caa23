import assert from "node:assert/strict";
import type { Item, JsonObject, Version } from "../../src/content/resource.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import type { FaultKind } from "../../src/simulator/faults/fault_plan.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { UnfinishedError } from "../../src/export/unfinished.ts";
import type { ExportReport } from "../../src/export/export.ts";
import { apiError } from "../support/cma.ts";
import { workbench } from "../support/exported.ts";
import { readSnapshot } from "../support/exported_snapshot.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

/** Eight models whose rows come in one answer. */
const small = memoryCopy(generateProject({ records: 240, models: 8, blocksPerRecord: 1 }));
/** Two models that are listed alone, and so many updated records in one of them that they are listed, too. */
const FLAT = "author";
const large = memoryCopy(generateProject({ records: 1160, models: 2, blocksPerRecord: 0 }), {
  clock: () => new Date("2026-01-01"),
});
{
  const { items, itemTypes } = large.primary;
  const flat = itemTypes.find(({ attributes }) => attributes.api_key === FLAT)!.id;
  const published = items.records().filter(({ current }) => {
    return current.relationships.item_type.data.id === flat && current.meta?.status === "published";
  });
  for (const [i, { current }] of published.entries()) {
    if (i % 8 !== 0) items.update(current.id, { name: `Updated ${i}` });
  }
}
const BY_CREATION = ["_created_at", "id"].map((column) => ({ column, direction: "ASC" as const }));

/** What is to be in a snapshot of a project: each model's records in each version, by creation. */
function truth(project: Pick<MemoryProject, "primary">): Map<string, string[]> {
  const { items, itemTypes } = project.primary;
  return new Map(
    itemTypes.filter(({ attributes }) => !attributes.modular_block).flatMap((model) => {
      return (["current", "published"] as const).map((version) => {
        const { page } = items.list({
          typeIds: [model.id],
          version,
          blocksToo: false,
          filters: [],
          orderBy: BY_CREATION,
          offset: 0,
          limit: Infinity,
        });
        return [`${model.attributes.api_key} ${version}`, page.map((item) => JSON.stringify(item))];
      });
    }),
  );
}

/** What is in a snapshot. */
async function exported(
  project: MemoryProject,
  faults: FaultKind | undefined,
  options: Partial<ExportOptions> = {},
) {
  const storage = new MemoryStorage();
  await using bench = await workbench({
    project,
    ...faults && { intercept: injectFaults({ rules: [{ on: "/items", faults }] }) },
  });
  const include = ["records"] as const;
  const report = await bench.export({ storage, include, tables: false, assets: false, ...options });
  const snapshot = await readSnapshot(storage, report.snapshot);
  const found = new Map(snapshot.records.map(({ model, version, items }) => {
    return [`${model} ${version}`, items.map((item) => JSON.stringify(item))];
  }));
  const requests = bench.cma.log.requests.filter(({ path }) => path.startsWith("/items?"))
    .map(({ path }) => new URL(path, bench.cma.url).searchParams);
  const { warnings, failures, published } = report.manifest;
  const told = warnings.map(({ message }) => message);
  return { found, requests, warnings: told, failures, published, report };
}

/** What is told of each, and how published versions are had then. */
const CHECKS: Partial<Record<FaultKind, readonly [told: RegExp, by: "derived" | "read" | "both"]>> =
  {
    "published-of-its-own": [/sends other published versions of them than current ones/, "read"],
    "ids-with-others": [/by their ids, and sent others/, "read"],
    "ids-of-other-model": [/by their ids, and sent some as of other models/, "both"],
    "ids-without-blocks": [/by their ids, and sent some without their blocks/, "both"],
    "ids-incomplete": [/that it doesn't send by their ids/, "derived"],
    "ids-refused": [/refused to send published versions by their ids/, "read"],
    "long-refused": [/refused an address with 30 ids or more/, "derived"],
    "models-refused": [/asked for records of 8 models, and refused that/, "derived"],
    "models-with-others": [/asked for records of 8 models, and sent some of others/, "derived"],
  };

const expected = truth(small);

for (const [kind, [told, by]] of Object.entries(CHECKS)) {
  Deno.test(`exportProject() reads all records another way if the API does this: ${kind}`, async () => {
    const { found, warnings, failures, published } = await exported(small, kind as FaultKind);
    assert.ok(warnings.some((warning) => told.test(warning)), warnings.join("\n"));
    assert.deepEqual(failures, []);
    const ways = new Set(Object.values(published!));
    assert.deepEqual(ways, new Set(by === "both" ? ["derived", "read"] : [by]));
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    for (const [listing, items] of expected) {
      // What is read once more is added to where it belongs by its time, but not by its id.
      const own = kind === "published-of-its-own" && listing.endsWith(" published");
      const right = own ? items.map(ofItsOwn) : items;
      assert.deepEqual(found.get(listing)!.toSorted(), right.toSorted(), listing);
    }
  });
}

function ofItsOwn(text: string): string {
  const item = JSON.parse(text) as Item;
  return JSON.stringify({
    ...item,
    meta: { ...item.meta, updated_at: "2001-01-01T00:00:00.000+00:00" },
  });
}

Deno.test("exportProject() reads records in few requests, in order, and says how published versions were had", async () => {
  const { found, requests, warnings, published } = await exported(small, undefined);
  assert.equal(found.size, expected.size);
  for (const [listing, items] of expected) assert.deepEqual(found.get(listing), items, listing);
  assert.deepEqual(warnings, []);
  assert.deepEqual(new Set(Object.values(published!)), new Set(["derived"]));
  const byIds = requests.filter((query) => query.has("filter[ids]"));
  // All rows in one answer; 120 records with blocks, of which 24 were updated, as were 24 others; one check.
  assert.equal(
    requests.filter((query) => query.get("page[limit]") === "500" && !query.has("order_by")).length,
    3,
  );
  assert.equal(byIds.length, 4 + 1 + 1 + 1);
});

Deno.test("exportProject() reads each published version by itself with verifyPublished", async () => {
  const { found, requests, published, report } = await exported(small, undefined, {
    verifyPublished: true,
  });
  for (const [listing, items] of expected) assert.deepEqual(found.get(listing), items, listing);
  assert.deepEqual(new Set(Object.values(published!)), new Set(["read"]));
  assert.equal(report.manifest.options.verifyPublished, true);
  const listed = requests.filter((query) => {
    return query.get("version") === "published" && query.has("order_by");
  });
  assert.equal(listed.length, 8);
});

Deno.test("exportProject() lists updated records of a large model, unless the API doesn't filter", async () => {
  const models = [FLAT];
  const project = memoryCopy(large);
  const expected = truth(project);
  const updated = (requests: readonly URLSearchParams[]) => {
    const of = (name: string) =>
      requests.filter((query) => query.get("version") === "published" && query.has(name));
    return [of("filter[fields][_status][eq]").length, of("filter[ids]").length];
  };
  for (
    const [faults, told, lists, ids] of [
      [undefined, undefined, 1, 1],
      [
        "published-filter-refused",
        /asked for updated records of model author, and refused that/,
        // In each order that is asked for elsewhere, and in none.
        3,
        4,
      ],
      [
        "published-filter-ignored",
        /asked for updated records of model author, and sent record/,
        1,
        4,
      ],
      [
        "order-refused",
        /refused to order \/items by _created_at_ASC,id_ASC/,
        undefined,
        undefined,
      ],
    ] as const
  ) {
    const { found, requests, warnings } = await exported(project, faults, { models });
    for (const version of ["current", "published"] as const satisfies readonly Version[]) {
      const right = expected.get(`${FLAT} ${version}`)!;
      const items = found.get(`${FLAT} ${version}`)!;
      if (faults !== "order-refused") assert.deepEqual(items, right);
      else assert.deepEqual(items.toSorted(), right.toSorted());
    }
    assert.equal(
      told === undefined || warnings.some((one) => told.test(one)),
      true,
      warnings.join("\n"),
    );
    if (lists !== undefined) assert.deepEqual(updated(requests), [lists, ids], faults);
  }
});

/** Whether it is asked how many records there are. */
const isTotal = ({ pathname, searchParams }: URL): boolean =>
  pathname === "/items" && searchParams.get("page[limit]") === "0";

/** The id of a record that has a status. */
function idOf(project: MemoryProject, status: "published" | "updated"): string {
  return project.primary.items.records().find(({ current }) => current.meta?.status === status)!
    .current.id;
}

/** What a snapshot has of a record: the status of each version that is there. */
async function statusesOf(storage: MemoryStorage, report: ExportReport, id: string) {
  const { records } = await readSnapshot(storage, report.snapshot);
  const [current, published] = (["current", "published"] as const).map((version) => {
    return records.filter((one) => one.version === version).flatMap(({ items }) => items)
      .filter((item) => item.id === id).map(({ meta }) => meta?.status);
  });
  return { current, published };
}

for (
  const [how, refuses, told] of [
    ["", () => false, undefined],
    [
      ", though the API takes no lists of models",
      ({ searchParams }) => searchParams.get("filter[type]")!.includes(","),
      /how many current records of 8 models there are, and refused that/,
    ],
    [
      ", though the API doesn't tell how many there are",
      () => true,
      /how many current records of model article there are, and refused that/,
    ],
  ] as const satisfies readonly (readonly [string, (url: URL) => boolean, RegExp | undefined])[]
) {
  Deno.test(`exportProject() sees that a record was unpublished, which no time of a change tells${how}`, async () => {
    const project = memoryCopy(small);
    const { items } = project.primary;
    const id = idOf(project, "published");
    const before = items.get(id, "current")!.meta as JsonObject;
    const storage = new MemoryStorage();
    let isDone = false;
    await using bench = await workbench({
      project,
      onRequest: (_request, url) => {
        if (!isTotal(url)) return undefined;
        if (!isDone) items.unpublish(id);
        isDone = true;
        return refuses(url) ? apiError(422, "INVALID_PARAMS") : undefined;
      },
    });
    const report = await bench.export({ storage, include: ["records"], tables: false });
    const after = items.get(id, "current")!.meta as JsonObject;
    assert.ok(isDone && before.status === "published" && after.status === "draft");
    assert.equal(after.updated_at, before.updated_at);
    assert.equal(after.current_version, before.current_version);
    const statuses = await statusesOf(storage, report, id);
    assert.deepEqual(statuses, { current: ["draft"], published: [] });
    assert.deepEqual(report.manifest.failures, []);
    const warnings = report.manifest.warnings.map(({ message }) => message);
    if (told === undefined) assert.deepEqual(warnings, []);
    else assert.ok(warnings.some((one) => told.test(one)), warnings.join("\n"));
  });
}

Deno.test("exportProject() reads a record again whose published version doesn't come any more", async () => {
  const project = memoryCopy(small);
  const { items } = project.primary;
  const id = idOf(project, "updated");
  const storage = new MemoryStorage();
  let isDone = false;
  await using bench = await workbench({
    project,
    onRequest: (_request, { pathname, searchParams }) => {
      const isAsked = searchParams.get("filter[ids]")?.split(",").includes(id);
      const isPublished = searchParams.get("version") === "published";
      if (pathname !== "/items" || isDone || !isAsked || !isPublished) return undefined;
      items.unpublish(id);
      isDone = true;
      return undefined;
    },
  });
  const report = await bench.export({ storage, include: ["records"], tables: false });
  assert.ok(isDone);
  const statuses = await statusesOf(storage, report, id);
  assert.deepEqual(statuses, { current: ["draft"], published: [] });
  assert.deepEqual(report.manifest.warnings, []);
  // Totals are as they should be: rows are listed once.
  const lists = bench.cma.log.requests.filter(({ path }) => {
    return path.includes("version=current") && path.includes("limit%5D=500");
  });
  assert.equal(lists.filter(({ path }) => !path.includes("updated_at")).length, 1);
});

Deno.test("exportProject() lists models once more in three runs at most, and says so if each was stopped", async () => {
  const project = memoryCopy(small);
  const { items } = project.primary;
  const id = idOf(project, "published");
  const storage = new MemoryStorage();
  let isCounted = false;
  let stop = new AbortController();
  let stopped = 0;
  await using bench = await workbench({
    project,
    onRequest: (_request, url) => {
      if (isTotal(url)) {
        if (!isCounted && stopped === 0) items.unpublish(id);
        isCounted = true;
      } else if (isCounted && url.pathname === "/items") stop.abort();
      return undefined;
    },
  });
  const options = { storage, include: ["records"], tables: false, resume: true } as const;
  for (; stopped < 3; stopped++) {
    stop = new AbortController();
    isCounted = false;
    await assert.rejects(bench.export({ ...options, stop: stop.signal }), UnfinishedError);
    assert.ok(isCounted && stop.signal.aborted, `run ${stopped}`);
  }
  const report = await bench.export(options);
  const [finding, ...others] = report.manifest.findings.filter(({ code }) => {
    return code === "changes_missing";
  });
  assert.match(finding!.message, /3 runs were stopped while they listed them once more/);
  assert.equal(others.length, 7);
});

import assert from "node:assert/strict";
import { EXIT, SluiceError } from "../../src/error.ts";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DrillOptions, type DrillResult, drillSnapshot } from "../../src/restore/mod.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { isObject } from "../../src/text/json.ts";
import { copyOf } from "../support/damage.ts";
import { long } from "../support/long.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";
import { worked } from "../support/worked_project.ts";
import { assertRefused, exported, littleProject, restoreOptions, served } from "./frame.ts";
import { numericProject } from "./numeric_project.ts";

const SOURCE = worked(4, 8);
let snapshot: Promise<MemoryStorage> | undefined;

async function snapshotOfAll(): Promise<MemoryStorage> {
  snapshot ??= exported(SOURCE);
  return await copyOf(await snapshot);
}

let little: Promise<MemoryStorage> | undefined;

/** A snapshot of a project that takes little time to be restored. */
async function littleSnapshot(): Promise<MemoryStorage> {
  little ??= exported(littleProject());
  return await copyOf(await little);
}

/** A drill of all, without files unless they are asked for. */
async function drilled(
  cma: DemoCma,
  storage: MemoryStorage,
  options: Partial<DrillOptions> = {},
): Promise<DrillResult> {
  const { apiToken, baseUrl, retry, clock } = restoreOptions(cma, storage);
  const reached = { apiToken, baseUrl, retry, clock, storage };
  return await drillSnapshot({ ...reached, full: true, assets: 0, keep: "never", ...options });
}

/** Nothing but the primary environment is there, and nothing was written to it. */
function assertUntouched(cma: DemoCma, project: MemoryProject): void {
  assert.deepEqual([...project.environments.keys()], ["main"]);
  const written = cma.writes.done.filter(({ environment, path }) => {
    return environment === "main" && !/^\/environments\/(?:main\/fork|sluice-drill-)/.test(path);
  });
  assert.deepEqual(written.map(({ method, path }) => `${method} ${path}`), []);
}

/** The only environment of a drill. */
function environmentOf(project: MemoryProject): MemoryEnvironment {
  const [name] = [...project.environments.keys()].filter((id) => id.startsWith("sluice-drill-"));
  return project.environments.get(name!)!;
}

Deno.test("a drill of a good snapshot passes, and leaves nothing but its report", async () => {
  const project = memoryCopy(SOURCE);
  // What was changed since the snapshot is of no account.
  project.primary.items.delete(project.primary.items.records()[0]!.current.id);
  const before = project.primary.items.records().length;
  await using cma = served(project);
  const storage = await snapshotOfAll();
  const stages: string[] = [];
  const result = await drilled(cma, storage, {
    assets: 3,
    onEvent: (event) => event.type === "drill" && stages.push(event.stage),
  });
  assert.deepEqual(result.problems, []);
  assert.deepEqual([result.status, result.exitCode], ["passed", EXIT.complete]);
  assert.deepEqual(stages, ["verify", "plan", "fork", "empty", "restore", "assets", "destroy"]);
  assert.deepEqual(result.verification?.differences, []);
  assert.equal(result.verification?.mode, "full");
  const { kind, records, chosen, of } = result.scope;
  assert.deepEqual([kind, records, chosen, of], ["full", before + 1, null, before + 1]);
  assert.equal(result.assets?.files, 3);
  assert.ok(result.rtoMs! >= 0 && result.rpoMs >= 0);
  assertUntouched(cma, project);
  // Records were made anew, not left as they were.
  const made = cma.writes.done.filter(({ method, path }) => {
    return method === "POST" && path.split("?")[0] === "/items";
  });
  assert.equal(made.length, before + 1);
  const { planned, writes } = result.requests;
  assert.ok(writes <= planned, `${planned} were planned, ${writes} were sent`);
  const report = [...storage.objects.keys()].filter((key) => /\/drill_\d+\/report/.test(key));
  assert.equal(report.length, 1);
  const last = JSON.parse(new TextDecoder().decode(
    storage.objects.get("content/project_" + project.primary.site.id + "/drill.json")!,
  ));
  assert.deepEqual([last.status, last.kind, last.problem], ["passed", "full", null]);
});

Deno.test("a sample is of so many records with what they link to, in the whole schema; a seed repeats it", async () => {
  const storage = await snapshotOfAll();
  const made: string[][] = [];
  for (const seed of ["a", "a"]) {
    const project = memoryCopy(SOURCE);
    await using cma = served(project);
    let types = 0;
    const result = await drilled(cma, storage, {
      full: false,
      sample: 2,
      seed,
      onEvent: (event) => {
        if (event.type === "comparing") types = environmentOf(project).itemTypes.length;
      },
    });
    assert.deepEqual(result.problems, []);
    assert.equal(types, SOURCE.primary.itemTypes.length);
    const { kind, chosen, records, of } = result.scope;
    assert.deepEqual([kind, chosen, result.scope.seed], ["sample", 2, seed]);
    assert.ok(records! >= 2 && records! <= of!, `${records} of ${of}`);
    assertUntouched(cma, project);
    made.push(
      cma.writes.done.filter(({ path, method }) =>
        method === "POST" && /^\/items\?|^\/items$/.test(path)
      )
        .flatMap(({ changes }) => changes.map(({ id }) => id)).sort(),
    );
    assert.equal(made.at(-1)!.length, records);
  }
  assert.deepEqual(made[0], made[1]);
});

Deno.test("a drill of a project with numeric ids passes: all that is emptied comes back under other ids", async () => {
  const { project } = numericProject();
  await using cma = served(project);
  const result = await drilled(cma, await exported(project), { full: long(1, 0) === 1, sample: 3 });
  assert.deepEqual([result.status, result.problems], ["passed", []]);
  assertUntouched(cma, project);
});

/** What becomes of a snapshot's objects: a mutation each, by what its key is like. */
const DAMAGE: readonly (readonly [what: string, key: RegExp, damage: Damage])[] = [
  ["a flipped byte in records", /\/records\/.*\.ndjson$/, flipped],
  ["no batch of records", /\/records\/.*\.ndjson$/, () => undefined],
  ["truncated records", /\/records\/.*\.ndjson$/, truncated],
  ["a flipped byte in a model", /\/models\/[^/]+\.json$/, flipped],
  ["no file of a model", /\/models\/[^/]+\.json$/, () => undefined],
  ["a flipped byte in the uploads", /\/uploads\/.*\.ndjson$/, flipped],
  ["a flipped byte in an asset's file", /^assets\/project_/, flipped],
  ["no file of an asset", /^assets\/project_/, () => undefined],
  ["a truncated file of an asset", /^assets\/project_/, truncated],
  ["another manifest", /\/manifest\.json$/, flipped],
];
type Damage = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | undefined;

function flipped(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const at = copy.length >> 1;
  copy[at] = copy[at]! ^ 1;
  return copy;
}

function truncated(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.slice(0, bytes.length - 3);
}

Deno.test("a drill fails on each thing that is wrong with a snapshot, before anything is written", async (t) => {
  const good = await snapshotOfAll();
  const project = memoryCopy(SOURCE);
  await using cma = served(project);
  for (const [what, pattern, damage] of DAMAGE.slice(0, long(DAMAGE.length, 3))) {
    await t.step(what, async () => {
      const storage = await copyOf(good);
      const key = [...storage.objects.keys()].filter((one) => pattern.test(one)).sort()[0]!;
      const left = damage(storage.objects.get(key)!);
      if (left === undefined) storage.objects.delete(key);
      else storage.objects.set(key, left);
      const result = await drilled(cma, storage);
      assert.deepEqual([result.status, result.exitCode], ["failed", EXIT.failed]);
      assert.ok(
        result.damage.some((problem) => problem.key === key),
        JSON.stringify(result.damage),
      );
      assert.match(result.problems[0]!, /isn't what was exported/);
      assert.deepEqual([result.rtoMs, result.environment], [null, null]);
      assert.deepEqual(cma.writes.writes, []);
    });
  }
});

/** What a server makes of what was written, once it is there. */
const LOSSES: readonly (readonly [what: string, lose: (of: MemoryEnvironment) => void])[] = [
  ["a field is dropped", (of) => change(of, (item) => withValue(of, item, () => null))],
  ["a status is another one", ({ items }) => {
    items.unpublish(items.records().find(({ published }) => published)!.current.id);
  }],
  ["a record is lost", ({ items }) => items.delete(items.records()[0]!.current.id)],
  [
    "locales are swapped",
    (of) =>
      change(
        of,
        (item) =>
          withValue(of, item, (value) =>
            isObject(value)
              ? Object.fromEntries(Object.entries(value).map(([key]) => [key, "swapped"]))
              : undefined),
      ),
  ],
  ["a record is made twice", (of) => {
    const { current } = of.items.records()[0]!;
    of.items.put({ current: { ...current, id: of.newId("item") } });
  }],
  ["a date is another one", (of) =>
    change(of, (item) => ({
      ...item,
      meta: { ...item.meta, created_at: "2001-01-01T00:00:00.000Z" },
    }))],
  ["a field has other validators", (of) => {
    const [first, ...others] = of.fields;
    const validators = { ...first!.attributes.validators as JsonObject, length: { max: 7 } };
    of.setSchema({
      fields: [{ ...first!, attributes: { ...first!.attributes, validators } }, ...others],
    });
  }],
  ["a model has another name", (of) => {
    const [first, ...others] = of.itemTypes;
    of.setSchema({
      itemTypes: [{ ...first!, attributes: { ...first!.attributes, name: "Other" } }, ...others],
    });
  }],
  ["an upload has another file", ({ uploads }) => {
    uploads.update(uploads.uploads()[0]!.id, { md5: "0".repeat(32) });
  }],
  ["an upload has other notes", ({ uploads }) => {
    uploads.update(uploads.uploads()[0]!.id, { notes: "Other" });
  }],
];

/** Changes a record that isn't published otherwise. */
function change({ items }: MemoryEnvironment, next: (item: Item) => Item | undefined): void {
  for (const { current, published } of items.records()) {
    const own = next(current);
    if (own === undefined) continue;
    items.put({ current: own, published: published === current ? own : published });
    return;
  }
  throw new Error("Nothing can be changed so.");
}

/** A record with another value of a field; `undefined` if it has none that can be changed so. */
function withValue(
  { schema }: MemoryEnvironment,
  item: Item,
  next: (value: unknown) => JsonObject | null | undefined,
): Item | undefined {
  for (
    const { attributes: { api_key: key, field_type: type } } of schema.fields(
      item.relationships.item_type.data.id,
    )
  ) {
    const value = item.attributes[key] ?? null;
    const other = value === null || !["string", "text"].includes(type) ? undefined : next(value);
    if (other !== undefined) return { ...item, attributes: { ...item.attributes, [key]: other } };
  }
  return undefined;
}

Deno.test("a drill fails on each thing that isn't there as it was written", async (t) => {
  const storage = await snapshotOfAll();
  for (const [what, lose] of LOSSES.slice(0, long(LOSSES.length, 3))) {
    await t.step(what, async () => {
      const project = memoryCopy(SOURCE);
      await using cma = served(project);
      let [isRestoring, isLost] = [false, false];
      const result = await drilled(cma, storage, {
        onEvent: (event) => {
          if (event.type === "drill") isRestoring = event.stage === "restore";
          // All is there but for menus and the like.
          if (!isRestoring || isLost || event.type !== "phase") return;
          if (event.phase !== "presentation") return;
          isLost = true;
          lose(environmentOf(project));
        },
      });
      assert.ok(isLost);
      assert.deepEqual([result.status, result.exitCode], ["failed", EXIT.failed]);
      assert.ok(result.verification!.differences.length > 0);
      assert.match(result.problems.join("\n"), /isn't what the snapshot holds/);
      assertUntouched(cma, project);
    });
  }
});

Deno.test("a drill fails if a new upload has other bytes", async () => {
  const project = littleProject();
  await using cma = served(project, {
    onRequest: ({ method }, { pathname }) => {
      const id = /^\/uploads\/([^/]+)$/.exec(pathname)?.[1];
      const made = method === "GET" && id && environmentOf(project).uploads.get(id);
      if (made) environmentOf(project).uploads.update(id, { md5: "0".repeat(32) });
    },
  });
  const result = await drilled(cma, await littleSnapshot(), { assets: 2 });
  assert.equal(result.status, "failed");
  assert.equal(result.assets?.problems.length, 1);
  assert.match(result.problems[0]!, /has the md5 0{32} instead of [0-9a-f]{32}/);
  assertUntouched(cma, project);
});

Deno.test("what failed may be looked at until the next drill, which destroys nothing that isn't a drill's", async () => {
  const project = littleProject();
  const main = project.environments.get("main")!;
  // Somebody else's, however they are named.
  for (const id of ["sluice-drill-20200101-000000", "sluice-drill-mine"]) {
    project.environments.set(id, main.fork({ id, type: "environment", meta: { primary: false } }));
  }
  const foreign = ["main", "sluice-drill-20200101-000000", "sluice-drill-mine"];
  await using cma = served(project, {
    onRequest: ({ method }, { pathname }) => {
      if (method === "PUT" || method === "GET" || pathname !== "/items") return undefined;
      return Response.json({ data: [] }, { status: 403 });
    },
  });
  const storage = await littleSnapshot();
  const failed = await drilled(cma, storage, { keep: "on-failure" });
  assert.equal(failed.status, "failed");
  assert.equal(failed.isKept, true);
  assert.deepEqual([...project.environments.keys()], [...foreign, failed.environment]);
  await using again = served(project);
  const warnings: string[] = [];
  const passed = await drilled(again, storage, {
    keep: "on-failure",
    onEvent: (event) => event.type === "warning" && warnings.push(event.message),
  });
  assert.deepEqual([passed.status, passed.isKept], ["passed", false]);
  assert.deepEqual(passed.removed, [failed.environment]);
  assert.deepEqual([...project.environments.keys()], foreign);
  assert.match(
    warnings.join("\n"),
    /no journal here says.*sluice-drill-20200101-000000\. They stay/,
  );
});

Deno.test("a drill is refused before anything is written: too many requests, another project, another drill", async () => {
  const project = littleProject();
  await using cma = served(project);
  const storage = await littleSnapshot();
  await assertRefused(
    cma,
    () => drilled(cma, storage, { maxRequests: 5 }),
    /takes \d+ requests .* at most 5 may be sent: nothing was written/,
  );
  const keys = [...storage.objects.keys()];
  assert.deepEqual(keys.filter((key) => /\/drill/.test(key)), []);
  await using other = served(sampleProject());
  await assertRefused(other, () => drilled(other, storage), /the API token is of another one/);
  let first: Promise<unknown> | undefined;
  await drilled(cma, storage, {
    onEvent: (event) => {
      if (event.type !== "drill" || event.stage !== "restore") return;
      first ??= assert.rejects(drilled(cma, storage), /Another drill of the project runs/);
    },
  });
  await first;
  assertUntouched(cma, project);
});

Deno.test("a drill that is cancelled leaves no environment, at whatever stage", async (t) => {
  const storage = await littleSnapshot();
  for (const stage of ["fork", "empty", "restore", "assets"] as const) {
    await t.step(stage, async () => {
      const project = littleProject();
      await using cma = served(project, stage === "fork" ? { jobMs: 5 } : {});
      const stop = new AbortController();
      await assert.rejects(
        drilled(cma, storage, {
          keep: "always",
          assets: 2,
          signal: stop.signal,
          onEvent: (event) => {
            if (event.type === "drill" && event.stage === stage) {
              queueMicrotask(() => stop.abort(new SluiceError("Enough.", EXIT.cancelled)));
            }
          },
        }),
        /Enough|cancelled/,
      );
      assertUntouched(cma, project);
      const [lock] = [...storage.objects.keys()].filter((key) =>
        /restore_lock_sluice-drill/.test(key)
      );
      assert.equal(lock, undefined);
    });
  }
});

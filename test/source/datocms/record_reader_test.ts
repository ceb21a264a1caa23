import assert from "node:assert/strict";
import { SchemaIndex } from "../../../src/content/schema_index.ts";
import type { Item } from "../../../src/content/resource.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import {
  readRecords,
  type RecordReaderOptions,
} from "../../../src/source/datocms/record_reader.ts";
import { testClient } from "../../support/cma.ts";

const project = generateProject({ records: 1200, models: 3, blocksPerRecord: 2 });
const { site, itemTypes, fields, fieldsets } = project.environments.get("main")!;
const { locales } = site.attributes;
const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });

/** Reads all records, each chunk as slowly as asked for. */
async function read(
  { slowly = async () => {}, ...options }: Partial<RecordReaderOptions> & {
    readonly slowly?: () => Promise<void>;
  },
) {
  await using cma = startDemoCma({ project, rateLimit: false });
  const client = testClient(cma.url, { apiToken: cma.apiToken });
  const { signal } = new AbortController();
  const found: Item[] = [];
  const ended: string[] = [];
  let most = 0;
  const models = schema.models.map((model) => ({ model, withPublished: true, listing: {} }));
  const nested = () => {
    return cma.log.requests.filter(({ path, status }) => path.includes("nested") && status === 200)
      .flatMap(({ path }) => new URL(path, cma.url).searchParams.get("filter[ids]")!.split(","));
  };
  await readRecords(models, {
    client,
    schema,
    concurrency: 4,
    modelsAtOnce: 4,
    signal,
    onFallback: assert.fail,
    write: async (_model, { current }) => {
      await slowly();
      found.push(...current);
      const written = new Set(found.map(({ id }) => id));
      most = Math.max(most, new Set(nested().filter((id) => !written.has(id))).size);
    },
    end: (model, verdict) => {
      assert.equal(verdict.state, "whole");
      ended.push(model.id);
      return Promise.resolve();
    },
    ...options,
  });
  return { found, ended, most, requests: cma.log.count.api };
}

Deno.test("readRecords() reads no further ahead than it may hold, however slowly records are taken", async () => {
  const slowly = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  const { found, ended, most } = await read({ slowly, mostHeld: 200_000 });
  assert.equal(new Set(found.map(({ id }) => id)).size, 1200);
  assert.deepEqual(ended.toSorted(), schema.models.map(({ id }) => id).toSorted());
  // Records with blocks take some 3 KB here; four packs of thirty are asked for before that is known.
  assert.ok(most > 0 && most < 300, `${most} records were read ahead`);
});

Deno.test("readRecords() passes on what fails where records go, and leaves nothing under way", async () => {
  const failure = new Error("The disk is full");
  let count = 0;
  const write = () => ++count > 2 ? Promise.reject(failure) : Promise.resolve();
  await assert.rejects(read({ write }), failure);
});

Deno.test("readRecords() hands on nothing more once it is stopped, and says so by ending no model", async () => {
  const stop = new AbortController();
  let written = 0;
  const { ended } = await read({
    stop: stop.signal,
    write: (_model, { current }) => {
      written += current.length;
      stop.abort();
      return Promise.resolve();
    },
  });
  assert.ok(written > 0 && written < 1200, `${written} records`);
  assert.ok(ended.length < 3);
});

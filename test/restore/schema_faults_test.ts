import assert from "node:assert/strict";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import type { ModelSketch } from "../../src/simulator/schema_builder.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { AMPLE } from "../support/cma.ts";
import { long, seeds } from "../support/long.ts";
import { differences, planned, type Taken, taken, ticking } from "./restoring.ts";

const FIELDS: ModelSketch["fields"] = {
  // The slug stands before the text that it is made of.
  slug: { type: "slug", validators: { slug_title_field: { title_field_id: "title" }, unique: {} } },
  title: { type: "string", localized: true, validators: { required: {} }, fieldset: "Words" },
  body: {
    type: "structured_text",
    validators: {
      structured_text_blocks: { item_types: ["zebra_block"] },
      structured_text_inline_blocks: { item_types: ["inline_block"] },
      structured_text_links: { item_types: ["zoo", "animal"] },
    },
  },
  parts: { type: "rich_text", validators: { rich_text_blocks: { item_types: ["zebra_block"] } } },
  home: { type: "link", validators: { item_item_type: { item_types: ["zoo"] }, required: {} } },
  picture: { type: "file" },
};

/** A small project in which much names what is made later. */
function smallProject(): MemoryProject {
  const project = emptyProject({
    id: "88001",
    locales: ["en", "it"],
    clock: ticking(),
    models: {
      animal: {
        name: "Animal",
        fields: FIELDS,
        fieldsets: ["Words"],
        roles: { title_field: "title" },
      },
      zoo: {
        name: "Zoo",
        attributes: { tree: true, all_locales_required: true, draft_mode_active: true },
        fields: { name: { type: "string", localized: true } },
      },
      one_zoo: {
        name: "The zoo",
        attributes: { singleton: true },
        fields: {
          star: { type: "link", validators: { item_item_type: { item_types: ["animal"] } } },
        },
      },
      zebra_block: {
        name: "Zebra",
        attributes: { modular_block: true },
        fields: {
          deeper: {
            type: "single_block",
            validators: { single_block_blocks: { item_types: ["inline_block"] } },
          },
        },
      },
      inline_block: {
        name: "Inline",
        attributes: { modular_block: true },
        fields: {
          // A block model that holds itself and the other one.
          again: {
            type: "rich_text",
            validators: { rich_text_blocks: { item_types: ["inline_block", "zebra_block"] } },
          },
        },
      },
    },
  });
  for (const [i, filename] of ["a.txt", "a.txt", "b.txt"].entries()) {
    // Two have the same bytes.
    const bytes = new TextEncoder().encode(i === 2 ? "a.txt 0" : `${filename} ${i}`);
    project.addUpload({ filename, bytes, mimeType: "text/plain" });
  }
  return project;
}

let small: Promise<Taken> | undefined;

/** A snapshot of the small project: all tests here have the same. */
async function wanted(): Promise<Taken> {
  return await (small ??= (async () => {
    await using source = startDemoCma({ project: smallProject(), rateLimit: AMPLE });
    return await taken(source);
  })());
}

Deno.test("answers that get lost make nothing twice", async () => {
  const snapshot = await wanted();
  for (const seed of seeds(30, 3)) {
    const project = emptyProject({ clock: ticking() });
    await using cma = startDemoCma({
      project,
      rateLimit: AMPLE,
      jobMs: 0,
      intercept: injectFaults({
        seed,
        mostInARow: 2,
        rules: [
          // These get lost for sure.
          ...["/item-types", "/item-types/:id/fields", "/upload-requests", "/uploads"].map((
            on,
          ) => ({
            on,
            method: "POST",
            nth: [1, 3],
            faults: "done-bad-gateway" as const,
          })),
          ...["POST", "PUT"].map((method) => ({
            on: "api" as const,
            method,
            probability: 0.4,
            faults: ["done-bad-gateway", "done-unavailable"] as const,
          })),
        ],
      }),
    });
    const restore = await planned(snapshot, cma);
    await restore.run();
    const lost = cma.log.requests.filter(({ fault }) => fault !== undefined);
    assert.ok(lost.length >= 8, `only ${lost.length} answers were lost with seed ${seed}`);
    assert.deepEqual(await differences(snapshot, await taken(cma)), [], `seed ${seed}`);
    const again = await planned(snapshot, cma);
    assert.deepEqual(again.steps.flatMap(({ writes }) => writes), [], `seed ${seed}`);
    // Those that were made hold the place of those that were made again.
    const count = {
      models: project.primary.itemTypes.length,
      fields: project.primary.fields.length,
    };
    assert.deepEqual(count, { models: 5, fields: 10 });
    assert.equal(project.primary.uploads.uploads().length, 3);
  }
});

Deno.test("a restore that is killed between any two requests continues by a new plan", async () => {
  const snapshot = await wanted();
  const all = await countOfWrites(snapshot);
  const every = long(1, Math.ceil(all / 6));
  for (let last = 0; last < all; last += every) {
    const project = emptyProject({ clock: ticking() });
    let left = last;
    await using cma = startDemoCma({
      project,
      rateLimit: AMPLE,
      jobMs: 0,
      onRequest({ method }, { pathname }) {
        if (method === "GET" || pathname.startsWith("/upload-bucket")) return undefined;
        return left-- > 0 ? undefined : new Response("", { status: 404 });
      },
    });
    const killed = await planned(snapshot, cma);
    await assert.rejects(killed.run());
    left = Infinity;
    const resumed = await planned(snapshot, cma);
    await resumed.run();
    assert.deepEqual(await differences(snapshot, await taken(cma)), [], `killed after ${last}`);
    const refused = cma.writes.writes.filter(({ status }) => status >= 400);
    assert.deepEqual(refused, [], `killed after ${last}`);
  }
});

async function countOfWrites(snapshot: Taken): Promise<number> {
  const project = emptyProject({ clock: ticking() });
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const restore = await planned(snapshot, cma);
  await restore.run();
  assert.deepEqual(await differences(snapshot, await taken(cma)), []);
  return cma.writes.done.length;
}

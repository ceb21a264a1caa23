import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import { fieldId, itemTypeId } from "../../src/simulator/schema_builder.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { diffSnapshots } from "../../src/tools/diff.ts";
import { AMPLE } from "../support/cma.ts";
import { writeClient } from "../support/write_client.ts";
import { differences, planned, taken } from "./restoring.ts";

Deno.test("records of models whose fields were renamed, made anew or retyped get all values back", async () => {
  const project = sampleProject();
  const { primary } = project;
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const wanted = await taken(cma);
  const client = writeClient(cma);
  const author = itemTypeId("author");
  // Another field of the same name holds the same values: the one of the snapshot has to be made anew.
  const copy = await client.fields.create(author, {
    label: "Born",
    api_key: "born",
    field_type: "date",
  });
  for (const { current } of project.primary.items.index().recordsOf(author)) {
    const { born_on: born } = current.attributes;
    await client.items.update(current.id, { born } as never);
  }
  await client.fields.destroy(fieldId("author", "born_on"));
  await client.fields.update(copy.id, { api_key: "born_on" });
  // In blocks, too; and two fields that have each other's names.
  await client.fields.update(fieldId("step", "minutes"), { api_key: "hours" });
  await client.fields.create(itemTypeId("step"), {
    label: "Minutes",
    api_key: "minutes",
    field_type: "float",
  });
  await client.fields.update(fieldId("lock", "rise"), { api_key: "was_rise" });
  await client.fields.update(fieldId("lock", "chambers"), { api_key: "rise" });
  await client.fields.update(fieldId("lock", "rise"), { api_key: "chambers" });
  await client.fields.update(fieldId("author", "biography"), { localized: false });
  const fork = primary.fork({ ...primary.resource, id: "fork" }) as MemoryEnvironment;
  project.environments.set("fork", fork);
  const own = { environment: "fork", isOwn: true, isOtherProject: false, records: true };
  const restore = await planned(wanted, cma, own);
  await restore.run();
  assert.ok(restore.losses.every(({ code }) => code === "schedule_left"));
  const now = await taken(cma, { environment: "fork" });
  const changes = (await Array.fromAsync(diffSnapshots(wanted.source, now.source))).flat();
  // Schedules are listed only.
  const changed = changes.flatMap((change) => change.kind === "record" ? change.fields : [])
    .filter(({ path }) => !/^meta\/(?:un)?publi(?:cation|shing)_scheduled_at$/.test(path));
  assert.deepEqual(changed, []);
  assert.deepEqual(await differences(wanted, now), []);
});

import assert from "node:assert/strict";
import type { Resource } from "../../src/content/resource.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { call, errorOf, ids, list, start } from "./cma_request.ts";

interface JobResult {
  readonly attributes: { readonly status: number; readonly payload: { readonly data: Resource } };
}

async function fork(cma: DemoCma, from: string, id: string, query = "") {
  const body = { data: { id, type: "environment" } };
  return await call<Resource>(cma, `/environments/${from}/fork${query}`, { method: "POST", body });
}

/** Polls a job as the documentation says. */
async function finished(cma: DemoCma, job: Resource): Promise<JobResult["attributes"]> {
  while (true) {
    const { status, body } = await call<JobResult>(cma, `/job-results/${job.id}`);
    if (status === 200) return body.data.attributes;
    assert.equal(status, 404);
  }
}

Deno.test("GET /environments lists environments, each with content of its own", async () => {
  const project = sampleProject();
  await using cma = start({ project });
  const { data } = (await call<Resource[]>(cma, "/environments")).body;
  assert.deepEqual(ids(data), ["main", "spring-issue"]);
  assert.deepEqual(data.map((one) => one.meta?.primary), [true, false]);
  assert.deepEqual((await call(cma, "/environments/main")).body.data, data[0]);
  assert.equal(await errorOf(cma, "/environments/none"), "404 NOT_FOUND");
  const headers = { "X-Environment": "spring-issue" };
  const notices = "/items?filter[type]=notice&page[limit]=0";
  assert.equal((await call(cma, notices)).body.meta?.total_count, 4);
  const sandbox = await call(cma, notices, { headers });
  assert.equal(sandbox.body.meta?.total_count, 5);
  assert.equal(sandbox.headers.get("x-environment"), "spring-issue");
});

Deno.test("POST /environments/:id/fork copies an environment by a job", async () => {
  const project = sampleProject();
  await using cma = start({ project, jobMs: 300 });
  const { status, body } = await fork(cma, "main", "copy-1");
  assert.deepEqual([status, body.data.type], [202, "job"]);
  const creating = (await call<Resource>(cma, "/environments/copy-1")).body.data;
  assert.equal(creating.meta?.status, "creating");
  const headers = { "X-Environment": "copy-1" };
  assert.equal(await errorOf(cma, "/site", { headers }), "422 ENVIRONMENT_NOT_READY");

  const result = await finished(cma, body.data);
  assert.equal(result.status, 201);
  assert.equal(result.payload.data.meta?.status, "ready");
  assert.equal(result.payload.data.meta?.forked_from, "main");
  assert.deepEqual((await call(cma, "/environments/copy-1")).body.data, result.payload.data);

  // Later changes of the origin don't show in the copy.
  project.primary.items.delete(itemId("ada"));
  const authors = async (init = {}) =>
    (await call(cma, "/items?filter[type]=author", init)).body.meta?.total_count;
  assert.deepEqual([await authors(), await authors({ headers })], [4, 5]);
});

Deno.test("POST /environments/:id/fork can return at once", async () => {
  await using cma = start({ project: generateProject({ records: 12 }), jobMs: 0 });
  const { status, body } = await fork(cma, "main", "now", "?immediate_return=true");
  assert.deepEqual([status, body.data.id, body.data.meta?.status], [201, "now", "creating"]);
  const items = await call(cma, "/items?filter[type]=author", {
    headers: { "X-Environment": "now" },
  });
  assert.equal(items.body.meta?.total_count, 3);
});

Deno.test("POST /environments/:id/fork refuses names that are taken or wrong", async () => {
  await using cma = start({ project: sampleProject() });
  const attempt = (path: string, id: unknown) =>
    errorOf(cma, path, { method: "POST", body: { data: { id } } });
  assert.equal(await attempt("/environments/main/fork", "spring-issue"), "422 INVALID_FIELD");
  assert.equal(await attempt("/environments/main/fork", "No Spaces"), "422 INVALID_PARAMS");
  assert.equal(await attempt("/environments/main/fork", 3), "422 INVALID_PARAMS");
  assert.equal(await attempt("/environments/none/fork", "x"), "404 NOT_FOUND");
  assert.equal(await attempt("/environments/main/nothing", "x"), "404 INVALID_ENDPOINT");
  const response = await fetch(`${cma.url}/environments/main/fork`, {
    method: "POST",
    body: "{",
    headers: {
      "Authorization": "Bearer demo",
      "Accept": "application/json",
      "Content-Type": "application/json",
      "X-Api-Version": "3",
    },
  });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /INVALID_JSON_BODY/);
});

Deno.test("DELETE /environments/:id takes an environment away by a job", async () => {
  await using cma = start({ project: sampleProject(), jobMs: 30 });
  const remove = (id: string) => call<Resource>(cma, `/environments/${id}`, { method: "DELETE" });
  const { status, body } = await remove("spring-issue");
  assert.deepEqual([status, body.data.type], [202, "job"]);
  const result = await finished(cma, body.data);
  assert.equal(result.status, 200);
  assert.equal(result.payload.data.meta?.status, "destroying");
  assert.deepEqual(ids((await list<Resource>(cma, "/environments")).data), ["main"]);
  assert.equal(await errorOf(cma, "/environments/spring-issue"), "404 NOT_FOUND");
  assert.equal(
    await errorOf(cma, "/environments/main", { method: "DELETE" }),
    "422 CANNOT_DESTROY_PRIMARY_ENVIRONMENT",
  );
});

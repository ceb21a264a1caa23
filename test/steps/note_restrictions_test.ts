import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { workbench } from "../support/exported.ts";
import { projectWhoseRole } from "../support/project_whose_role.ts";

type Bench = Parameters<typeof workbench>[0];

/** What an export warns of, as far as the role goes. */
async function warned(
  bench: Bench,
  options: Parameters<Awaited<ReturnType<typeof workbench>>["export"]>[0] = {},
): Promise<string[]> {
  await using opened = await workbench(bench);
  const { manifest, status } = await opened.export({ assets: false, ...options });
  assert.equal(status, "complete");
  const told = opened.events.filter((event) => event.type === "warning");
  const texts = [manifest.warnings, told].map((notes) => {
    return notes.flatMap(({ code, message }) => code === "role_restricted" ? [message] : []);
  });
  assert.deepEqual(texts[0], texts[1]);
  return texts[0]!;
}

const ALL = { environment: "main", action: "all", on_creator: "anyone" };
const END =
  " in main: what it may not read is missing without a trace; in Project settings → Roles, " +
  "let it read all of them.";

Deno.test("exportProject() warns of records and uploads that the API token's role may not read", async () => {
  const project = projectWhoseRole({
    negative_item_type_permissions: [{ ...ALL, on_creator: "role" }],
    positive_upload_permissions: [{ ...ALL, upload_collection: "7" }],
  });
  assert.deepEqual(await warned({ project }, { models: ["article", "author"] }), [
    `The API token's role may not read all records of article, author${END}`,
    `The API token's role may not read all uploads${END}`,
  ]);
  assert.deepEqual(await warned({ project }, { include: ["roles"] }), []);
});

Deno.test("exportProject() warns of nothing if the role may read everything, or isn't told", async () => {
  assert.deepEqual(await warned({ project: sampleProject() }), []);
  assert.deepEqual(await warned({ project: projectWhoseRole({}) }), []);
  const odd = projectWhoseRole({ positive_item_type_permissions: "all" });
  assert.deepEqual(await warned({ project: odd }), []);
  for (const status of [200, 404, 500]) {
    const onRequest = (_request: Request, { pathname }: URL) => {
      return pathname === "/users/me" ? new Response("{}", { status }) : undefined;
    };
    assert.deepEqual(await warned({ project: sampleProject(), onRequest }), []);
  }
});

Deno.test("exportProject() asks a role about the environment that is read", async () => {
  const project = projectWhoseRole({ positive_upload_permissions: [ALL] });
  const [text, ...others] = await warned({ project }, { environment: "spring-issue" });
  assert.match(text!, /may not read all uploads in spring-issue:/);
  assert.deepEqual(others, []);
});

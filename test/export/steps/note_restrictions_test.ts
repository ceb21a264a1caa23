import assert from "node:assert/strict";
import type { Resource } from "../../../src/content/resource.ts";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import { workbench } from "../../support/exported.ts";
import { projectWhoseRole } from "../../support/project_whose_role.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";

type Bench = Parameters<typeof workbench>[0];

/** What an export warns of, as far as the role goes. */
async function warned(
  bench: Bench,
  options: Parameters<Awaited<ReturnType<typeof workbench>>["export"]>[0] = {},
): Promise<string[]> {
  await using opened = await workbench(bench);
  const { manifest, status } = await opened.export({
    assets: false,
    tables: false,
    storage: new MemoryStorage(),
    include: ["records", "uploads"],
    ...options,
  });
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

/** Answers as `GET /users/me?include=role` of the sample project does, changed. */
function answering(change: (body: { data: Resource; included: Resource[] }) => unknown) {
  const project = projectWhoseRole({ positive_upload_permissions: [] });
  const [roles, tokens] = ["/roles", "/access_tokens"].map((path) => {
    return project.primary.settings.get(path) as Resource[];
  });
  const data = tokens!.find(({ attributes }) => attributes?.can_access_cma === true)!;
  const { data: ref } = data.relationships!.role as { data: { id: string } };
  const included = roles!.filter(({ id }) => id === ref.id);
  const asked: string[] = [];
  const onRequest = (_request: Request, { pathname }: URL) => {
    if (/^\/(users|roles)\/./.test(pathname)) asked.push(pathname);
    if (pathname !== "/users/me") return undefined;
    return Response.json(change(structuredClone({ data, included })));
  };
  return { project, onRequest, asked, roleId: ref.id };
}

Deno.test("exportProject() asks for the role itself if the included one lacks its permissions", async () => {
  const lacking = answering(({ data, included }) => {
    return { data, included: included.map(({ meta: _, ...role }) => role) };
  });
  assert.deepEqual(await warned(lacking), [
    `The API token's role may not read all uploads${END}`,
  ]);
  assert.deepEqual(lacking.asked, ["/users/me", `/roles/${lacking.roleId}`]);
});

Deno.test("exportProject() takes the project's owners and the built-in administrators for unrestricted", async () => {
  const builtIn = { hardcoded_type: "admin" };
  for (
    const change of [
      () => ({ data: { id: "1", type: "account" } }),
      () => ({ data: { id: "1", type: "organization" } }),
      ({ data, included }: { data: Resource; included: Resource[] }) => {
        return { data: { ...data, attributes: { ...data.attributes, ...builtIn } }, included };
      },
      ({ data, included }: { data: Resource; included: Resource[] }) => {
        const [role] = included;
        return { data, included: [{ ...role!, attributes: { ...role!.attributes, ...builtIn } }] };
      },
    ]
  ) {
    const { asked, ...bench } = answering(change);
    assert.deepEqual(await warned(bench), []);
    assert.deepEqual(asked, ["/users/me"]);
  }
});

import assert from "node:assert/strict";
import type { JsonObject, Upload } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { AMPLE } from "../support/cma.ts";
import { writeClient } from "../support/write_client.ts";
import { differences, planned, type Restored, type Taken, taken, ticking } from "./restoring.ts";

const FORK = "fork";

/** A project with some files and nothing else. */
function withFiles(
  files: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer> | string])[],
  id = "99001",
): MemoryProject {
  const project = emptyProject({ id, locales: ["en", "it"], clock: ticking() });
  for (const [filename, content] of files) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    project.addUpload({ filename, bytes, mimeType: "text/plain" });
  }
  return project;
}

async function snapshotOf(project: MemoryProject): Promise<Taken> {
  await using cma = startDemoCma({ project, rateLimit: AMPLE });
  return await taken(cma);
}

/** Restores into a new project. */
async function restored(
  wanted: Taken,
  project = emptyProject({ clock: ticking() }),
): Promise<{ restore: Restored; project: MemoryProject; after: Taken }> {
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const restore = await planned(wanted, cma);
  await restore.run();
  return { restore, project, after: await taken(cma) };
}

async function bytesOf(project: MemoryProject, upload: Upload): Promise<Uint8Array> {
  return await new Response(project.asset(upload.attributes.path)!.body()).bytes();
}

Deno.test("files of one name, within a second, keep their own bytes", async () => {
  const names = ["same.txt", "same.txt", "Same.txt", "sáme.txt", "same.txt", "other.txt"];
  const from = withFiles(names.map((name, i) => [name, `The ${i}th.`]));
  const wanted = await snapshotOf(from);
  // The API's clock stands still until it was asked twice for the same second.
  let asked = 0;
  const project = emptyProject({ clock: () => new Date(1_780_000_000_000 + asked * 1000) });
  await using cma = startDemoCma({
    project,
    rateLimit: AMPLE,
    jobMs: 0,
    onRequest(_, { pathname }) {
      if (pathname === "/upload-requests") asked += 0.34;
      return undefined;
    },
  });
  await (await planned(wanted, cma)).run();
  const after = await taken(cma);
  assert.deepEqual(await differences(wanted, after), []);
  const paths = project.primary.uploads.uploads().map(({ attributes: { path } }) => path);
  assert.equal(new Set(paths).size, names.length);
  for (const upload of from.primary.uploads.uploads()) {
    const now = project.primary.uploads.get(upload.id)!;
    assert.deepEqual(await bytesOf(project, now), await bytesOf(from, upload), upload.id);
  }
  // Some were asked for again, since the path was taken.
  assert.ok(
    cma.writes.done.filter(({ path }) => path === "/upload-requests").length > names.length,
  );
});

Deno.test("hostile names come back as the API writes them, with their bytes", async () => {
  const names = [
    ...[
      "../../../etc/passwd",
      "..",
      "C:\\outside.txt",
      "con",
      "a\u0000b\u202e.txt",
      ".hidden",
      " ",
    ],
    ...["__proto__", "é.txt", "e\u0301.txt", "trailing.", "x".repeat(300) + ".txt", "100%.txt"],
  ];
  const from = withFiles([]);
  for (const [i, filename] of names.entries()) {
    const bytes = new TextEncoder().encode(`Bytes ${i}`);
    const attributes = { filename };
    from.addUpload({ filename: `${i}.txt`, bytes, mimeType: "text/plain", attributes });
  }
  const { project, restore } = await restored(await snapshotOf(from));
  assert.deepEqual(restore.losses, []);
  for (const upload of from.primary.uploads.uploads()) {
    const now = project.primary.uploads.get(upload.id)!;
    assert.deepEqual(await bytesOf(project, now), await bytesOf(from, upload));
    assert.match(String(now.attributes.filename), /^[\w.-]+$/);
  }
  const again = await startedPlan(await snapshotOf(from), project);
  assert.deepEqual(again.steps, []);
});

async function startedPlan(wanted: Taken, project: MemoryProject): Promise<Restored> {
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  return await planned(wanted, cma);
}

Deno.test("a large file is sent in pieces with its length, and equal files are two uploads", async () => {
  const large = crypto.getRandomValues(new Uint8Array(65_536));
  const bytes = new Uint8Array(5 * 1024 * 1024).map((_, i) => large[i % large.length]!);
  const wanted = await snapshotOf(
    withFiles([["large.txt", bytes], ["copy.txt", bytes], ["empty.txt", ""]]),
  );
  const { project, after } = await restored(wanted);
  assert.deepEqual(await differences(wanted, after), []);
  const sizes = project.primary.uploads.uploads().map(({ attributes: { size } }) => size);
  assert.deepEqual(sizes.toSorted(), [0, bytes.length, bytes.length]);
});

Deno.test("default metadata comes back in the form that the target has", async () => {
  const focal = { x: 0.25, y: 0.75 };
  const each = (alt: string | null, focal_point: JsonObject | null = focal) => ({
    alt,
    title: null,
    custom_data: alt === null ? {} : { said: alt },
    focal_point,
  });
  const byLocale = { en: each("Hello"), it: each("Ciao") };
  const byName = {
    alt: { en: "Hello", it: "Ciao" },
    title: { en: null, it: null },
    custom_data: { en: { said: "Hello" }, it: { said: "Ciao" } },
    focal_point: focal,
  };
  const made = (metadata: JsonObject, isByName: boolean, id: string) => {
    const project = withFiles([["a.txt", "A"]], id);
    const [{ id: upload }] = project.primary.uploads.uploads() as [Upload];
    project.primary.uploads.update(upload, { default_field_metadata: metadata });
    if (isByName) switchOver(project);
    return project;
  };
  const cases = [
    { from: made(byLocale, false, "99001"), to: emptyProject({ clock: ticking() }), is: byLocale },
    { from: made(byName, true, "99002"), to: emptyProject({ clock: ticking() }), is: byName },
    { from: made(byLocale, false, "99003"), to: switchedOver(), is: byName },
  ];
  for (const { from, to, is } of cases) {
    const wanted = await snapshotOf(from);
    const { project, restore } = await restored(wanted, to);
    const [upload] = project.primary.uploads.uploads();
    assert.deepEqual(upload!.attributes.default_field_metadata, is);
    assert.deepEqual((await startedPlan(wanted, project)).steps, []);
    const codes = restore.losses.map(({ code }) => code);
    assert.deepEqual(codes, []);
  }
});

function switchedOver(): MemoryProject {
  const project = emptyProject({ clock: ticking() });
  switchOver(project);
  return project;
}

function switchOver({ primary }: MemoryProject): void {
  const meta = { ...primary.site.meta, non_localized_focal_points: true };
  primary.setSite({ ...primary.site, meta });
}

Deno.test("uploads of a fork get their files and words back by difference, none is destroyed", async () => {
  const project = sampleProject({ clock: ticking() });
  const { primary } = project;
  const fork = primary.fork({ ...primary.resource, id: FORK }) as MemoryEnvironment;
  project.environments.set(FORK, fork);
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const wanted = await taken(cma, { environment: "main" });
  const client = writeClient(cma, FORK);
  const named = (name: string) =>
    primary.uploads.uploads().find(({ attributes: { filename } }) => filename === name)!;
  const [levels, timetable, bell, rules] = [
    ...[named("water-levels.csv"), named("timetable.json"), named("lock bell.wav")],
    named("RULES.TXT"),
  ];
  const stays = await upload(client, "new.txt", "Stays.");
  await client.uploads.update(levels!.id, { path: await sent(client, "w.csv", "other bytes") });
  await client.uploads.destroy(timetable!.id);
  await client.uploads.update(bell!.id, { notes: null, tags: ["x"], basename: "gong" });
  await client.uploads.update(rules!.id, {
    upload_collection: null,
    copyright: "Nobody",
    default_field_metadata: {
      en: { alt: "Rules", title: null, custom_data: {}, focal_point: null },
    },
  } as never);
  cma.writes.clear();
  const restore = await planned(wanted, cma, {
    environment: FORK,
    isOwn: true,
    isOtherProject: false,
  });
  await restore.run();
  const ids = cma.writes.done.map(({ method, path }) => `${method} ${path}`).sort();
  assert.deepEqual(
    ids,
    [
      "POST /upload-requests",
      "POST /upload-requests",
      "POST /uploads",
      ...[bell, levels, rules, timetable].map((one) => `PUT /uploads/${one!.id}`),
    ].sort(),
  );
  const left = await differences(wanted, await taken(cma, { environment: FORK }));
  assert.deepEqual(left, [`asset ${stays} added`]);
  assert.equal(fork.uploads.get(bell!.id)!.attributes.basename, "lock bell");
});

async function sent(
  client: ReturnType<typeof writeClient>,
  filename: string,
  body: string,
): Promise<string> {
  const { id, url } = await client.uploadRequest.create({ filename });
  const answer = await fetch(url, { method: "PUT", body });
  await answer.body?.cancel();
  assert.equal(answer.status, 200);
  return id;
}

async function upload(client: ReturnType<typeof writeClient>, name: string, body: string) {
  return (await client.uploads.create({ path: await sent(client, name, body) })).id;
}

Deno.test("files that the snapshot lacks are losses, or keep it from being restored", async () => {
  const project = withFiles([["a.txt", "A"], ["b.txt", "B"]]);
  const [a] = project.primary.uploads.uploads() as [Upload];
  await using source = startDemoCma({ project, rateLimit: AMPLE });
  const wanted = await taken(source, { assets: false });
  await using cma = startDemoCma({ project: emptyProject(), rateLimit: AMPLE, jobMs: 0 });
  const restore = await planned(wanted, cma);
  assert.equal(restore.missing.size, 2);
  assert.equal(restore.steps.some(({ phase }) => phase === "uploads"), false);
  assert.match(
    restore.losses.map(({ message }) => message).join("\n"),
    /a\.txt .* without asset files/,
  );
  await assert.rejects(planned(wanted, cma, { missingAssets: "fail" }), (error: Error) => {
    return error.message.startsWith(
      "Expected the files of all assets in the snapshot, but it has none of ",
    ) &&
      error.message.includes(a.id);
  });
  assert.deepEqual(cma.writes.writes, []);
});

Deno.test("a stored file that isn't what was exported is never made an upload", async () => {
  for (const size of [100, 5 * 1024 * 1024]) {
    const wanted = await snapshotOf(withFiles([["a.txt", new Uint8Array(size).fill(65)]]));
    const { objects } = wanted.source.storage as unknown as {
      objects: Map<string, Uint8Array<ArrayBuffer>>;
    };
    const [key] = [...objects.keys()].filter((key) => key.endsWith("a.txt"));
    objects.get(key!)!.set([66], size - 1);
    await using cma = startDemoCma({ project: emptyProject(), rateLimit: AMPLE, jobMs: 0 });
    const restore = await planned(wanted, cma);
    await assert.rejects(restore.run(), (error: Error) => /isn't/.test(error.message));
    assert.deepEqual(cma.writes.done.filter(({ path }) => path === "/uploads"), []);
  }
});

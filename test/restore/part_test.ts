import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import type { RestoreChoice } from "../../src/restore/mod.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import { copyOf } from "../support/damage.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";
import { writeClient } from "../support/write_client.ts";
import { assertRefused, exported, restoreOptions, served } from "./frame.ts";
import { idOf, magazine, restorePart } from "./part_project.ts";
import { IMPATIENT } from "./restoring.ts";

let made: Promise<MemoryStorage> | undefined;

/** The magazine's snapshot: whoever restores of it has a copy, with journals of its own. */
async function snapshot(): Promise<MemoryStorage> {
  made ??= exported(magazine());
  return await copyOf(await made);
}

/** The versions of a record. */
function record(project: MemoryProject, name: string, environment = "main") {
  return project.environments.get(environment)!.items.record(idOf(name));
}

Deno.test("one record that was deleted comes back with its id, its files and what it needs, and nothing else changes", async () => {
  const project = magazine();
  const before = record(project, "story 2")!.current;
  await using cma = served(project);
  const client = writeClient(cma);
  await client.items.destroy(idOf("front"));
  for (const name of ["story 2", "author", "city"]) await client.items.destroy(idOf(name));
  for (const { id } of await client.uploads.list()) await client.uploads.destroy(id);
  await client.items.update(idOf("story 1"), { slug: "changed" });
  const storage = await snapshot();
  const part = { records: [idOf("story 2")] };
  const { result, writes, environment } = await restorePart(cma, project, storage, { part });
  assert.deepEqual(result.verification?.differences, []);
  assert.equal(result.status, "restored");
  assert.equal(result.verification?.records, 12);
  const { current, published } = environment.items.record(idOf("story 2"))!;
  for (const key of Object.keys(before.attributes)) {
    if (!/_at$/.test(key)) assert.deepEqual(current.attributes[key], before.attributes[key], key);
  }
  assert.equal(published, current);
  assert.equal(current.meta?.created_at, before.meta?.created_at);
  assert.equal(writes.filter((write) => write === "POST /items").length, 3, writes.join());
  assert.equal(writes.filter((write) => write === "POST /uploads").length, 2);
  assert.deepEqual(writes.filter((write) => /^(?:PUT|DELETE)/.test(write)), []);
  assert.equal(environment.items.record(idOf("front")), undefined);
  assert.equal(
    environment.items.record(idOf("story 1"))?.current.attributes.slug,
    "changed",
    "it isn't chosen",
  );
  const forkOf = result.target.environment;
  const again = await restorePart(cma, project, storage, { part, forkOf });
  assert.deepEqual(again.writes, []);
  assert.deepEqual(again.result.planned, []);
});

Deno.test("records of chosen models, or of all but some, come back; the others stay as they are", async () => {
  const project = magazine();
  await using cma = served(project);
  const client = writeClient(cma);
  await client.items.update(idOf("author"), { name: "Changed" });
  await client.items.destroy(idOf("chapter one.one"));
  await client.items.create({
    item_type: {
      id: project.primary.itemTypes.find(({ attributes }) => attributes.api_key === "city")!.id,
      type: "item_type",
    },
    name: "New",
  });
  await client.items.update(idOf("story 5"), { slug: "changed" });
  const storage = await snapshot();
  const cases: [RestoreChoice, Record<string, number>][] = [
    [{ models: ["author"] }, { update: 1, publish: 1 }],
    [{ excludeModels: ["story", "author"] }, { create: 1, publish: 1 }],
    [{ only: ["records"] }, { create: 1, update: 2, publish: 2 }],
    [{ only: ["assets", "settings", "schema"] }, {}],
  ];
  for (const [part, counts] of cases) {
    const { result } = await restorePart(cma, project, storage, { part });
    assert.deepEqual(result.verification?.differences, [], JSON.stringify(part));
    const sums: Record<string, number> = {};
    for (const { action, count } of result.planned) {
      if (count > 0) sums[action] = (sums[action] ?? 0) + count;
    }
    assert.deepEqual(sums, counts, JSON.stringify(part));
  }
});

Deno.test("the schema, settings and assets come back by themselves", async () => {
  const project = magazine();
  const { fields } = project.primary;
  await using cma = served(project);
  const client = writeClient(cma);
  const fieldOf = (key: string) => fields.find(({ attributes }) => attributes.api_key === key)!.id;
  await client.fields.destroy(fieldOf("teaser"));
  await client.fields.update(fieldOf("top"), { hint: "Changed" });
  await client.fields.create(fields[0]!.relationships.item_type.data.id, {
    label: "New",
    api_key: "new",
    field_type: "string",
  });
  await client.site.update({ no_index: true });
  const [first, second] = await client.uploads.list();
  await client.uploads.update(first!.id, { author: "Changed" });
  await client.items.update(idOf("story 3"), { slug: "changed" });
  const storage = await snapshot();
  const of = async (part: RestoreChoice) => {
    const { result, environment } = await restorePart(cma, project, storage, { part });
    assert.deepEqual(result.verification?.differences, [], JSON.stringify(part));
    const { site, uploads } = environment;
    const hint = (key: string) =>
      environment.fields.find(({ attributes }) => attributes.api_key === key)?.attributes.hint;
    return {
      teaser: hint("teaser") !== undefined,
      top: hint("top") === null,
      new: hint("new") !== undefined,
      site: site.attributes.no_index !== true,
      upload: uploads.get(first!.id)?.attributes.author !== "Changed",
      record: environment.items.record(idOf("story 3"))?.current.attributes.slug === "story-3",
    };
  };
  const nothing = {
    teaser: false,
    top: false,
    new: true,
    site: false,
    upload: false,
    record: false,
  };
  assert.ok(second);
  assert.deepEqual(await of({ only: ["schema"] }), { ...nothing, teaser: true, top: true });
  assert.deepEqual(await of({ only: ["schema"], models: ["front"] }), { ...nothing, top: true });
  assert.deepEqual(await of({ only: ["settings"] }), { ...nothing, site: true });
  assert.deepEqual(await of({ only: ["assets"] }), { ...nothing, upload: true });
  assert.deepEqual(
    await of({ only: ["schema", "records"], records: [idOf("story 3")] }),
    { ...nothing, teaser: true, record: true },
  );
  cma.writes.clear();
  await assertRefused(
    cma,
    () => restorePart(cma, project, storage, { part: { records: [idOf("story 3")] } }),
    /schema isn't what they were made for: it lacks the field story\.teaser/,
  );
});

Deno.test("records that aren't chosen come along if they are linked to, as asked for", async () => {
  const project = magazine();
  await using cma = served(project);
  const client = writeClient(cma);
  await client.items.destroy(idOf("front"));
  for (const name of ["story 2", "city"]) await client.items.destroy(idOf(name));
  await client.items.update(idOf("author"), { name: "Changed" });
  const storage = await snapshot();
  const records = [idOf("story 2")];
  const missing = await restorePart(cma, project, storage, { part: { records } });
  assert.equal(
    missing.environment.items.record(idOf("author"))?.current.attributes.name,
    "Changed",
  );
  assert.equal(missing.environment.items.record(idOf("city")), undefined);
  const all = await restorePart(cma, project, storage, { part: { records, withLinks: "all" } });
  assert.deepEqual(all.result.verification?.differences, []);
  const { current: author } = all.environment.items.record(idOf("author"))!;
  assert.deepEqual([author.attributes.name, author.attributes.city], ["Ida", idOf("city")]);
  await client.items.destroy(idOf("author"));
  const none = await restorePart(cma, project, storage, { part: { records, withLinks: "none" } });
  assert.deepEqual(none.result.verification?.differences, []);
  assert.equal(none.result.exitCode, EXIT.partial);
  assert.match(
    none.result.losses.map(({ message }) => message).join(),
    /loses its reference to the record/,
  );
  const { current: story } = none.environment.items.record(idOf("story 2"))!;
  assert.equal(story.attributes.author, null);
});

Deno.test("what changes besides is named, and the exit code says so", async () => {
  const project = magazine();
  await using cma = served(project);
  await writeClient(cma).items.update(idOf("author"), { name: "Changed" });
  const storage = await snapshot();
  let isSpoilt = false;
  const { result } = await restorePart(cma, project, storage, {
    into: "new:spoilt",
    part: { models: ["author"] },
    onEvent: ({ type }) => {
      if (type !== "wrote" || isSpoilt) return;
      isSpoilt = true;
      const { items } = project.environments.get("spoilt")!;
      items.update(idOf("story 1"), { slug: "spoilt" });
      items.delete(idOf("story 5"));
    },
  });
  assert.ok(isSpoilt);
  assert.equal(result.exitCode, EXIT.failed);
  const named = result.verification!.differences.map(({ id, path, found }) => [id, path, found]);
  assert.ok(named.some(([id, path, found]) => {
    return id === idOf("story 1") && path === "slug" && found === "spoilt";
  }));
  assert.ok(named.some(([id, path]) => id === idOf("story 5") && path === "*"));
});

Deno.test("a part that is stopped is resumed as it was begun", async () => {
  const project = magazine();
  await using cma = served(project);
  const client = writeClient(cma);
  await client.items.destroy(idOf("front"));
  for (const name of ["story 2", "author"]) await client.items.destroy(idOf(name));
  const storage = await snapshot();
  const options = { ...restoreOptions(cma, storage), clock: IMPATIENT, concurrency: 1 };
  const part = { records: [idOf("story 2")] };
  {
    await using plan = await planRestore({ ...options, into: "new:rescue", part });
    await assert.rejects(applyRestore(plan, { maxWrites: 3 }), /3 requests/);
  }
  await assert.rejects(
    planRestore({ ...options, resume: true, part: { models: ["story"] } }),
    /begun with another part/,
  );
  await using plan = await planRestore({ ...options, resume: true });
  const result = await applyRestore(plan);
  assert.deepEqual(result.verification?.differences, []);
  const { items } = project.environments.get("rescue")!;
  assert.ok(items.record(idOf("story 2"))?.published);
  assert.equal(items.record(idOf("front")), undefined);
});

Deno.test("a choice that contradicts itself, or names what the snapshot lacks, is refused", async () => {
  const project = magazine();
  await using cma = served(project);
  const storage = await snapshot();
  const refuse = async (part: RestoreChoice, message: RegExp) => {
    const options = { ...restoreOptions(cma, storage), part };
    await assertRefused(cma, () => planRestore(options), message);
  };
  const id = idOf("story 2");
  const mistyped = `${id.slice(0, -1)}x`;
  await refuse(
    { records: [mistyped] },
    new RegExp(`no record "${mistyped}": the nearest is ${id}`),
  );
  await refuse({ models: ["storry"] }, /no model "storry": the nearest is story/);
  await refuse({ excludeModels: ["x"] }, /no model "x": it has author, chapter, city, front/);
  await refuse({ models: ["story"], records: [id] }, /give one of them/);
  await refuse({ only: ["assets"], models: ["story"] }, /neither records nor the schema/);
  await refuse({ only: ["schema"], records: [id] }, /only others are to be restored/);
  await refuse({ withLinks: "all" }, /choose some/);
  await assertRefused(
    cma,
    () =>
      planRestore({
        ...restoreOptions(cma, storage),
        into: "main",
        delete: true,
        part: { records: [id] },
      }),
    /destroys nothing/,
  );
});

Deno.test("records that linked to what comes back get these links back, and nothing else of them changes", async () => {
  const project = magazine(20);
  const before = project.primary.items.records().map(({ current }) => current);
  const linksIn = (environment: MemoryEnvironment) => {
    return [...environment.items.index().referrersOf(idOf("story 2"))];
  };
  const linked = linksIn(project.primary);
  assert.equal(linked.length, 23);
  const storage = await exported(project);
  await using cma = served(project);
  const client = writeClient(cma);
  await client.items.destroy(idOf("story 2"));
  assert.deepEqual(linksIn(project.primary), [], "DatoCMS removes links to what is destroyed");
  // A list gets its link back even if it was changed since.
  await client.items.update(idOf("story 4"), { related: [idOf("story 5")], slug: "changed" });
  const part = { records: [idOf("story 2")], withReferrers: true };
  const { result, environment } = await restorePart(cma, project, storage, { part });
  assert.deepEqual(result.verification?.differences, []);
  assert.equal(result.status, "restored");
  assert.deepEqual(linksIn(environment).sort(), linked.sort(), "23 of 23");
  const [three, four] = ["story 3", "story 4"].map((name) => environment.items.record(idOf(name))!);
  const was = before.find(({ id }) => id === idOf("story 3"))!;
  for (const key of ["title", "related", "body", "cards"]) {
    assert.deepEqual(three!.current.attributes[key], was.attributes[key], key);
  }
  assert.equal(three!.current.meta?.status, "published");
  assert.deepEqual(four!.current.attributes.related, [idOf("story 2"), idOf("story 5")]);
  assert.equal(four!.current.attributes.slug, "changed");
  assert.deepEqual(four!.published!.attributes.related, [idOf("story 2")]);
  assert.equal(four!.current.meta?.status, "updated");
  const forkOf = result.target.environment;
  const again = await restorePart(cma, project, storage, { part, forkOf });
  assert.deepEqual(again.writes, []);
});

Deno.test("one field, or one locale, of a record comes back, and the rest of it stays", async () => {
  const project = magazine();
  await using cma = served(project);
  const client = writeClient(cma);
  const changed = {
    title: { en: "Changed", it: "Cambiato" },
    teaser: { en: "Changed", it: "Cambiato" },
    slug: "changed",
    cards: { en: [], it: [] },
    related: [],
  };
  await client.items.update(idOf("story 3"), changed);
  await client.items.publish(idOf("story 3"));
  await client.items.destroy(idOf("front"));
  await client.items.destroy(idOf("story 2"));
  const storage = await snapshot();
  const records = [idOf("story 3")];
  const of = async (part: RestoreChoice) => {
    const { result, environment, writes } = await restorePart(cma, project, storage, {
      part: { records, ...part },
    });
    assert.deepEqual(result.verification?.differences, [], JSON.stringify(part));
    const { current, published } = environment.items.record(idOf("story 3"))!;
    assert.equal(published?.attributes.slug, "changed");
    const { title, teaser, slug, cards, related } = current.attributes;
    return { title, teaser, slug, cards, related, status: current.meta?.status, writes };
  };
  const { writes, ...title } = await of({ field: "title" });
  assert.deepEqual(title, {
    ...changed,
    title: { en: "Story 3", it: "Storia 3" },
    status: "updated",
  });
  assert.deepEqual(writes, [`PUT /items/${idOf("story 3")}`]);
  const { writes: _, cards, ...italian } = await of({ locales: ["it"] });
  assert.deepEqual(italian, {
    slug: "changed",
    related: [],
    title: { en: "Changed", it: "Storia 3" },
    teaser: { en: "Changed", it: "Su 3" },
    status: "updated",
  });
  assert.deepEqual(Object.values(cards as object).map((blocks) => blocks.length), [0, 1]);
  // What the field links to comes along.
  const { related } = await of({ field: "related" });
  assert.deepEqual(related, [1, 2, 4].map((n) => idOf(`story ${n}`)));
});

Deno.test("copies are drafts with ids of their own, and link to each other", async () => {
  const project = magazine();
  await using cma = served(project);
  const storage = await snapshot();
  const names = ["story 2", "story 3", "author", "chapter one", "chapter one.one"];
  const part = { records: names.map(idOf), copy: true };
  const { result, environment, writes } = await restorePart(cma, project, storage, { part });
  assert.deepEqual(result.verification?.differences, []);
  assert.equal(result.status, "restored");
  assert.equal(writes.filter((write) => write === "POST /items").length, names.length);
  assert.deepEqual(writes.filter((write) => /publish|^PUT|^DELETE/.test(write)), []);
  const before = new Set(project.primary.items.records().map(({ current }) => current.id));
  const copies = environment.items.records().filter(({ current }) => !before.has(current.id));
  assert.equal(copies.length, names.length);
  assert.ok(
    copies.every(({ current, published }) => !published && current.meta?.status === "draft"),
  );
  const copyOf = (key: string, value: unknown) =>
    copies.find(({ current }) => current.attributes[key] === value)!.current;
  const [two, three] = [copyOf("slug", "story-2-copy"), copyOf("slug", "story-3-copy")];
  assert.equal(two.attributes.author, copyOf("name", "Ida").id);
  assert.deepEqual(three.attributes.related, [idOf("story 1"), two.id, idOf("story 4")]);
  const below = copyOf("name", "one.one");
  assert.equal(below.attributes.parent_id, copyOf("name", "one").id);
  const text = JSON.stringify(three.attributes);
  assert.ok(!text.includes(idOf("story 2")) && !text.includes(idOf("card 3 en")), text);
  const forkOf = result.target.environment;
  const again = await restorePart(cma, project, storage, { part, forkOf });
  assert.deepEqual(again.writes, [], "nothing is copied twice");
  await assert.rejects(
    restorePart(cma, project, storage, {
      into: "new:other",
      part: { models: ["front"], copy: true },
    }),
    /has one record only/,
  );
  assert.equal(result.ids[idOf("story 2")], two.id);
});

Deno.test("one record, with the links to it, comes back where editors work", async () => {
  const project = magazine();
  const linked = [...project.primary.items.index().referrersOf(idOf("story 2"))].sort();
  await using cma = served(project);
  const client = writeClient(cma);
  await client.items.destroy(idOf("story 2"));
  await client.items.update(idOf("story 1"), { slug: "changed" });
  const storage = await snapshot();
  const [into, part] = ["primary", { records: [idOf("story 2")] }];
  const first = await restorePart(cma, project, storage, { into, part });
  assert.deepEqual(first.result.verification?.differences, []);
  assert.deepEqual(first.writes, ["POST /items"]);
  assert.equal(record(project, "story 2")!.published, undefined, "nothing is published unasked");
  const whole = { into, part: { ...part, withReferrers: true }, publish: "snapshot" } as const;
  const second = await restorePart(cma, project, storage, { ...whole, conflicts: "overwrite" });
  assert.deepEqual(second.result.verification?.differences, []);
  assert.ok(record(project, "story 2")!.published);
  const { items } = project.primary;
  assert.deepEqual([...items.index().referrersOf(idOf("story 2"))].sort(), linked);
  assert.equal(record(project, "story 1")!.current.attributes.slug, "changed");
});

import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryChange } from "../../src/simulator/memory_environment.ts";
import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { itemTypeId } from "../../src/simulator/schema_builder.ts";
import { bytesAsset } from "../../src/simulator/project.ts";

/** A project whose clock goes on by a second whenever it is looked at. */
function project() {
  let time = Date.UTC(2026, 3, 1);
  return sampleProject({ clock: () => new Date(time += 1000) });
}

Deno.test("MemoryItems.create() makes a draft, or a published record where there are no drafts", () => {
  const { items } = project().primary;
  const article = items.create(itemTypeId("article"), { title: { en: "New" } });
  assert.deepEqual([article.meta?.status, article.meta?.published_at], ["draft", null]);
  assert.deepEqual(items.get(article.id, "current"), article);
  assert.equal(items.get(article.id, "published"), undefined);
  const notice = items.create(itemTypeId("notice"), { title: { en: "New" } });
  assert.equal(notice.meta?.status, "published");
  assert.deepEqual(items.get(notice.id, "published"), notice);
});

Deno.test("MemoryItems.update() leaves the published version as it was", () => {
  const { items } = project().primary;
  const id = itemId("ada");
  const before = items.get(id, "published")!;
  const after = items.update(id, { name: "Ada Heron" });
  assert.deepEqual([after.meta?.status, after.attributes.name], ["updated", "Ada Heron"]);
  assert.notEqual(after.meta?.current_version, before.meta?.current_version);
  assert.ok(String(after.meta?.updated_at) > String(before.meta?.updated_at));
  const published = items.get(id, "published")!;
  assert.deepEqual(published.attributes, before.attributes);
  assert.equal(published.meta?.status, "updated");
  assert.equal(before.attributes.name, "Ada Wren", "what was given out doesn't change");
});

Deno.test("MemoryItems.update() publishes where there are no drafts", () => {
  const { items } = project().primary;
  const after = items.update(itemId("notice-key"), { urgency: "careful" });
  assert.equal(after.meta?.status, "published");
  assert.deepEqual(items.get(after.id, "published"), after);
});

Deno.test("MemoryItems.update() can set another date of creation, which moves a record in its listings", () => {
  const { items } = project().primary;
  const listed = (version: "current" | "published") =>
    items.list({
      version,
      typeIds: [itemTypeId("author")],
      blocksToo: false,
      filters: [],
      orderBy: [{ column: "_created_at", direction: "ASC" }],
      offset: 0,
      limit: 100,
    }).page;
  const last = listed("published").at(-1)!;
  const createdAt = "2001-02-03T04:05:06.007+00:00";
  items.update(last.id, {}, createdAt);
  for (const version of ["current", "published"] as const) {
    const [first] = listed(version);
    assert.equal(first?.id, last.id);
    assert.equal(first.meta?.created_at, createdAt);
    assert.equal(first.attributes.created_at, createdAt);
  }
});

Deno.test("MemoryItems.publish() and unpublish() change what is public", () => {
  const { items } = project().primary;
  const id = itemId("article-kettle");
  const published = items.publish(id);
  assert.equal(published.meta?.status, "published");
  assert.equal(published.meta?.first_published_at, published.meta?.published_at);
  assert.deepEqual(items.get(id, "published"), published);
  const again = items.publish(id);
  assert.equal(again.meta?.first_published_at, published.meta?.first_published_at);
  assert.notEqual(again.meta?.published_at, published.meta?.published_at);
  const draft = items.unpublish(id);
  assert.deepEqual([draft.meta?.status, draft.meta?.published_at], ["draft", null]);
  assert.equal(items.get(id, "published"), undefined);
});

Deno.test("MemoryItems.delete() takes a record and its blocks away, and its id is never used again", () => {
  const { items } = project().primary;
  const query = {
    version: "current" as const,
    blocksToo: true,
    filters: [],
    orderBy: [],
    offset: 0,
    limit: 1000,
  };
  const before = items.list(query).total;
  items.delete(itemId("candle"));
  assert.equal(items.list(query).total, before - 8, "the lock, and seven blocks");
  const created = items.create(itemTypeId("lock"), {});
  items.delete(created.id);
  assert.notEqual(items.create(itemTypeId("lock"), {}).id, created.id);
  assert.throws(() => items.delete(created.id), TypeError);
  assert.throws(() => items.update("nobody", {}), /no record with id "nobody"/);
});

Deno.test("MemoryItems puts what was changed last at the top of its listing", () => {
  const { items } = project().primary;
  const first = () =>
    items.list({
      version: "current",
      blocksToo: false,
      filters: [],
      orderBy: [],
      offset: 0,
      limit: 1,
    }).page[0]?.id;
  for (const key of ["osric", "moon", "term-lock"]) {
    items.update(itemId(key), {});
    assert.equal(first(), itemId(key));
  }
});

Deno.test("MemoryEnvironment tells when it was changed last", () => {
  const { primary } = project();
  const before = primary.site.attributes.last_data_change_at;
  assert.equal(primary.resource.meta?.last_data_change_at, before);
  const changed = primary.items.update(itemId("ada"), {}).meta?.updated_at;
  assert.equal(primary.site.attributes.last_data_change_at, changed);
  assert.equal(primary.resource.meta?.last_data_change_at, changed);
});

Deno.test("MemoryEnvironment.fork() gives a copy that lives on its own", () => {
  const { primary } = project();
  const copy = primary.fork({ id: "copy", type: "environment", meta: {} });
  const before = copy.items.records();
  primary.items.update(itemId("ada"), { name: "Changed" });
  copy.items.delete(itemId("osric"));
  assert.equal(copy.items.get(itemId("ada"), "current")?.attributes.name, "Ada Wren");
  assert.ok(primary.items.get(itemId("osric"), "current"));
  assert.equal(copy.items.records().length, before.length - 1);
  const ids = [primary, copy].map(({ items }) => items.create(itemTypeId("author"), {}).id);
  assert.notEqual(ids[0], ids[1]);
});

Deno.test("MemoryProject.addUpload() and setAsset() change uploads and their bytes", async () => {
  const own = project();
  const { uploads } = own.primary;
  const bytes = new TextEncoder().encode("Mind the swan.");
  const upload = own.addUpload({ filename: "swan.txt", bytes, mimeType: "text/plain" });
  assert.deepEqual(uploads.get(upload.id), upload);
  assert.equal(upload.attributes.size, 14);
  assert.equal(upload.attributes.basename, "swan");
  assert.equal(
    await new Response(own.asset(upload.attributes.path)?.body()).text(),
    "Mind the swan.",
  );

  const later = uploads.update(upload.id, { notes: "It hissed." });
  assert.equal(later.attributes.notes, "It hissed.");
  assert.ok(String(later.attributes.updated_at) > String(upload.attributes.updated_at));
  own.setAsset(upload.attributes.path, bytesAsset(bytes.slice(0, 4), "text/plain"));
  assert.equal(own.asset(upload.attributes.path)?.size, 4);
  own.setAsset(upload.attributes.path, undefined);
  assert.equal(own.asset(upload.attributes.path), undefined);
  uploads.delete(upload.id);
  assert.equal(uploads.get(upload.id), undefined);
  assert.throws(() => uploads.delete(upload.id), TypeError);
});

Deno.test("MemoryProject.replaceFile() gives an upload another file at another address", () => {
  const own = project();
  const { uploads } = own.primary;
  const bytes = new TextEncoder().encode("Mind the swan.");
  const before = own.addUpload({
    filename: "swan.txt",
    bytes,
    mimeType: "text/plain",
    attributes: { notes: "It hissed.", width: 3 },
  });
  const after = own.replaceFile(before.id, {
    filename: "goose.png",
    bytes: bytes.slice(0, 8),
    mimeType: "image/png",
  });
  assert.deepEqual(uploads.get(before.id), after);
  const { created_at, notes, basename, format, is_image, mime_type, size, width } =
    after.attributes;
  assert.deepEqual(
    { created_at, notes, basename, format, is_image, mime_type, size, width },
    {
      created_at: before.attributes.created_at,
      notes: "It hissed.",
      basename: "goose",
      format: "png",
      is_image: true,
      mime_type: "image/png",
      size: 8,
      width: null,
    },
  );
  assert.ok(String(after.attributes.updated_at) > String(before.attributes.updated_at));
  assert.ok(after.attributes.url.endsWith(after.attributes.path));
  assert.equal(own.asset(after.attributes.path)?.md5, after.attributes.md5);
  assert.equal(own.asset(before.attributes.path), undefined);
  own.deleteUpload(after.id);
  assert.equal(uploads.get(after.id), undefined);
  assert.equal(own.asset(after.attributes.path), undefined);
  assert.throws(() => own.deleteUpload(after.id), TypeError);
});

Deno.test("MemoryProject.addUpload() never gives two files one path", () => {
  const own = sampleProject({ clock: () => new Date(Date.UTC(2026, 3, 1)) });
  const bytes = new Uint8Array(1);
  const paths = Array.from({ length: 3 }, () => {
    return own.addUpload({ filename: "a.bin", bytes, mimeType: "x/y" }).attributes.path;
  });
  assert.equal(new Set(paths).size, 3);
});

Deno.test("MemoryProject.watch() tells each change, with what is there from then on", () => {
  const own = project();
  const changes: MemoryChange[] = [];
  own.watch((change) => changes.push(change));
  const { items } = own.primary;
  const { id } = items.create(itemTypeId("article"), { title: { en: "New" } });
  const published = items.publish(id);
  const updated = items.update(id, { title: { en: "Newer" } });
  items.unpublish(id);
  items.delete(id);
  const upload = own.addUpload({
    filename: "a.bin",
    bytes: new Uint8Array(1),
    mimeType: "x/y",
  });
  own.primary.uploads.update(upload.id, { notes: "x" });
  own.deleteUpload(upload.id);
  own.environments.get("spring-issue")!.items.delete(itemId("ada"));
  const told = changes.map((change) => {
    if (change.type === "upload") return change.upload?.attributes.notes;
    return [change.item?.current.meta?.status, change.item?.published?.attributes.title];
  });
  assert.deepEqual(told, [
    ["draft", undefined],
    ["published", { en: "New" }],
    ["updated", { en: "New" }],
    ["draft", undefined],
    [undefined, undefined],
    null,
    "x",
    undefined,
    [undefined, undefined],
  ]);
  assert.equal(changes[2]?.at, updated.meta?.updated_at);
  assert.match(String(updated.meta?.updated_at), /^2026-04-01T00:\d\d:\d\d\.\d{3}\+00:00$/);
  assert.notEqual(published, updated);
  assert.deepEqual([...new Set(changes.map(({ environment }) => environment))], [
    "main",
    "spring-issue",
  ]);
});

Deno.test("memoryCopy() copies a project, and leaves it alone", () => {
  const source = generateProject({ records: 40, uploads: 5 });
  const { items, uploads } = source.environments.get("main")!;
  const copy = memoryCopy(source);
  const orderBy = [{ column: "_created_at", direction: "ASC" as const }];
  const query = { filters: [], orderBy, offset: 0, limit: 100 };
  for (const version of ["current", "published"] as const) {
    const records = { ...query, version, blocksToo: false };
    assert.deepEqual(copy.primary.items.list(records), items.list(records));
  }
  assert.deepEqual(copy.primary.uploads.list(query), uploads.list(query));
  const [upload] = copy.primary.uploads.uploads();
  const { path, md5 } = upload!.attributes;
  assert.equal(copy.asset(path)?.md5, md5);
  copy.deleteUpload(upload!.id);
  assert.equal(uploads.list(query).total, 5);
  assert.equal(source.asset(path)?.md5, md5);
});

Deno.test("memoryCopy() gives new records ids that the project it copied never gave", () => {
  const source = memoryCopy(generateProject({ records: 1 }));
  const before = source.primary.items.create(itemTypeId("author"), {});
  const copy = memoryCopy(source);
  const after = copy.primary.items.create(itemTypeId("author"), {});
  assert.notEqual(after.id, before.id);
  assert.equal(copy.primary.items.records().length, 3);
});

Deno.test("bytesAsset() streams copies, as often as asked for", async () => {
  const bytes = new Uint8Array(150_000).map((_, i) => i);
  const asset = bytesAsset(bytes, "application/octet-stream");
  for (let i = 0; i < 2; i++) {
    const chunks = await Array.fromAsync(asset.body());
    assert.equal(chunks.length, 3);
    for (const chunk of chunks) structuredClone(chunk, { transfer: [chunk.buffer] });
  }
  assert.deepEqual(await new Response(asset.body()).bytes(), bytes);
  assert.deepEqual(await Array.fromAsync(bytesAsset(new Uint8Array(0), "").body()), []);
});

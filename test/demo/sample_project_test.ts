import assert from "node:assert/strict";
import { mapBlocks } from "../../src/content/blocks.ts";
import { isObject } from "../../src/text/json.ts";
import type { Field, Item, Json, JsonObject, Resource } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { itemId, uploadId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";

const project = sampleProject();
const { itemTypes, fields, fieldsets, settings, items, uploads, site } = project.primary;
const { locales } = site.attributes;
const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
const records = items.records();
const versions = records.flatMap(({ current, published }) =>
  published ? [current, published] : [current]
);

const FIELD_TYPES = [
  ...["string", "text", "boolean", "integer", "float", "date", "date_time", "color", "json"],
  ...["lat_lon", "seo", "slug", "video", "file", "gallery", "link", "links", "rich_text"],
  ...["single_block", "structured_text"],
].sort();
const UUID4 = /^[\w-]{8}[Q-T][\w-][CGKOSWaeimquy26-][\w-]{10}[AQgw]$/;

/** A value of a field: of one locale if the field is localized. */
interface Value {
  readonly item: Item;
  readonly record: Item;
  readonly field: Field;
  readonly value: Json;
  readonly depth: number;
}

/** Every value in a record, those in its blocks too. */
function* valuesOf(item: Item, record = item, depth = 0): Iterable<Value> {
  for (const field of schema.fields(item.relationships.item_type.data.id)) {
    const { api_key, localized, field_type } = field.attributes;
    const whole = item.attributes[api_key] ?? null;
    for (const value of localized && isObject(whole) ? Object.values(whole) : [whole]) {
      yield { item, record, field, value, depth };
      const blocks: Item[] = [];
      mapBlocks(value, field_type, (block) => {
        assert.ok(typeof block !== "string", "records are in nested form");
        blocks.push(block);
        return block as unknown as Json;
      });
      for (const block of blocks) yield* valuesOf(block, record, depth + 1);
    }
  }
}

/** Every node of a structured text document. */
function* nodesOf(node: Json): Iterable<JsonObject> {
  if (!isObject(node)) return;
  yield node;
  for (const child of Array.isArray(node.children) ? node.children : []) yield* nodesOf(child);
}

/** The models that a validator allows. */
function allowed({ attributes }: Field, validator: string): string[] {
  return (attributes.validators as Record<string, { item_types: string[] }>)[validator]!.item_types;
}

const values = versions.flatMap((item) => [...valuesOf(item)]);

Deno.test("sampleProject() has records with exactly the fields of their models", () => {
  for (const { item } of values) {
    const own = schema.fields(item.relationships.item_type.data.id)
      .map((field) => field.attributes.api_key);
    const { position: _, parent_id: __, created_at: ___, updated_at: ____, ...rest } =
      item.attributes;
    assert.deepEqual(Object.keys(rest).sort(), own.toSorted(), JSON.stringify(item.attributes));
  }
});

Deno.test("sampleProject() gives each record the same locales in all its fields", () => {
  const missing = new Set<string>();
  for (const item of versions) {
    const localized = schema.fields(item.relationships.item_type.data.id)
      .filter((field) => field.attributes.localized)
      .map((field) => Object.keys(item.attributes[field.attributes.api_key] as JsonObject));
    for (const keys of localized) {
      assert.deepEqual(keys, localized[0], item.id);
      assert.ok(keys.length >= 2 && keys.every((key) => locales.includes(key)));
    }
    if (localized[0] && localized[0].length < locales.length) missing.add(item.id);
  }
  assert.ok(missing.has(itemId("article-horse")), "a record lacks a locale");
});

Deno.test("sampleProject() has a value of each field type, of several in each locale", () => {
  const filled = values.filter(({ value }) => value !== null).map(({ field }) => field);
  assert.deepEqual(
    [...new Set(filled.map((one) => one.attributes.field_type))].sort(),
    FIELD_TYPES,
  );
  const localized = filled.filter((one) => one.attributes.localized);
  assert.ok(new Set(localized.map((one) => one.attributes.field_type)).size >= 5);
});

Deno.test("sampleProject() has values of the right form", () => {
  const forms: Record<string, (value: Json) => boolean> = {
    string: (one) => typeof one === "string",
    slug: (one) => typeof one === "string" && /^[a-z0-9-]+$/.test(one),
    text: (one) => typeof one === "string",
    boolean: (one) => typeof one === "boolean",
    integer: (one) => Number.isInteger(one),
    float: (one) => typeof one === "number",
    date: (one) => /^\d{4}-\d\d-\d\d$/.test(String(one)),
    date_time: (one) => typeof one === "string" && new Date(one).toISOString() === one,
    json: (one) => typeof one === "string" && JSON.parse(one) !== undefined,
    color: (one) => isObject(one) && Object.keys(one).join() === "red,green,blue,alpha",
    lat_lon: (one) => isObject(one) && Object.keys(one).join() === "latitude,longitude",
    video: (one) => isObject(one) && typeof one.provider_uid === "string",
    structured_text: (one) => isObject(one) && one.schema === "dast",
    rich_text: (one) => Array.isArray(one),
    gallery: (one) => Array.isArray(one),
    links: (one) => Array.isArray(one),
  };
  let checked = 0;
  for (const { field, value } of values) {
    const form = forms[field.attributes.field_type];
    if (!form || value === null) continue;
    assert.ok(form(value), `${field.attributes.api_key}: ${JSON.stringify(value)}`);
    checked++;
  }
  assert.ok(checked > 400);
});

Deno.test("sampleProject() links to records that are there, of models that are allowed", () => {
  const links = values.flatMap(({ field, value }): [Field, string, string][] => {
    switch (value === null ? "" : field.attributes.field_type) {
      case "link":
        return [[field, "item_item_type", String(value)]];
      case "links":
        return (value as string[]).map((id) => [field, "items_item_type", id]);
      case "structured_text":
        return [...nodesOf((value as JsonObject).document!)]
          .filter((node) => node.type === "itemLink" || node.type === "inlineItem")
          .map((node) => [field, "structured_text_links", String(node.item)]);
      default:
        return [];
    }
  });
  assert.ok(links.length > 60);
  for (const [field, validator, id] of links) {
    const target = items.get(id, "current");
    assert.ok(target, `${field.attributes.api_key} refers to ${id}, which isn't there`);
    assert.ok(
      allowed(field, validator).includes(target.relationships.item_type.data.id),
      `${field.attributes.api_key} may not refer to ${id}`,
    );
  }
});

Deno.test("sampleProject() refers to uploads that are there", () => {
  const found = values.flatMap(({ field, value }) => {
    if (value === null) return [];
    switch (field.attributes.field_type) {
      case "file":
        return [(value as JsonObject).upload_id];
      case "gallery":
        return (value as JsonObject[]).map((one) => one.upload_id);
      case "seo":
        return [(value as JsonObject).image];
      default:
        return [];
    }
  });
  assert.ok(found.length > 30);
  for (const id of found) assert.ok(uploads.get(String(id)), `upload ${id}`);
  const { favicon, theme } = site.attributes;
  for (const id of [favicon, (theme as JsonObject).logo]) assert.ok(uploads.get(String(id)));
});

Deno.test("sampleProject() holds blocks of allowed models, each with an id of its own", () => {
  const validators: Record<string, string[]> = {
    rich_text: ["rich_text_blocks"],
    single_block: ["single_block_blocks"],
    structured_text: ["structured_text_blocks", "structured_text_inline_blocks"],
  };
  for (const record of versions) {
    const seen = new Set<string>();
    for (const { field, value } of valuesOf(record)) {
      const { field_type } = field.attributes;
      mapBlocks(value, field_type, (block) => {
        assert.ok(typeof block !== "string");
        assert.ok(!seen.has(block.id), `block ${block.id} is there twice`);
        seen.add(block.id);
        const models = validators[field_type]!.flatMap((one) => allowed(field, one));
        assert.ok(models.includes(block.relationships.item_type.data.id), field.attributes.api_key);
        return block as unknown as Json;
      });
    }
  }
  assert.ok(Math.max(...values.map(({ depth }) => depth)) >= 4, "blocks are deep");
  const nodes = values.filter(({ field }) => field.attributes.field_type === "structured_text")
    .flatMap(({ value }) => value === null ? [] : [...nodesOf((value as JsonObject).document!)]);
  const types = new Set(nodes.map((node) => node.type));
  for (const type of ["block", "inlineBlock", "inlineItem", "itemLink", "list", "code"]) {
    assert.ok(types.has(type), type);
  }
});

Deno.test("sampleProject() has records of every status, and models of every kind", () => {
  const statuses = records.map(({ current }) => current.meta?.status);
  for (const status of ["draft", "updated", "published"]) assert.ok(statuses.includes(status));
  for (const { current, published } of records) {
    assert.equal(published === undefined, current.meta?.status === "draft");
    if (current.meta?.status === "updated") assert.notDeepEqual(current, published);
    else if (published) assert.equal(current, published);
  }
  const kinds = itemTypes.map((one) => one.attributes);
  assert.ok(kinds.some((one) => one.singleton) && kinds.some((one) => one.sortable));
  assert.ok(kinds.some((one) => one.tree) && kinds.some((one) => !one.draft_mode_active));
  assert.ok(items.get(itemId("home"), "published"), "the single record is there");
  const sections = records.map((one) => one.current)
    .filter((one) => "parent_id" in one.attributes);
  const parents = sections.filter((one) => one.attributes.parent_id !== null);
  assert.ok(parents.length > 0 && parents.length < sections.length);
  for (const { attributes } of parents) {
    const parent = items.get(String(attributes.parent_id), "current");
    assert.equal(parent?.meta?.has_children, true);
  }
});

Deno.test("sampleProject() has ids of the API's form, always the same", () => {
  const ids = [...itemTypes, ...fields, ...fieldsets, ...versions, ...uploads.uploads()]
    .map((one) => one.id);
  for (const id of ids) assert.match(id, UUID4);
  assert.deepEqual(sampleProject().primary.items.records(), records);
  assert.deepEqual(sampleProject().primary.uploads.uploads(), uploads.uploads());
});

Deno.test("sampleProject() has settings that refer to what is there", () => {
  const known = new Set(
    [...itemTypes, ...fields, ...fieldsets, ...[...settings.values()].flat()]
      .map(({ type, id }: Resource) => `${type} ${id}`),
  );
  let checked = 0;
  const own = [...settings.values()].flat() as Resource[];
  for (const resource of [...own, ...itemTypes, ...fields, ...fieldsets, ...uploads.uploads()]) {
    for (const { data } of Object.values(resource.relationships ?? {})) {
      for (const { type, id } of data === null ? [] : [data].flat()) {
        if (type === "account" || type === "item") continue;
        assert.ok(known.has(`${type} ${id}`), `${resource.type} ${resource.id} → ${type} ${id}`);
        checked++;
      }
    }
  }
  assert.ok(checked > 200);
});

Deno.test("sampleProject() has uploads that are hard to archive", () => {
  const all = uploads.uploads().map((one) => one.attributes);
  assert.equal(all.filter((one) => one.filename === "heron.png").length, 2);
  assert.equal(new Set(all.map((one) => one.path)).size, all.length);
  assert.equal(all.filter((one) => one.md5 === null).length, 1);
  assert.ok(all.some((one) => decodeURIComponent(one.path).includes("../")));
  const tickets = uploads.get(uploadId("tickets"))!;
  assert.equal((tickets.meta?.antivirus as JsonObject).status, "infected");
  assert.equal(project.asset(tickets.attributes.path), undefined);
  assert.ok(new Set(all.map((one) => one.mime_type)).size >= 8);
});

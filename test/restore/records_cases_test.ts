import assert from "node:assert/strict";
import type { Item, Json, JsonObject, Upload } from "../../src/content/resource.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { itemTypeId, type ModelSketch } from "../../src/simulator/schema_builder.ts";
import { parseJson } from "../../src/text/json.ts";
import { madeBlock, RecordMaker } from "../support/made_records.ts";
import {
  assertRestored,
  restoreRecords,
  snapshotOf,
  watchPublic,
  withoutRecords,
} from "../support/restored_records.ts";

const drafts = { draft_mode_active: true };
const link = (model: string, more: JsonObject = {}): JsonObject => ({
  item_item_type: { item_types: [model], ...more },
});
const blocks = (model: string): JsonObject => ({ rich_text_blocks: { item_types: [model] } });

const MODELS: Readonly<Record<string, ModelSketch>> = {
  // Each case has models of its own, so that it shows whose validators step aside.
  coded: {
    name: "Coded",
    attributes: drafts,
    fields: { code: { type: "string", validators: { unique: {} } } },
  },
  pair: {
    name: "Pair",
    attributes: drafts,
    fields: { other: { type: "link", validators: { ...link("pair"), required: {} } } },
  },
  titled: {
    name: "Titled",
    attributes: drafts,
    fields: { title: { type: "string", validators: { required: {} } } },
  },
  tolerant: {
    name: "Tolerant",
    attributes: { ...drafts, draft_saving_active: true },
    fields: { title: { type: "string", validators: { required: {} } } },
  },
  ring: {
    name: "Ring",
    attributes: drafts,
    fields: { next: { type: "link", validators: link("ring") } },
  },
  branch: {
    name: "Branch",
    attributes: { ...drafts, tree: true },
    fields: {
      name: { type: "string" },
      below: { type: "link", validators: link("branch") },
    },
  },
  home: {
    name: "Home",
    attributes: { ...drafts, singleton: true },
    fields: { line: { type: "string" } },
    singletonItem: entityId("home"),
  },
  complete: {
    name: "Complete",
    attributes: { ...drafts, all_locales_required: true },
    fields: { title: { type: "string", localized: true, validators: { required: {} } } },
  },
  partial: {
    name: "Partial",
    attributes: { ...drafts, all_locales_required: true },
    fields: { title: { type: "string", localized: true } },
  },
  plain: { name: "Plain", attributes: drafts, fields: { text: { type: "string" } } },
  localized: {
    name: "Localized",
    attributes: drafts,
    fields: {
      title: { type: "string", localized: true },
      text: { type: "text", localized: true },
      count: { type: "integer" },
    },
  },
  direct: {
    name: "Without drafts",
    fields: { to: { type: "link", validators: link("plain") }, name: { type: "string" } },
  },
  mutual: {
    name: "Without drafts, linked to each other",
    fields: { other: { type: "link", validators: link("mutual") } },
  },
  large: {
    name: "Large",
    attributes: drafts,
    fields: {
      text: { type: "text", localized: true },
      many: { type: "rich_text", validators: blocks("leaf") },
      deep: { type: "rich_text", validators: blocks("box") },
    },
  },
  odd: {
    name: "Odd",
    attributes: drafts,
    fields: {
      json: { type: "json" },
      number: { type: "integer" },
      float: { type: "float" },
      file: { type: "file" },
    },
  },
  leaf: {
    name: "Leaf",
    attributes: { modular_block: true },
    fields: {
      text: { type: "string", localized: true },
      to: { type: "link", validators: link("plain") },
    },
  },
  box: {
    name: "Box",
    attributes: { modular_block: true },
    fields: { inside: { type: "rich_text", validators: blocks("box") }, n: { type: "integer" } },
  },
};

/** A project with each case, and the names of its records by case. */
function cases(): { project: MemoryProject; records: Map<string, string[]> } {
  const project = emptyProject({ models: MODELS, locales: ["en", "it"] });
  const file = project.addUpload({
    filename: "a.txt",
    bytes: new TextEncoder().encode("a"),
    mimeType: "text/plain",
  });
  const maker = new RecordMaker(project);
  const records = new Map<string, string[]>();
  const put = (
    name: string,
    model: string,
    current: JsonObject,
    published?: JsonObject | true,
  ): string => {
    const own = records.get(name) ?? [];
    const id = maker.put(
      model,
      own.length === 0 ? name : `${name} ${own.length}`,
      current,
      published,
    );
    records.set(name, [...own, id]);
    return id;
  };

  put("swapped unique values", "coded", { code: "b" }, { code: "a" });
  put("swapped unique values", "coded", { code: "a" }, { code: "b" });
  const [one, two] = ["mutually required links", "mutually required links 1"];
  put(one!, "pair", { other: entityId(two!) }, true);
  put(one!, "pair", { other: entityId(one!) }, true);
  put("invalid published", "titled", { title: "Valid" }, { title: null });
  put("invalid published", "titled", { title: null });
  put("an invalid draft where that may be saved", "tolerant", { title: null }, { title: "Valid" });
  for (let i = 0; i < 200; i++) {
    const next = i === 199 ? "200-record cycle" : `200-record cycle ${i + 1}`;
    put("200-record cycle", "ring", { next: entityId(next) }, true);
  }
  // Those below were made first, and one above links to one below.
  for (let depth = 6; depth > 0; depth--) {
    const number = 6 - depth;
    const above = depth === 1 ? null : entityId(`tree 6 deep ${number + 1}`);
    const below = depth === 2 ? entityId("tree 6 deep") : null;
    const content = { name: `${depth}`, below, parent_id: above, position: 1 };
    put("tree 6 deep", "branch", content, true);
  }
  put("tree 6 deep", "branch", { name: "b", below: null, parent_id: null, position: 2 }, true);
  put("singleton", "home", { line: "now" }, { line: "then" });
  put("home", "home", { line: "x" });
  put("all_locales_required", "complete", { title: { en: "a", it: "b" } }, true);
  put("fewer locales than required", "partial", { title: { en: "a" } }, true);
  put("updated with equal content", "plain", { text: "same" }, { text: "same" });
  const [en, both] = [
    { title: { en: "a" }, text: { en: "b" }, count: 1 },
    { title: { en: "a", it: "c" }, text: { en: "b", it: null }, count: 1 },
  ];
  put("other locale sets in published and current", "localized", both, en);
  put("other locale sets in published and current", "localized", en, both);
  put("a model without drafts linking to drafts", "direct", {
    to: entityId("a model without drafts linking to drafts 1"),
    name: "a",
  }, true);
  // When it is made it is a draft at first.
  put("a model without drafts linking to drafts", "plain", { text: "new" }, { text: "old" });
  put("links between records without drafts", "mutual", {
    other: entityId("links between records without drafts 1"),
  }, true);
  put("links between records without drafts", "mutual", {
    other: entityId("links between records without drafts"),
  }, true);
  const empty = { text: { en: null }, many: [], deep: [] };
  put("300 KB record", "large", { ...empty, text: { en: "é".repeat(150_000) } }, true);
  const leaf = (i: number) => madeBlock("leaf", `leaf ${i}`, { text: { en: `${i}` }, to: null });
  const many = Array.from({ length: 500 }, (_, i) => leaf(i));
  put("500 blocks", "large", { ...empty, many: many.toReversed() }, { ...empty, many });
  const nested = (level: number): Json =>
    level > 5 ? [] : [
      madeBlock("box", `box ${level}`, { inside: nested(level + 1), n: level }),
      madeBlock("box", `other box ${level}`, { inside: [], n: -level }),
    ];
  put("5 levels", "large", { ...empty, deep: nested(1) }, true);
  const custom = parseJson('{"__proto__":"x","constructor":"y"}') as JsonObject;
  const metadata = { alt: null, title: null, custom_data: custom, focal_point: null };
  const text = '{"__proto__":{"polluted":true}}';
  const numbers = { number: null, float: null };
  put("__proto__", "odd", {
    ...numbers,
    json: text,
    file: { upload_id: file.id, ...metadata },
  }, true);
  put("20-digit numbers", "odd", {
    json: null,
    file: null,
    number: parseJson("12345678901234567890") as Json,
    float: parseJson("-0.12345678901234567890") as Json,
  }, { json: null, file: null, number: 7, float: 0.5 });
  maker.finish();
  return { project, records };
}

Deno.test("each hard case comes back, and only models that need it lose validators", async (t) => {
  const { project: source, records } = cases();
  source.primary.items.delete(entityId("home"));
  records.delete("home");
  const snapshot = await snapshotOf(source);
  const project = withoutRecords(source);
  const wrong = watchPublic(project, source);
  const { plan, losses, wrote } = await restoreRecords(snapshot, project);
  for (const [name, ids] of records) {
    await t.step(name, () => {
      for (const id of ids) {
        const [before, after] = [source, project].map(({ primary }) => primary.items.record(id));
        assert.deepEqual(lasting(after?.published), lasting(before?.published));
        assert.deepEqual(lasting(after?.current), lasting(before?.current));
        assert.deepEqual(wrong.filter((text) => text.startsWith(id)), []);
      }
    });
  }
  assert.deepEqual(losses, []);
  assert.deepEqual(wrong, []);
  await assertRestored(snapshot, project);
  const names = ["coded", "pair", "partial", "titled"];
  assert.deepEqual([...plan.relaxed].sort(), names.map(itemTypeId).sort());
  // One link of each cycle waits, and one to the record above in the tree.
  assert.deepEqual(
    [wrote.get("records"), wrote.get("links"), wrote.get("current")],
    [source.primary.items.records().length, 4, 11],
  );
});

function lasting(item: Item | undefined): unknown {
  if (!item) return item;
  const { updated_at: _, ...attributes } = item.attributes;
  return attributes;
}

Deno.test("what can't be kept is dropped or left a draft, and named", async () => {
  const project = emptyProject({ models: LOSSES, locales: ["en"] });
  const upload = (name: string) =>
    project.addUpload({
      filename: name,
      bytes: new TextEncoder().encode(name),
      mimeType: "image/png",
    });
  const [there, missing] = [upload("there.png"), upload("missing.png")];
  const file = ({ id }: Upload) => ({
    upload_id: id,
    alt: null,
    title: null,
    custom_data: {},
    focal_point: null,
  });
  const maker = new RecordMaker(project);
  const picture = maker.put("picture", "picture", {
    file: file(missing),
    gallery: [file(missing), file(there), file(missing)],
    seo: { title: "T", description: null, image: missing.id, twitter_card: null, no_index: null },
    parts: [madeBlock("part", "part", { file: file(missing), text: "kept" })],
  }, true);
  const gone = entityId("no such record");
  const text = maker.put("text", "text", {
    text: {
      schema: "dast",
      document: {
        type: "root",
        children: [{
          type: "paragraph",
          children: [
            { type: "itemLink", item: gone, children: [{ type: "span", value: "words" }] },
            { type: "inlineItem", item: gone },
          ],
        }],
      },
    },
    others: [gone, entityId("draft")],
  });
  maker.put("text", "draft", { text: null, others: [] });
  const linked = maker.put("text", "linked", { text: null, others: [] }, {
    text: null,
    others: [entityId("draft")],
  });
  const further = maker.put("text", "further", { text: null, others: [linked] }, true);
  maker.finish();
  const snapshot = await snapshotOf(project);
  const target = withoutRecords(project);
  const options = { missingUploads: new Set([missing.id]) };
  const { losses, plan } = await restoreRecords(snapshot, target, options);
  assert.deepEqual(
    losses.map(({ code, id }) => [code, id]).sort(),
    [
      ["asset_file_missing", picture],
      ["link_target_missing", text],
      ["published_link_to_draft", further],
      ["published_link_to_draft", linked],
    ].sort(),
  );
  assert.deepEqual([...plan.relaxed], [itemTypeId("picture")]);
  const record = (id: string) => target.primary.items.record(id)!;
  const { attributes } = record(picture).published!;
  assert.equal(attributes.file, null);
  assert.deepEqual(attributes.gallery, [file(there)]);
  assert.equal((attributes.seo as JsonObject).image, null);
  const [part] = attributes.parts as unknown as Item[];
  assert.deepEqual(part!.attributes, { file: null, text: "kept" });
  assert.deepEqual(record(text).current.attributes.others, [entityId("draft")]);
  assert.equal(
    JSON.stringify(record(text).current.attributes.text).includes(
      '[{"type":"span","value":"words"}]',
    ),
    true,
  );
  for (const id of [linked, further]) assert.equal(record(id).published, undefined);
  assert.deepEqual(record(linked).current.attributes.others, []);
  assert.deepEqual(record(further).current.attributes.others, [linked]);
  await assert.rejects(
    restoreRecords(snapshot, withoutRecords(project), {
      ...options,
      input: { missingAssets: "fail" },
    }),
    /lacks those of 1 reference: let them be dropped/,
  );
  // What was lost stays so, and nothing else is to be done.
  const again = await restoreRecords(snapshot, target, options);
  assert.deepEqual([again.plan.steps, again.losses.length], [[], 4]);
});

const images = { extension: { predefined_list: "image" } };
const LOSSES: Readonly<Record<string, ModelSketch>> = {
  picture: {
    name: "Picture",
    attributes: drafts,
    fields: {
      file: { type: "file", validators: { required: {}, ...images } },
      gallery: { type: "gallery", validators: images },
      seo: { type: "seo" },
      parts: { type: "rich_text", validators: blocks("part") },
    },
  },
  text: {
    name: "Text",
    attributes: drafts,
    fields: {
      text: {
        type: "structured_text",
        validators: {
          structured_text_blocks: { item_types: [] },
          structured_text_inline_blocks: { item_types: [] },
          structured_text_links: { item_types: ["text"] },
        },
      },
      others: { type: "links", validators: { items_item_type: { item_types: ["text"] } } },
    },
  },
  part: {
    name: "Part",
    attributes: { modular_block: true },
    fields: { file: { type: "file" }, text: { type: "string" } },
  },
};

Deno.test("blocks come back without their ids where the API doesn't take them", async () => {
  const { large, leaf, box, plain } = MODELS;
  const source = emptyProject({
    models: { large: large!, leaf: leaf!, box: box!, plain: plain! },
    locales: ["en", "it"],
  });
  const maker = new RecordMaker(source);
  for (const name of ["one", "two"]) {
    const inside = [madeBlock("box", `inside ${name}`, { inside: [], n: 1 })];
    const deep = [madeBlock("box", `outside ${name}`, { inside, n: 2 })];
    const many = [madeBlock("leaf", `leaf of ${name}`, { text: { en: "a" }, to: null })];
    const content = { text: { en: name }, many, deep };
    maker.put("large", name, { ...content, text: { en: "new" } }, content);
  }
  maker.finish();
  const snapshot = await snapshotOf(source);
  for (const blockIds of ["refused", "replaced"] as const) {
    const project = withoutRecords(source);
    const { losses } = await restoreRecords(snapshot, project, { cma: { blockIds } });
    assert.deepEqual(losses.map(({ code }) => code), ["block_ids"], blockIds);
    for (const name of ["one", "two"]) {
      const [before, after] = [source, project].map(({ primary: { items } }) => {
        const { current, published } = items.record(entityId(name))!;
        return [current, published].map(lasting);
      });
      assert.deepEqual(withoutBlockIds(after), withoutBlockIds(before));
      assert.notDeepEqual(after, before);
    }
  }
});

/** What two versions hold, with blocks that have no ids. */
function withoutBlockIds(versions: unknown): unknown {
  return JSON.parse(
    JSON.stringify(versions, (key, value) => {
      const isBlock = typeof value === "object" && value?.type === "item" && key !== "item_type";
      return isBlock ? { ...value, id: "" } : value;
    }),
  );
}

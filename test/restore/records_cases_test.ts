import assert from "node:assert/strict";
import type { Item, JsonObject, Upload } from "../../src/content/resource.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { itemTypeId, type ModelSketch } from "../../src/simulator/schema_builder.ts";
import { blocks, drafts, HARD_MODELS, hardCases } from "../support/hard_records.ts";
import { madeBlock, RecordMaker } from "../support/made_records.ts";
import { until } from "../support/until.ts";
import {
  assertRestored,
  restoreRecords,
  snapshotOf,
  watchPublic,
  withoutRecords,
} from "../support/restored_records.ts";

Deno.test("each hard case comes back, and only models that need it lose validators", async (t) => {
  const { project: source, records } = hardCases({ ring: 200, characters: 150_000, count: 500 });
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
  const { large, leaf, box, plain } = HARD_MODELS;
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

Deno.test("a record whose public version isn't in the snapshot stays a draft, and is named", async () => {
  const { plain } = HARD_MODELS;
  const source = emptyProject({ models: { plain: plain! }, locales: ["en"] });
  const maker = new RecordMaker(source);
  const updated = maker.put("plain", "updated", { text: "new" }, { text: "old" });
  const published = maker.put("plain", "published", { text: "same" }, true);
  maker.finish();
  const snapshot = await snapshotOf(source, { published: false });
  const project = withoutRecords(source);
  const { losses } = await restoreRecords(snapshot, project);
  assert.deepEqual(losses.map(({ code, id }) => [code, id]), [["published_missing", updated]]);
  const { items } = project.primary;
  assert.equal(items.record(updated)!.published, undefined);
  assert.equal(items.record(updated)!.current.attributes.text, "new");
  assert.equal(items.record(published)!.published!.attributes.text, "same");
});

Deno.test("many become public at the same time, but none before what it links to", async () => {
  const link = (model: string) => ({ item_item_type: { item_types: [model] } });
  const source = emptyProject({
    models: {
      author: { name: "Author", attributes: drafts, fields: { name: { type: "string" } } },
      post: {
        name: "Post",
        attributes: drafts,
        fields: { author: { type: "link", validators: { ...link("author"), required: {} } } },
      },
      ring: {
        name: "Ring",
        attributes: drafts,
        fields: { next: { type: "link", validators: link("ring") } },
      },
    },
    locales: ["en"],
  });
  const maker = new RecordMaker(source);
  const [authors, posts, ring] = [150, 650, 3];
  for (let i = 0; i < ring; i++) {
    maker.put("ring", `ring ${i}`, { next: entityId(`ring ${(i + 1) % ring}`) }, true);
  }
  for (let i = 0; i < posts; i++) {
    maker.put("post", `post ${i}`, { author: entityId(`author ${i % authors}`) }, true);
  }
  for (let i = 0; i < authors; i++) maker.put("author", `author ${i}`, { name: `${i}` }, true);
  maker.finish();
  const snapshot = await snapshotOf(source);
  const project = memoryCopy(source);
  for (const { current } of project.primary.items.records()) {
    project.primary.items.unpublish(current.id);
  }
  const wrong = watchPublic(project, source);
  const isOpen = () =>
    project.primary.items.records().filter(({ published }) => published !== undefined).length;
  // How many were public when a request came to make 200 so.
  const open: number[] = [];
  const { losses } = await restoreRecords(snapshot, project, {
    cma: {
      async onRequest(_request, { pathname }) {
        if (pathname !== "/items/bulk/publish") return undefined;
        const n = open.push(isOpen());
        // Posts alone: their requests wait for each other here.
        if (n >= 2 && n <= 4) await until(() => open.length >= 4, "three at the same time");
        return undefined;
      },
    },
  });
  assert.deepEqual([losses, wrong], [[], []]);
  assert.deepEqual(open, [0, 200, 200, 200, 800]);
  await assertRestored(snapshot, project);
});

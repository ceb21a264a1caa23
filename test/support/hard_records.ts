import type { Json, JsonObject } from "../../src/content/resource.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { ModelSketch } from "../../src/simulator/schema_builder.ts";
import { parseJson } from "../../src/text/json.ts";
import { madeBlock, RecordMaker } from "./made_records.ts";

/** A model with drafts. */
export const drafts = { draft_mode_active: true };
const link = (model: string, more: JsonObject = {}): JsonObject => ({
  item_item_type: { item_types: [model], ...more },
});
/** What a field of blocks takes. */
export const blocks = (model: string): JsonObject => ({
  rich_text_blocks: { item_types: [model] },
});

/** The models of the cases. */
export const HARD_MODELS: Readonly<Record<string, ModelSketch>> = {
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
    singletonItem: entityId("singleton"),
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

/**
 * A project with each case, and the names of its records by case.
 *
 * @param size How large it is.
 * @param size.ring How many records are in the cycle.
 * @param size.characters How many a long text has, two bytes each.
 * @param size.count How many blocks a record has.
 */
export function hardCases(
  { ring, characters, count }: {
    readonly ring: number;
    readonly characters: number;
    readonly count: number;
  },
): { project: MemoryProject; records: Map<string, string[]> } {
  const project = emptyProject({ models: HARD_MODELS, locales: ["en", "it"] });
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
  for (let i = 0; i < ring; i++) {
    const next = i === ring - 1 ? "200-record cycle" : `200-record cycle ${i + 1}`;
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
  put("300 KB record", "large", { ...empty, text: { en: "é".repeat(characters) } }, true);
  const leaf = (i: number) => madeBlock("leaf", `leaf ${i}`, { text: { en: `${i}` }, to: null });
  const many = Array.from({ length: count }, (_, i) => leaf(i));
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

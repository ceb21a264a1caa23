import fc from "fast-check";
import type { Field, Item, ItemType, Json, JsonObject } from "../../src/content/resource.ts";
import { FIELD_TYPES } from "../../src/content/field_types.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";

/** A project with some records, as the API shows them in nested mode. */
export interface GeneratedProject {
  readonly schema: SchemaIndex;
  readonly records: readonly Item[];
}

/** How strange a generated project is. */
export interface GeneratorOptions {
  /** Whether there are things that the API's documentation doesn't have. */
  readonly odd: boolean;
}

interface FieldSpec {
  readonly api_key: string;
  readonly field_type: string;
  readonly localized: boolean;
}

interface ModelSpec {
  readonly id: string;
  readonly api_key: string;
  readonly modular_block: boolean;
  readonly tree: boolean;
  readonly sortable: boolean;
  readonly fields: readonly FieldSpec[];
}

const MAX_DEPTH = 4;
const LOCALES = ["en", "it", "pt-BR", "zh-Hant-TW", "de-AT", "sr-Latn"];
const KEYS = ["title", "body", "body_text", "content", "seo", "cover", "data", "related", "a_1"];
/** Keys that a careless program stumbles over. */
const ODD_KEYS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "id",
  "id_",
  "_locale",
  "_extra",
  "_path",
  "position",
  "parent_id",
  "a/b~c",
  "ünï.cödé[0]",
];

/** A project of one or two models, up to three block models, and a page of records. */
export function project({ odd }: GeneratorOptions): fc.Arbitrary<GeneratedProject> {
  const locales = fc.uniqueArray(fc.constantFrom(...LOCALES), { minLength: 1, maxLength: 4 });
  const models = fc.array(fieldSpecs(odd), { minLength: 1, maxLength: 2 });
  const blockModels = fc.array(fieldSpecs(odd), { minLength: 1, maxLength: 3 });
  return fc.record({ locales, models, blockModels, tree: fc.boolean(), sortable: fc.boolean() })
    .chain(({ locales, models, blockModels, tree, sortable }) => {
      const specs = [
        ...models.map((fields, i) => modelSpec(`model_${i}`, false, fields, tree, sortable)),
        ...blockModels.map((fields, i) => modelSpec(`block_${i}`, true, fields, false, false)),
      ];
      const schema = schemaOf(locales, specs);
      return new Generator(locales, specs, odd).page()
        // Through JSON, as records come, so that there is no undefined and no -0.
        .map((records) => ({ schema, records: JSON.parse(JSON.stringify(records)) as Item[] }));
    });
}

/** A structured text document whose blocks and records are ids. */
export function dast(text: fc.Arbitrary<string> = fc.string({ unit: "grapheme" })) {
  const id = fc.string({ minLength: 1 });
  return dastOf(id, id, id, text);
}

function fieldSpecs(odd: boolean): fc.Arbitrary<FieldSpec[]> {
  const types = Object.keys(FIELD_TYPES);
  return fc.uniqueArray(
    fc.record({
      api_key: fc.constantFrom(...KEYS, ...(odd ? ODD_KEYS : [])),
      field_type: fc.oneof(
        fc.constantFrom(...types, ...(odd ? ["hologram"] : [])),
        fc.constantFrom("rich_text", "single_block", "structured_text", "json"),
      ),
      localized: fc.boolean(),
    }),
    { selector: ({ api_key }) => api_key, maxLength: 7 },
  );
}

function modelSpec(
  api_key: string,
  modular_block: boolean,
  fields: readonly FieldSpec[],
  tree: boolean,
  sortable: boolean,
): ModelSpec {
  return { id: `id_of_${api_key}`, api_key, modular_block, tree, sortable, fields };
}

function schemaOf(locales: readonly string[], specs: readonly ModelSpec[]): SchemaIndex {
  const itemTypes = specs.map(({ id, api_key, modular_block, tree, sortable }): ItemType => ({
    id,
    type: "item_type",
    attributes: { api_key, name: api_key, modular_block, tree, sortable },
  }));
  const fields = specs.flatMap((spec) =>
    spec.fields.map((field, position): Field => ({
      id: `${spec.id}_${field.api_key}`,
      type: "field",
      attributes: { ...field, label: field.api_key, position, validators: {} },
      relationships: { item_type: { data: { id: spec.id, type: "item_type" } } },
    }))
  );
  return new SchemaIndex({ locales, itemTypes, fields, fieldsets: [] });
}

/** Mostly the usual; what is odd comes once in a while, if at all. */
function usually(
  odd: boolean,
  usual: fc.Arbitrary<unknown>,
  ...strange: fc.Arbitrary<unknown>[]
): fc.Arbitrary<unknown> {
  if (!odd) return usual;
  return fc.oneof(
    { weight: 9, arbitrary: usual },
    { weight: 1, arbitrary: fc.oneof(...strange) },
  );
}

/** An object of own properties, also for a key such as `__proto__`. */
function object(
  properties: Readonly<Record<string, fc.Arbitrary<unknown>>> | Map<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<object> {
  const entries = properties instanceof Map ? [...properties] : Object.entries(properties);
  return fc.tuple(...entries.map(([, value]) => value))
    .map((values) =>
      Object.fromEntries(
        entries.map(([key], i) => [key, values[i]]).filter(([, value]) => value !== undefined),
      )
    );
}

const TEXT = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom("", "null", "=1+1", "en", "a\u2028b", '{"en":"x"}'),
  // What programs that read tables refuse.
  fc.constantFrom("\ud800", "a\udc00b", "\0", '{"a\\ud800":"\\u0000"}'),
);
const ITEM_ID = fc.nat({ max: 50 }).map((n) => `item-${n}`);
const ASSET_ID = fc.nat({ max: 50 }).map((n) => `asset-${n}`);
const BLOCK_ID = fc.nat({ max: 30 }).map((n) => `block-${n}`);
const ANYTHING = fc.jsonValue({ maxDepth: 2 });

/** Text of JSON fields: compact, pretty, wrong, and with numbers that don't fit. */
const JSON_TEXT = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
  fc.jsonValue().map((value) => `{"__proto__":${JSON.stringify(value)}}`),
  TEXT,
  fc.constantFrom("null", '"null"', "1.0", "1e400", "[12345678901234567890]", '{"a":1,"a":2}', "{"),
);

class Generator {
  readonly #locales: readonly string[];
  readonly #models: readonly ModelSpec[];
  readonly #blockModels: readonly ModelSpec[];
  readonly #odd: boolean;
  /** Blocks by depth, made once each. */
  readonly #blocks: fc.Arbitrary<unknown>[] = [];

  constructor(locales: readonly string[], specs: readonly ModelSpec[], odd: boolean) {
    this.#locales = locales;
    this.#models = specs.filter(({ modular_block }) => !modular_block);
    this.#blockModels = specs.filter(({ modular_block }) => modular_block);
    this.#odd = odd;
  }

  page(): fc.Arbitrary<unknown[]> {
    const record = fc.oneof(...this.#models.map((model) => this.#record(model)));
    return fc.array(record, { maxLength: 3 })
      .map((records) => records.map((record, i) => ({ ...record, id: `record-${i}` })));
  }

  #record(model: ModelSpec): fc.Arbitrary<object> {
    const time = fc.constantFrom(null, "2022-03-01T16:08:09.418+00:00");
    const usual: Record<string, fc.Arbitrary<unknown>> = {
      created_at: time,
      updated_at: time,
      published_at: time,
      first_published_at: time,
      publication_scheduled_at: time,
      unpublishing_scheduled_at: time,
      status: fc.constantFrom("draft", "published", "updated"),
      current_version: fc.constant("4234"),
      stage: fc.constantFrom(null, "review"),
      is_valid: this.#odd ? fc.constantFrom(null, true) : fc.boolean(),
      is_current_version_valid: fc.constantFrom(null, true),
      is_published_version_valid: fc.constantFrom(null, false),
      has_children: fc.constantFrom(null, true),
    };
    const place = new Map<string, fc.Arbitrary<unknown>>();
    if (model.tree) place.set("parent_id", fc.constantFrom(null, "record-9"));
    if (model.tree || model.sortable) place.set("position", fc.nat());
    const rare = (value: fc.Arbitrary<unknown>) => usually(true, fc.constant(undefined), value);
    if (this.#odd) {
      for (const key of Object.keys(usual)) {
        usual[key] = usually(true, usual[key] as fc.Arbitrary<unknown>, fc.constant(undefined));
      }
      usual.shiny_and_new = rare(ANYTHING);
      for (const key of ["parent_id", "position", "created_at", "constructor"]) {
        place.set(key, rare(fc.oneof(fc.constant(null), ANYTHING)));
      }
    }
    const linkage = fc.record({ id: fc.constant("7"), type: fc.constant("access_token") });
    const relationships = object({
      item_type: usually(
        this.#odd,
        fc.constant({ data: { id: model.id, type: "item_type" } }),
        fc.constant({ data: { id: "no_such_model", type: "item_type" } }),
        fc.constant({ data: { id: model.id, type: "item_type" }, links: {} }),
        fc.constant({ data: null }),
        fc.constant(undefined),
      ),
      creator: usually(
        this.#odd,
        linkage.map((data) => ({ data })),
        fc.constant(undefined),
        fc.constant({ data: null }),
        linkage.map((data) => ({ data: { ...data, meta: {} } })),
      ),
      reviewer: this.#odd ? rare(fc.constant({ data: [] })) : fc.constant(undefined),
    });
    const strange = [fc.constant(undefined), fc.constant(null), fc.constant("odd")];
    return object({
      id: fc.constant(""),
      type: usually(this.#odd, fc.constant("item"), fc.constant("item_version")),
      attributes: usually(this.#odd, this.#attributes(model, 0, place), ...strange),
      relationships: usually(this.#odd, relationships, ...strange),
      meta: usually(this.#odd, object(usual), fc.constant({}), ...strange),
      __itemTypeId: this.#odd ? rare(fc.constant(model.id)) : fc.constant(undefined),
    });
  }

  #attributes(
    model: ModelSpec,
    depth: number,
    others: ReadonlyMap<string, fc.Arbitrary<unknown>> = new Map(),
  ): fc.Arbitrary<object> {
    const attributes = new Map(others);
    for (const field of model.fields) {
      const value = this.#value(field.field_type, depth);
      attributes.set(
        field.api_key,
        usually(
          this.#odd,
          field.localized ? this.#localized(value) : value,
          fc.constant(undefined),
        ),
      );
    }
    return object(attributes);
  }

  /** A localized value; records may lack locales, and have some that the project has no more. */
  #localized(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
    const locale = fc.constantFrom(
      ...this.#locales,
      ...(this.#odd ? ["xx-Gone", "__proto__"] : []),
    );
    const byLocale = fc.uniqueArray(fc.tuple(locale, value), {
      selector: ([locale]) => locale,
      minLength: this.#odd ? 0 : 1,
      maxLength: 3,
    }).map((entries) => Object.fromEntries(entries));
    return usually(
      this.#odd,
      byLocale,
      fc.constant(null),
      fc.constant("not localized"),
      fc.constant(["neither"]),
      // As it was before the field was localized.
      value,
    );
  }

  #value(fieldType: string, depth: number): fc.Arbitrary<unknown> {
    const value = usually(this.#odd, this.#usualValue(fieldType, depth), ANYTHING);
    return fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
  }

  #usualValue(fieldType: string, depth: number): fc.Arbitrary<unknown> {
    const asset = fc.record({
      upload_id: ASSET_ID,
      alt: fc.option(TEXT),
      title: fc.option(TEXT),
      custom_data: fc.dictionary(fc.string(), TEXT, { maxKeys: 2 }),
      focal_point: fc.option(fc.record({ x: fc.double({ noNaN: true }), y: fc.constant(0.5) })),
    });
    // Deep records stay small: what counts is that there is something at every depth.
    const most = depth === 0 ? 3 : 1;
    const few = { maxLength: most };
    switch (fieldType) {
      case "boolean":
        return usually(this.#odd, fc.boolean(), TEXT, fc.integer());
      case "integer":
        return usually(this.#odd, fc.integer(), TEXT, fc.constantFrom(1.5, 1e19, 1e300));
      case "float":
        return usually(this.#odd, fc.double({ noNaN: true, noDefaultInfinity: true }), TEXT);
      case "date":
        return usually(this.#odd, fc.constant("2015-12-29"), TEXT, fc.constant("2015-02-29"));
      case "date_time":
        return usually(this.#odd, fc.constant("2020-04-17T16:34:31.981+01:00"), TEXT);
      case "json":
        return JSON_TEXT;
      case "color":
        return fc.constant({ red: 1, green: 2, blue: 3, alpha: 255 });
      case "lat_lon":
        return fc.constant({ latitude: 45.07, longitude: 7.68 });
      case "seo":
        return fc.record({ title: TEXT, image: fc.option(ASSET_ID) }, { requiredKeys: [] });
      case "video":
        return fc.constant({
          provider: "youtube",
          provider_uid: "x",
          url: "https://y.z",
          width: 1,
        });
      case "file":
        return asset;
      case "gallery":
        return fc.array(asset, few);
      case "link":
        return ITEM_ID;
      case "links":
        return fc.array(ITEM_ID, few);
      case "rich_text":
        return fc.array(this.#block(depth), few);
      case "single_block":
        return this.#block(depth);
      case "structured_text":
        return dastOf(this.#block(depth), this.#block(depth), ITEM_ID, TEXT, most);
      case "hologram":
        return ANYTHING;
      default:
        // An object that looks like locales is only one if the field is localized.
        return usually(this.#odd, TEXT, fc.constant({ en: "x", it: null }));
    }
  }

  /** A block at the depth, or only an id where it would be too deep. */
  #block(depth: number): fc.Arbitrary<unknown> {
    return this.#blocks[depth] ??= depth >= MAX_DEPTH ? BLOCK_ID : this.#makeBlock(depth);
  }

  #makeBlock(depth: number): fc.Arbitrary<unknown> {
    const blocks = this.#blockModels.map((model) => {
      const relationships = { item_type: { data: { id: model.id, type: "item_type" } } };
      const rare = (value: fc.Arbitrary<unknown>) =>
        usually(this.#odd, fc.constant(undefined), value);
      return object({
        id: usually(this.#odd, BLOCK_ID, fc.constant(undefined)),
        type: fc.constant("item"),
        attributes: this.#attributes(model, depth + 1, new Map([["unknown", rare(ANYTHING)]])),
        relationships: usually(
          this.#odd,
          fc.constant(relationships),
          fc.constant({ item_type: { data: { id: "no_such_model", type: "item_type" } } }),
          fc.constant({ ...relationships, creator: { data: { id: "1", type: "user" } } }),
          fc.constant(undefined),
        ),
        meta: rare(fc.constant({ created_at: null })),
        __itemTypeId: rare(fc.constant(model.id)),
      });
    });
    return usually(this.#odd, fc.oneof(...blocks), BLOCK_ID);
  }
}

function dastOf(
  block: fc.Arbitrary<unknown>,
  inlineBlock: fc.Arbitrary<unknown>,
  itemId: fc.Arbitrary<string>,
  text: fc.Arbitrary<string>,
  most = 3,
): fc.Arbitrary<JsonObject> {
  const mark = fc.constantFrom(
    "strong",
    "code",
    "emphasis",
    "underline",
    "strikethrough",
    "highlight",
  );
  const span = fc.record({
    type: fc.constant("span"),
    value: text,
    marks: fc.uniqueArray(mark, { maxLength: 2 }),
  }, { requiredKeys: ["type", "value"] });
  const spans = fc.array(span, { minLength: 1, maxLength: 2 });
  const inline = fc.oneof(
    span,
    fc.record({ type: fc.constant("link"), url: fc.webUrl(), children: spans }),
    fc.record({ type: fc.constant("itemLink"), item: itemId, children: spans }),
    fc.record({ type: fc.constant("inlineItem"), item: itemId }),
    fc.record({ type: fc.constant("inlineBlock"), item: inlineBlock }),
  );
  const inlines = fc.array(inline, { minLength: 1, maxLength: most });
  const paragraph = fc.record({ type: fc.constant("paragraph"), children: inlines });
  const listItem = fc.record({
    type: fc.constant("listItem"),
    children: fc.array(paragraph, { minLength: 1, maxLength: 1 }),
  });
  const flow = fc.oneof(
    paragraph,
    fc.record({
      type: fc.constant("heading"),
      level: fc.integer({ min: 1, max: 6 }),
      children: inlines,
    }),
    fc.record({
      type: fc.constant("list"),
      style: fc.constantFrom("bulleted", "numbered"),
      children: fc.array(listItem, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      type: fc.constant("blockquote"),
      attribution: text,
      children: fc.array(paragraph, { minLength: 1, maxLength: 2 }),
    }, { requiredKeys: ["type", "children"] }),
    fc.record({ type: fc.constant("code"), language: fc.constant("js"), code: text }),
    fc.record({ type: fc.constant("thematicBreak") }),
    fc.record({ type: fc.constant("block"), item: block }),
  );
  return fc.array(flow, { maxLength: most })
    .map((children) => ({
      schema: "dast",
      document: { type: "root", children: children as Json[] },
    }));
}

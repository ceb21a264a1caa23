import type { Item, Json, JsonObject, ResourceIdentifier } from "../../content/resource.ts";
import { itemTypeId, ref } from "../schema_builder.ts";
import { planBlocks, type PlannedBlock } from "./block_plan.ts";
import type { GeneratedIds } from "./ids.ts";
import { draw, pick } from "./random.ts";
import { kindOf, type ModelKind } from "./schema.ts";
import { words } from "./words.ts";

/** What a generated project's records depend on. */
export interface RecordOptions {
  /** How many records there are. */
  readonly records: number;
  /** How many models they belong to, in turn. */
  readonly models: number;
  /** The project's locales. */
  readonly locales: readonly string[];
  /** How many uploads there are to refer to. */
  readonly uploads: number;
  /** How many blocks each record of a model with blocks has. */
  readonly blocksPerRecord: number;
  /** The project's seed. */
  readonly seed: number;
  /** The project's ids. */
  readonly ids: GeneratedIds;
}

const DAY = 24 * 60 * 60_000;

/** Makes up the values of records' fields. */
export class RecordContent {
  readonly #options: RecordOptions;
  readonly #createdAt: (index: number) => number;
  readonly #plans: Readonly<Record<ModelKind, readonly PlannedBlock[]>>;
  readonly #blockLinks: Readonly<Record<PlannedBlock["model"], ModelLink>>;

  /**
   * Prepares what all records have in common.
   *
   * @param options What the records depend on.
   * @param createdAt Tells when a record was created, in milliseconds since 1970.
   */
  constructor(options: RecordOptions, createdAt: (index: number) => number) {
    this.#options = options;
    this.#createdAt = createdAt;
    const plan = (kind: ModelKind) => planBlocks(kind, options.blocksPerRecord, options.locales);
    this.#plans = {
      article: plan("article"),
      author: plan("author"),
      product: plan("product"),
      page: plan("page"),
    };
    this.#blockLinks = {
      section: linkToModel("section"),
      card: linkToModel("card"),
      button: linkToModel("button"),
      callout: linkToModel("callout"),
      badge: linkToModel("badge"),
    };
  }

  /**
   * The blocks that each record of a model has.
   *
   * @param model The model's number.
   */
  plan(model: number): readonly PlannedBlock[] {
    return this.#plans[kindOf(model)];
  }

  /**
   * The values of a record's fields.
   *
   * @param index The record's number.
   * @param old 1 for those of an older version, or 0.
   */
  attributes(index: number, old: number): JsonObject {
    const { seed, locales, records, models } = this.#options;
    const kind = kindOf(index % models);
    const number = (place: number) => draw(seed, index, place, old);
    const text = (place: number, count: number, locale = locales[0]!) =>
      words(locale, count, seed, index, place, old);
    const each = (value: (locale: string, i: number) => Json) =>
      Object.fromEntries(locales.map((locale, i) => [locale, value(locale, i)]));
    switch (kind) {
      case "article":
        return {
          title: each((locale) => text(10, 5, locale)),
          slug: each((locale) => `${kind}-${index}-${locale.toLowerCase()}`),
          body: each((locale, i) => this.#document(index, locale, i, old)),
          sections: this.#blocks(index, "sections", undefined, old),
          author: this.#recordId(1 % models, number(11)),
          related: [
            this.#recordId(index % models, number(12)),
            this.#recordId(index % models, index),
          ],
          cover: this.#file(number(13)),
          pictures: [this.#file(number(14)), this.#file(number(15))].filter((one) => one !== null),
          seo: each((locale) => ({
            title: text(16, 4, locale),
            description: text(17, 12, locale),
            image: this.#uploadId(number(18)),
            twitter_card: "summary",
            no_index: false,
          })),
          day: iso(this.#createdAt(index)).slice(0, 10),
          featured: number(19) % 5 === 0,
          extra: JSON.stringify({ index, of: records, depth: number(20) % 100 }),
        };
      case "author":
        return {
          name: text(10, 2),
          biography: `${text(11, 12)}.\n\n${text(12, 12)}.`,
          born_on: iso(-(number(13) % 20_000) * DAY).slice(0, 10),
          home: {
            latitude: number(14) % 18_000 / 100 - 90,
            longitude: number(15) % 36_000 / 100 - 180,
          },
          ink: color(number(16)),
        };
      case "product":
        return {
          name: each((locale) => text(10, 3, locale)),
          description: each((locale) => text(11, 20, locale)),
          price: number(12) % 100_000 / 100,
          stock: number(13) % 500,
          released_at: iso(this.#createdAt(index) + DAY),
          manual: this.#file(number(14)),
          clip: number(15) % 3 === 0 ? null : video(number(16)),
        };
      case "page":
        return {
          title: each((locale) => text(10, 4, locale)),
          hero: this.#blocks(index, "hero", undefined, old)[0] ?? null,
          content: each((locale) => this.#blocks(index, "content", locale, old)),
        };
    }
  }

  /** A structured text document with this locale's blocks, a link and an inline record. */
  #document(index: number, locale: string, place: number, old: number): JsonObject {
    const { seed, models } = this.#options;
    const span = (i: number, count: number) => ({
      type: "span",
      value: words(locale, count, seed, index, 100 + place, i, old),
    });
    const blocks = this.#planned(index, "body", locale);
    const author = this.#recordId(1 % models, draw(seed, index, 11));
    const paragraph: Json[] = [span(1, 15), {
      type: "itemLink",
      item: author,
      children: [span(2, 2)],
    }, { type: "inlineItem", item: author }];
    const children: Json[] = [{ type: "heading", level: 2, children: [span(0, 4)] }];
    for (const block of blocks) {
      const item = this.#block(index, block, old) as unknown as Json;
      if (block.model === "badge") paragraph.push({ type: "inlineBlock", item });
      else children.push({ type: "block", item });
    }
    children.splice(1, 0, { type: "paragraph", children: paragraph });
    return { schema: "dast", document: { type: "root", children } };
  }

  #planned(index: number, field: string, locale: string | undefined): PlannedBlock[] {
    return this.plan(index % this.#options.models)
      .filter((block) => block.field === field && block.locale === locale);
  }

  #blocks(index: number, field: string, locale: string | undefined, old: number): Json[] {
    return this.#planned(index, field, locale)
      .map((block) => this.#block(index, block, old) as unknown as Json);
  }

  #block(index: number, planned: PlannedBlock, old: number): Item {
    const { ids, seed, locales } = this.#options;
    const { number: block, model } = planned;
    const text = (place: number, count: number) =>
      words(planned.locale ?? locales[0]!, count, seed, index, 1000 + block, place, old);
    const number = draw(seed, index, 2000 + block, old);
    const children = planned.children.map((child) => this.#block(index, child, old)) as unknown;
    const attributes: Record<PlannedBlock["model"], () => JsonObject> = {
      section: () => ({ heading: text(0, 3), cards: children as Json }),
      card: () => ({
        text: text(0, 8),
        image: this.#file(number),
        action: (children as Json[])[0] ?? null,
      }),
      button: () => ({ label: text(0, 2), primary: number % 2 === 0 }),
      callout: () => ({ text: text(0, 10), color: color(number) }),
      badge: () => ({ label: text(0, 1), count: number % 100 }),
    };
    return {
      id: ids.encode({ kind: "block", index, block }),
      type: "item",
      attributes: attributes[model](),
      relationships: { item_type: this.#blockLinks[model] },
    };
  }

  /** A record of a model, or `null` if the model has none. */
  #recordId(model: number, number: number): string | null {
    const { records, models, ids } = this.#options;
    const count = Math.ceil((records - model) / models);
    if (count <= 0) return null;
    const index = (number % count) * models + model;
    return ids.encode({ kind: "record", index, block: 0 });
  }

  #uploadId(number: number): string | null {
    const { uploads, ids } = this.#options;
    if (uploads === 0) return null;
    return ids.encode({ kind: "upload", index: number % uploads, block: 0 });
  }

  #file(number: number): Json {
    const upload_id = this.#uploadId(number);
    if (upload_id === null) return null;
    return { alt: null, title: null, custom_data: {}, focal_point: null, upload_id };
  }
}

/** What the `item_type` relationship holds. */
export interface ModelLink {
  /** The model. */
  readonly data: ResourceIdentifier;
}

/**
 * A relationship to a model.
 *
 * @param model The model's `api_key`.
 */
export function linkToModel(model: string): ModelLink {
  return { data: ref("item_type", itemTypeId(model)) };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function color(number: number): Json {
  const [red, green, blue] = [number & 255, number >>> 8 & 255, number >>> 16 & 255];
  return { red, green, blue, alpha: 255 };
}

function video(number: number): Json {
  const uid = pick(["vUdGBEb1i9g", "qJhobECFQYk", "dQw4w9WgXcQ"], number);
  return {
    url: `https://www.youtube.com/watch?v=${uid}`,
    title: "A barge passes a lock",
    width: 459,
    height: 344,
    provider: "youtube",
    provider_uid: uid,
    thumbnail_url: `https://i.ytimg.com/vi/${uid}/hqdefault.jpg`,
  };
}

import { buildSchema, type BuiltSchema, type ModelSketch } from "../schema_builder.ts";

/** The four kinds of models that a generated project's models are of, in turn. */
export const MODEL_KINDS = ["article", "author", "product", "page"] as const;

/** One of {@linkcode MODEL_KINDS}. */
export type ModelKind = typeof MODEL_KINDS[number];

const TEXT_BLOCKS = {
  structured_text_blocks: { item_types: ["callout"] },
  structured_text_inline_blocks: { item_types: ["badge"] },
};

const BLOCK_MODELS: Readonly<Record<string, ModelSketch>> = {
  section: {
    name: "Section",
    attributes: { modular_block: true },
    fields: {
      heading: { type: "string" },
      cards: { type: "rich_text", validators: { rich_text_blocks: { item_types: ["card"] } } },
    },
  },
  card: {
    name: "Card",
    attributes: { modular_block: true },
    fields: {
      text: { type: "text" },
      image: { type: "file" },
      action: {
        type: "single_block",
        validators: { single_block_blocks: { item_types: ["button"] } },
      },
    },
  },
  button: {
    name: "Button",
    attributes: { modular_block: true },
    fields: { label: { type: "string" }, primary: { type: "boolean" } },
  },
  callout: {
    name: "Callout",
    attributes: { modular_block: true },
    fields: { text: { type: "text" }, color: { type: "color" } },
  },
  badge: {
    name: "Badge",
    attributes: { modular_block: true },
    fields: { label: { type: "string" }, count: { type: "integer" } },
  },
};

/**
 * The `api_key` of a generated project's model.
 *
 * @param model The model's number, from 0.
 */
export function modelKey(model: number): string {
  const round = Math.floor(model / MODEL_KINDS.length);
  return round === 0 ? kindOf(model) : `${kindOf(model)}_${round + 1}`;
}

/**
 * The kind of a generated project's model.
 *
 * @param model The model's number, from 0.
 */
export function kindOf(model: number): ModelKind {
  return MODEL_KINDS[model % MODEL_KINDS.length]!;
}

/**
 * The schema of a generated project.
 *
 * @param models How many models there are.
 * @param locales The project's locales.
 */
export function generatedSchema(models: number, locales: readonly string[]): BuiltSchema {
  const sketches: Record<string, ModelSketch> = {};
  for (let model = 0; model < models; model++) {
    sketches[modelKey(model)] = sketchOf(kindOf(model), modelKey(model), modelKey(1 % models));
  }
  return buildSchema({ ...sketches, ...BLOCK_MODELS }, locales);
}

function sketchOf(kind: ModelKind, apiKey: string, authorKey: string): ModelSketch {
  const name = apiKey.charAt(0).toUpperCase() + apiKey.slice(1).replaceAll("_", " ");
  switch (kind) {
    case "article":
      return {
        name,
        attributes: { draft_mode_active: true },
        roles: { title_field: "title", image_preview_field: "cover" },
        fields: {
          title: { type: "string", localized: true, validators: { required: {} } },
          slug: {
            type: "slug",
            localized: true,
            validators: { slug_title_field: { title_field_id: "title" } },
          },
          body: {
            type: "structured_text",
            localized: true,
            validators: {
              ...TEXT_BLOCKS,
              structured_text_links: { item_types: [authorKey] },
            },
          },
          sections: {
            type: "rich_text",
            validators: { rich_text_blocks: { item_types: ["section"] } },
          },
          author: { type: "link", validators: { item_item_type: { item_types: [authorKey] } } },
          related: { type: "links", validators: { items_item_type: { item_types: [apiKey] } } },
          cover: { type: "file" },
          pictures: { type: "gallery" },
          seo: { type: "seo", localized: true },
          day: { type: "date" },
          featured: { type: "boolean" },
          extra: { type: "json" },
        },
      };
    case "author":
      return {
        name,
        attributes: { draft_mode_active: true },
        roles: { title_field: "name" },
        fields: {
          name: { type: "string" },
          biography: { type: "text" },
          born_on: { type: "date" },
          home: { type: "lat_lon" },
          ink: { type: "color" },
        },
      };
    case "product":
      return {
        name,
        roles: { title_field: "name" },
        fields: {
          name: { type: "string", localized: true },
          description: { type: "text", localized: true },
          price: { type: "float" },
          stock: { type: "integer" },
          released_at: { type: "date_time" },
          manual: { type: "file" },
          clip: { type: "video" },
        },
      };
    case "page":
      return {
        name,
        attributes: { draft_mode_active: true },
        roles: { title_field: "title" },
        fields: {
          title: { type: "string", localized: true },
          hero: {
            type: "single_block",
            validators: { single_block_blocks: { item_types: ["card"] } },
          },
          content: {
            type: "rich_text",
            localized: true,
            validators: { rich_text_blocks: { item_types: ["section", "card"] } },
          },
        },
      };
  }
}

import { buildSchema, type BuiltSchema, type ModelSketch } from "../../simulator/schema_builder.ts";
import { itemId, workflowId } from "./ids.ts";

/** The locales of the sample project; the first is the main one. */
export const LOCALES = ["en", "it", "pt-BR"] as const;

const drafts = { draft_mode_active: true } as const;
const block = { modular_block: true } as const;
const required = { required: {} } as const;

const MODELS: Readonly<Record<string, ModelSketch>> = {
  home_page: {
    name: "Home page",
    attributes: { ...drafts, singleton: true, hint: "The first page of the magazine." },
    singletonItem: itemId("home"),
    roles: { title_field: "tagline" },
    fields: {
      tagline: { type: "string", localized: true, validators: required },
      introduction: { type: "text", localized: true, editor: "textarea" },
      hero: {
        type: "single_block",
        localized: true,
        editor: "frameless_single_block",
        validators: { single_block_blocks: { item_types: ["hero"] } },
      },
      featured: {
        type: "links",
        validators: { items_item_type: { item_types: ["article"] }, size: { max: 3 } },
      },
      letter_box_open: { type: "boolean", label: "Letters to the editor are welcome" },
    },
  },
  article: {
    name: "Article",
    attributes: { ...drafts, draft_saving_active: true, collection_appearance: "table" },
    fieldsets: ["Story", "Pictures", "Search and social"],
    workflow: workflowId("desk"),
    roles: {
      title_field: "title",
      image_preview_field: "cover",
      excerpt_field: "standfirst",
      presentation_title_field: "title",
      presentation_image_field: "cover",
      ordering_field: "printed_on",
    },
    fields: {
      title: {
        type: "string",
        localized: true,
        validators: required,
        parameters: { heading: true },
        fieldset: "Story",
      },
      slug: {
        type: "slug",
        localized: true,
        validators: { slug_title_field: { title_field_id: "title" }, unique: {} },
        parameters: { url_prefix: "https://slackwater.example/" },
        fieldset: "Story",
      },
      standfirst: { type: "text", localized: true, editor: "textarea", fieldset: "Story" },
      body: {
        type: "structured_text",
        localized: true,
        validators: {
          structured_text_blocks: { item_types: ["pull_quote", "picture", "passage"] },
          structured_text_inline_blocks: { item_types: ["measurement"] },
          structured_text_links: {
            item_types: ["article", "author", "lock", "notice", "glossary_term"],
          },
        },
        fieldset: "Story",
      },
      written_by: {
        type: "link",
        validators: { ...required, item_item_type: { item_types: ["author"] } },
        fieldset: "Story",
      },
      section: { type: "link", validators: { item_item_type: { item_types: ["section"] } } },
      locks: { type: "links", validators: { items_item_type: { item_types: ["lock"] } } },
      printed_on: { type: "date" },
      minutes: { type: "integer", label: "Minutes to read", validators: required },
      cover: {
        type: "file",
        validators: { extension: { extensions: [], predefined_list: "image" } },
        fieldset: "Pictures",
      },
      photographs: { type: "gallery", fieldset: "Pictures" },
      film: { type: "video", fieldset: "Pictures" },
      seo: { type: "seo", localized: true, fieldset: "Search and social" },
    },
  },
  author: {
    name: "Author",
    attributes: drafts,
    roles: { title_field: "name", image_preview_field: "portrait" },
    fields: {
      name: { type: "string", validators: required },
      slug: { type: "slug", validators: { slug_title_field: { title_field_id: "name" } } },
      biography: { type: "text", localized: true },
      portrait: { type: "file" },
      born_on: { type: "date" },
      ink: { type: "color", label: "Colour of ink" },
      languages: { type: "json", editor: "string_checkbox_group" },
    },
  },
  lock: {
    name: "Lock",
    attributes: { ...drafts, sortable: true },
    roles: { title_field: "name" },
    fields: {
      name: { type: "string", localized: true, validators: required },
      river: { type: "string" },
      place: { type: "lat_lon", validators: required },
      rise: { type: "float", label: "Rise in metres" },
      chambers: { type: "integer" },
      opened_on: { type: "date" },
      in_use: { type: "boolean" },
      water: { type: "color", label: "Colour of the water" },
      keeper: { type: "link", validators: { item_item_type: { item_types: ["author"] } } },
      survey: { type: "json", hint: "As the surveyor left it." },
      passages: {
        type: "rich_text",
        label: "How to pass",
        validators: { rich_text_blocks: { item_types: ["passage", "picture"] } },
      },
    },
  },
  section: {
    name: "Section",
    attributes: { tree: true, all_locales_required: true },
    roles: { title_field: "name" },
    fields: {
      name: { type: "string", localized: true, validators: required },
      slug: { type: "slug", validators: { slug_title_field: { title_field_id: "name" } } },
    },
  },
  notice: {
    name: "Notice to boaters",
    attributes: { ordering_direction: "desc", hint: "Saved is published: there are no drafts." },
    roles: { title_field: "title", ordering_field: "from" },
    fields: {
      title: { type: "string", localized: true, validators: required },
      text: { type: "text", localized: true, editor: "wysiwyg" },
      urgency: {
        type: "string",
        editor: "string_select",
        validators: { enum: { values: ["calm", "careful", "closed"] } },
      },
      from: { type: "date_time" },
      until: { type: "date_time" },
      locks: { type: "links", validators: { items_item_type: { item_types: ["lock"] } } },
    },
  },
  glossary_term: {
    name: "Glossary term",
    attributes: drafts,
    roles: { title_field: "term" },
    fields: {
      term: { type: "string", localized: true, validators: required },
      meaning: {
        type: "structured_text",
        localized: true,
        hint: "Words only: no blocks.",
        validators: {
          structured_text_blocks: { item_types: [] },
          structured_text_inline_blocks: { item_types: [] },
          structured_text_links: { item_types: ["glossary_term"] },
        },
      },
      see_also: {
        type: "links",
        validators: { items_item_type: { item_types: ["glossary_term"] } },
      },
      sound: { type: "file", hint: "How it is said, or how it sounds." },
    },
  },
};

const BLOCK_MODELS: Readonly<Record<string, ModelSketch>> = {
  hero: {
    name: "Hero",
    attributes: block,
    fields: {
      headline: { type: "string" },
      background: { type: "file" },
      button: {
        type: "single_block",
        validators: { single_block_blocks: { item_types: ["button"] } },
      },
    },
  },
  button: {
    name: "Button",
    attributes: block,
    fields: {
      label: { type: "string" },
      target: {
        type: "link",
        validators: { item_item_type: { item_types: ["article", "lock"] } },
      },
    },
  },
  pull_quote: {
    name: "Pull quote",
    attributes: block,
    fields: { quote: { type: "text" }, who: { type: "string" } },
  },
  picture: {
    name: "Picture",
    attributes: block,
    fields: { image: { type: "file" }, caption: { type: "string" } },
  },
  passage: {
    name: "Passage",
    attributes: block,
    fields: {
      heading: { type: "string" },
      steps: { type: "rich_text", validators: { rich_text_blocks: { item_types: ["step"] } } },
    },
  },
  step: {
    name: "Step",
    attributes: block,
    fields: {
      text: { type: "text", editor: "textarea" },
      minutes: { type: "float" },
      tip: {
        type: "single_block",
        validators: { single_block_blocks: { item_types: ["tip"] } },
      },
    },
  },
  tip: {
    name: "Tip",
    attributes: block,
    fields: {
      text: {
        type: "structured_text",
        validators: {
          structured_text_blocks: { item_types: ["picture"] },
          structured_text_inline_blocks: { item_types: ["measurement"] },
          structured_text_links: { item_types: ["glossary_term"] },
        },
      },
      flag: { type: "color" },
    },
  },
  measurement: {
    name: "Measurement",
    attributes: block,
    fields: { value: { type: "float" }, unit: { type: "string" } },
  },
};

/** The schema of the sample project. */
export function sampleSchema(): BuiltSchema {
  return buildSchema({ ...MODELS, ...BLOCK_MODELS }, LOCALES);
}

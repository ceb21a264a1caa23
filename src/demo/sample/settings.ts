import type { Resource } from "../../content/resource.ts";
import { entityId } from "../../simulator/entity_id.ts";
import { itemTypeId, ref } from "../../simulator/schema_builder.ts";
import { completeSettings } from "../../simulator/settings_paths.ts";
import { accessSettings } from "./access_settings.ts";
import { collectionId, workflowId } from "./ids.ts";
import { resource } from "./resource.ts";

/** Everything in the sample project that is listed whole, by URL path. */
export function sampleSettings(): Map<string, readonly Resource[] | Resource> {
  return completeSettings({
    "/menu-items": menuItems(),
    "/schema-menu-items": schemaMenuItems(),
    "/item-type-filters": [itemTypeFilter()],
    "/upload-filters": [resource("upload_filter", entityId("slackwater upload filter"), {
      name: "Herons",
      filter: { fields: { tags: { contains: ["herons"] } } },
      shared: true,
    })],
    "/upload-collections": uploadCollections(),
    "/upload-tags": ["brand", "evening", "herons", "locks", "morning"].map(tag("upload_tag")),
    "/upload-smart-tags": ["bird", "water", "wood"].map(tag("upload_smart_tag")),
    "/plugins": [plugin()],
    "/workflows": [workflow()],
    ...accessSettings(),
  });
}

function menuItems(): Resource[] {
  const magazine = entityId("slackwater menu magazine");
  const entries: [label: string, model: string | null][] = [
    ["Articles", "article"],
    ["Authors", "author"],
    ["Locks", "lock"],
    ["Sections", "section"],
    ["Notices", "notice"],
    ["Glossary", "glossary_term"],
    ["Home page", "home_page"],
  ];
  const children = entries.map(([label, model], i) =>
    resource("menu_item", entityId(`slackwater menu ${model}`), {
      label,
      position: i + 1,
      external_url: null,
      open_in_new_tab: false,
    }, {
      item_type: model ? ref("item_type", itemTypeId(model)) : null,
      item_type_filter: null,
      parent: ref("menu_item", magazine),
      children: [],
    })
  );
  return [
    resource("menu_item", magazine, {
      label: "Magazine",
      position: 1,
      external_url: null,
      open_in_new_tab: false,
    }, {
      item_type: null,
      item_type_filter: null,
      parent: null,
      children: children.map(({ id }) => ref("menu_item", id)),
    }),
    ...children,
    resource("menu_item", entityId("slackwater menu levels"), {
      label: "Water levels",
      position: 2,
      external_url: "https://slackwater.example/levels",
      open_in_new_tab: true,
    }, { item_type: null, item_type_filter: null, parent: null, children: [] }),
  ];
}

function schemaMenuItems(): Resource[] {
  const models = ["article", "author", "lock", "section", "notice", "glossary_term", "home_page"];
  const blocks = [
    "hero",
    "button",
    "pull_quote",
    "picture",
    "passage",
    "step",
    "tip",
    "measurement",
  ];
  const item = (kind: string) => (model: string, i: number) =>
    resource("schema_menu_item", entityId(`slackwater schema menu ${model}`), {
      label: null,
      position: i + 1,
      kind,
    }, { item_type: ref("item_type", itemTypeId(model)), parent: null, children: [] });
  return [...models.map(item("item_type")), ...blocks.map(item("modular_block"))];
}

function itemTypeFilter(): Resource {
  return resource("item_type_filter", entityId("slackwater filter"), {
    name: "Still on the desk",
    filter: { fields: { _status: { in: ["draft", "updated"] } } },
    columns: [{ name: "_preview", width: 0.7 }, { name: "_updated_at", width: 0.3 }],
    order_by: "_updated_at_DESC",
    shared: true,
  }, { item_type: ref("item_type", itemTypeId("article")) });
}

function uploadCollections(): Resource[] {
  const photographs = collectionId("photographs");
  const archive = collectionId("archive");
  return [
    resource("upload_collection", photographs, { label: "Photographs", position: 1 }, {
      parent: null,
      children: [ref("upload_collection", archive)],
    }),
    resource("upload_collection", archive, { label: "Archive", position: 1 }, {
      parent: ref("upload_collection", photographs),
      children: [],
    }),
  ];
}

function tag(type: string): (name: string, index: number) => Resource {
  return (name, index) => ({ id: String(index + 1), type, attributes: { name } });
}

function plugin(): Resource {
  return resource(
    "plugin",
    entityId("slackwater plugin"),
    {
      name: "Tag editor",
      plugin_type: null,
      url: "https://unpkg.com/datocms-plugin-tag-editor@0.1.2/build/index.html",
      field_types: null,
      parameters: { developmentMode: false },
      parameter_definitions: null,
      description: "A plugin that transforms any string and JSON field into a tag editor",
      package_name: "datocms-plugin-tag-editor",
      package_version: "0.1.2",
      permissions: [],
    },
    {},
    { version: "2" },
  );
}

function workflow(): Resource {
  return resource("workflow", workflowId("desk"), {
    name: "The desk",
    api_key: "desk",
    stages: [
      { id: "writing", name: "Being written", description: null, initial: true },
      {
        id: "review",
        name: "With Ada",
        description: "She reads it aloud to the gates.",
        initial: false,
      },
      { id: "printed", name: "Printed", description: null, initial: false },
    ],
  });
}

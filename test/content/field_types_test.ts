import assert from "node:assert/strict";
import { FIELD_TYPES, fieldTypeInfo } from "../../src/content/field_types.ts";

Deno.test("FIELD_TYPES holds every field type of the API", () => {
  // The `field_type` of https://www.datocms.com/docs/content-management-api/resources/field/create
  const documented = [
    "boolean",
    "color",
    "date",
    "date_time",
    "file",
    "float",
    "gallery",
    "integer",
    "json",
    "lat_lon",
    "link",
    "links",
    "rich_text",
    "seo",
    "single_block",
    "slug",
    "string",
    "structured_text",
    "text",
    "video",
  ];
  assert.deepEqual(Object.keys(FIELD_TYPES).sort(), documented);
});

Deno.test("fieldTypeInfo() knows field types, and nothing that objects inherit", () => {
  assert.equal(fieldTypeInfo("rich_text")?.name, "Modular content");
  assert.equal(fieldTypeInfo("hologram"), undefined);
  assert.equal(fieldTypeInfo("constructor"), undefined);
});

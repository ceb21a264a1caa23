import assert from "node:assert/strict";
import type { JsonObject, Upload } from "../../src/content/resource.ts";
import { tableSchema } from "../../src/transform/table_schema.ts";
import { normalizeUploads, uploadRows } from "../../src/transform/upload_rows.ts";
import { pick, schemaOf } from "./fixtures.ts";

function upload(id: string, attributes: JsonObject, others: Partial<Upload> = {}): Upload {
  const path = `/1/${id}.jpg`;
  return {
    id,
    type: "upload",
    attributes: { url: `https://assets.example${path}`, path, ...attributes },
    ...others,
  };
}

Deno.test("uploadRows() gives one row per upload, whatever it lacks", () => {
  const rows = uploadRows([upload("1", { size: 5, tags: ["a"] }), upload("2", {})]);
  assert.deepEqual(pick(rows, "id", "path", "size", "tags", "md5", "_extra"), [
    ["1", "/1/1.jpg", 5, ["a"], null, null],
    ["2", "/1/2.jpg", null, null, null, null],
  ]);
});

Deno.test("uploadRows() gives every row the columns that tableSchema() tells of", () => {
  const table = tableSchema(schemaOf({})).tables.find(({ name }) => name === "uploads");
  const columns = table?.columns.map(({ name }) => name);
  for (const row of uploadRows([upload("1", {}), upload("2", { shiny: 1 })])) {
    assert.deepEqual(Object.keys(row), columns);
  }
});

Deno.test("uploadRows() tells creator, collection and what the antivirus said", () => {
  const scan = { status: "infected", checked_at: "2024-01-01T00:00:00Z", threat_name: "Eicar" };
  const rows = uploadRows([upload("1", {}, {
    relationships: {
      creator: { data: { id: "7", type: "user" } },
      upload_collection: { data: { id: "8", type: "upload_collection" } },
    },
    meta: { antivirus: scan },
  })]);
  const columns = ["_creator_type", "_creator_id", "_upload_collection_id", "_extra"];
  assert.deepEqual(pick(rows, ...columns), [["user", "7", "8", null]]);
  assert.deepEqual(
    pick(rows, "_antivirus_status", "_antivirus_checked_at", "_antivirus_threat_name"),
    [["infected", "2024-01-01T00:00:00Z", "Eicar"]],
  );
});

Deno.test("uploadRows() keeps what has no column", () => {
  const rows = uploadRows([upload("1", { shiny: [1] }, {
    relationships: { folder: { data: null } },
    meta: { antivirus: { status: "clean", engine: "x" }, other: 1 },
  })]);
  assert.deepEqual(rows[0]?._extra, {
    attributes: { shiny: [1] },
    relationships: { folder: { data: null } },
    meta: { antivirus: { status: "clean", engine: "x" }, other: 1 },
  });
});

Deno.test("normalizeUploads() gives rows page by page", async () => {
  const pages = ReadableStream.from([[upload("1", {})], [upload("2", {}), upload("3", {})]]);
  const rows = await Array.fromAsync(pages.pipeThrough(normalizeUploads()));
  assert.deepEqual(rows.map((page) => page.map(({ id }) => id)), [["1"], ["2", "3"]]);
});

Deno.test("uploadRows() takes uploads whose parts aren't there", () => {
  const none = { attributes: null, relationships: null, meta: null };
  const [row] = uploadRows([{ id: "1", type: "upload", ...none } as unknown as Upload]);
  assert.equal(row?.id, "1");
  assert.equal(row?._extra, null);
});

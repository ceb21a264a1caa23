import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import { tableRows } from "../../src/transform/normalize.ts";
import { project } from "./arbitraries.ts";

/** The program that docs/format.md shows: it takes nothing from this repository. */
async function programOfTheDocs(): Promise<
  (records: JsonObject[], blocks: JsonObject[], models: JsonObject[]) => Item[]
> {
  const page = await Deno.readTextFile(new URL("../../docs/format.md", import.meta.url));
  const [, text] = /^```js\n(\/\/ rebuild\.mjs\n.*?)^```/ms.exec(page) ?? [];
  assert.ok(text !== undefined);
  const path = await Deno.makeTempFile({ suffix: ".mjs" });
  try {
    // As a module, it doesn't run by itself.
    await Deno.writeTextFile(path, text.replace(/^if \(process.*$/m, ""));
    return (await import(`file://${path}`)).rebuild;
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("docs/format.md tells how every record is rebuilt from nothing but its rows and models/", async () => {
  const rebuild = await programOfTheDocs();
  fc.assert(
    fc.property(project({ odd: true }), ({ schema, records }) => {
      const models = schema.itemTypes.map((data) => {
        return { data, included: [...schema.fields(data.id), ...schema.fieldsets(data.id)] };
      });
      const tables = tableRows(records, schema, { version: "current", structuredText: "text" });
      const rows = (folder: string) =>
        tables.filter(({ table }) => table.startsWith(folder)).flatMap(({ rows }) => rows);
      const [recordRows, blockRows, files] = JSON.parse(
        JSON.stringify([rows("records/"), rows("blocks/"), models]),
      );
      const byId = (a: Item, b: Item) => a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
      assert.deepEqual(
        rebuild(recordRows, blockRows, files).toSorted(byId),
        records.toSorted(byId),
      );
    }),
    { numRuns: 60 },
  );
});

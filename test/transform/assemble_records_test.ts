import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject } from "../../src/content/resource.ts";
import { assembleRecords } from "../../src/transform/assemble_records.ts";
import { tableRows } from "../../src/transform/normalize.ts";
import { project } from "./arbitraries.ts";

Deno.test("assembleRecords() rebuilds every record from nothing but its table rows", () => {
  fc.assert(
    fc.property(project({ odd: true }), ({ schema, records }) => {
      const tables = tableRows(records, schema, { version: "current" });
      const rows = (folder: string) =>
        tables.filter(({ table }) => table.startsWith(folder)).flatMap(({ rows }) => rows)
          // As they are read from a file, and in any order.
          .map((row) => JSON.parse(JSON.stringify(row)) as JsonObject).reverse();
      const rebuilt = assembleRecords(
        { records: rows("records/"), blocks: rows("blocks/") },
        schema,
      );
      const byId = (a: { id: string }, b: { id: string }) => a.id < b.id ? -1 : 1;
      assert.deepEqual(rebuilt.toSorted(byId), records.toSorted(byId));
    }),
    { numRuns: 300 },
  );
});

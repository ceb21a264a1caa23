/**
 * Makes the tables of a generated snapshot in a directory that is removed afterwards, or parses its records alone, and
 * says what that took.
 *
 * @module
 */
import { LocalStorage } from "../mod.ts";
import type { TableFormat } from "../src/snapshot/layout.ts";
import { makeTables } from "../src/tools/tables.ts";
import { tell } from "./measured.ts";

/** What is made of which snapshot. */
export interface MadeTablesOf {
  /** Where the snapshots are: the newest is taken. */
  readonly root: string;
  /** How rows are encoded; nothing for none: records are parsed by `JSON.parse`. */
  readonly format?: TableFormat;
}

const { root, format } = JSON.parse(Deno.args[0]!) as MadeTablesOf;
const storage = new LocalStorage(root);
const out = await Deno.makeTempDir({ prefix: "sluice-bench-" });
try {
  await tell(async () => {
    if (format === undefined) return await parseRecords();
    const { tables, entries } = await makeTables({ storage, out: new LocalStorage(out), format });
    return { rows: tables.count, bytes: tables.bytes, entries };
  });
} finally {
  await Deno.remove(out, { recursive: true });
}

/** Nothing else than what any program that reads records does. */
async function parseRecords(): Promise<Record<string, number>> {
  let entries = 0;
  let bytes = 0;
  for await (const page of storage.list("content/")) {
    for (const { key } of page.filter(({ key }) => /\/batch_\d+\.ndjson$/.test(key))) {
      const text = await Deno.readTextFile(`${root}/${key}`);
      bytes += text.length;
      for (const line of text.split("\n")) if (line !== "" && JSON.parse(line)) entries++;
    }
  }
  return { entries, bytes };
}

/**
 * The script that DatoCMS documents for a backup of one's records, with its official client: all current records with
 * their blocks, page by page, into one file of JSON. A number of concurrent requests is the client's own option.
 *
 * @module
 * @see {@link https://www.datocms.com/docs/import-and-export/export-data}
 */
import { buildClient } from "@datocms/cma-client";
import { tell } from "./measured.ts";

const { url, models, concurrency } = JSON.parse(Deno.args[0]!) as {
  readonly url: string;
  readonly models: string;
  readonly concurrency?: number;
};
const file = await Deno.makeTempFile({ prefix: "sluice-bench-" });
await tell(async () => {
  const client = buildClient({ apiToken: "demo", baseUrl: url });
  const records = [];
  const query = {
    nested: true,
    version: "current",
    filter: { type: models },
  } as const;
  const how = concurrency === undefined ? {} : { concurrency };
  for await (const record of client.items.listPagedIterator(query, how)) records.push(record);
  await Deno.writeTextFile(file, JSON.stringify(records, null, 2));
  return { records: records.length };
});
await Deno.remove(file);

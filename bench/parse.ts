/**
 * What an export's records cost at least: `JSON.parse` and `JSON.stringify` of them, page by page as they come.
 *
 * @module
 */
import { cpuSeconds } from "./measured.ts";

const { url, models, pages } = JSON.parse(Deno.args[0]!) as {
  readonly url: string;
  readonly models: string;
  readonly pages: number;
};
const headers = { authorization: "Bearer demo", accept: "application/json", "x-api-version": "3" };
let [bytes, records, parseSeconds, stringifySeconds] = [0, 0, 0, 0];
for (let page = 0; page < pages; page++) {
  const query = `nested=true&version=current&page[limit]=30&page[offset]=${
    page * 30
  }&filter[type]=${models}`;
  const text = await (await fetch(`${url}/items?${query}`, { headers })).text();
  bytes += new TextEncoder().encode(text).length;
  let before = cpuSeconds();
  const { data } = JSON.parse(text);
  parseSeconds += cpuSeconds() - before;
  records += data.length;
  before = cpuSeconds();
  for (const record of data) JSON.stringify(record);
  stringifySeconds += cpuSeconds() - before;
}
const facts = { bytes, records, parseSeconds, stringifySeconds };
await Deno.stdout.write(
  new TextEncoder().encode(`${JSON.stringify({ seconds: 0, cpuSeconds: 0, peakMiB: 0, facts })}\n`),
);

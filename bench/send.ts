/**
 * Sends requests for a while, as fast as the API's rate limit lets them through.
 *
 * @module
 */
import { CmaClient } from "../mod.ts";
import { tell } from "./measured.ts";

const { url, requests } = JSON.parse(Deno.args[0]!) as {
  readonly url: string;
  readonly requests: number;
};
await tell(async () => {
  const client = new CmaClient({ apiToken: "demo", baseUrl: url });
  await client.get("/site");
  let left = requests - 1;
  const worker = async () => {
    while (left-- > 0) await client.get("/site");
  };
  await Promise.all(Array.from({ length: 40 }, worker));
});

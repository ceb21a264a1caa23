/**
 * Serves asset files by TLS, offering HTTP/2, each after a while, as a CDN does.
 *
 * @module
 */
import { assetBytes, type AssetServed } from "./asset_files.ts";

const { port, latencyMs, bytes, cert, key } = JSON.parse(Deno.args[0]!) as AssetServed;
const options = {
  port,
  hostname: "127.0.0.1",
  cert: await Deno.readTextFile(cert),
  key: await Deno.readTextFile(key),
  onListen: () => {},
};
await Deno.serve(options, async (request) => {
  await new Promise((resolve) => setTimeout(resolve, latencyMs));
  const number = Number(/(\d+)\.bin$/.exec(new URL(request.url).pathname)?.[1] ?? 0);
  return new Response(assetBytes(number, bytes));
}).finished;

/**
 * Serves asset files by TLS, each after a while, as a CDN does: offering HTTP/2 at a port, and HTTP/1.1 at the next
 * one. There an answer is sent at once: `Deno.serve` would send it in two parts, the second of which waits for a
 * delayed acknowledgement of the first.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer } from "node:https";
import { assetBytes, type AssetServed } from "./asset_files.ts";

const { port, latencyMs, bytes, cert, key } = JSON.parse(Deno.args[0]!) as AssetServed;
const pem = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
const numberOf = (path: string) => Number(/(\d+)\.bin/.exec(path)?.[1] ?? 0);

createServer(pem, (request, response) => {
  setTimeout(() => {
    response.writeHead(200, { "content-length": bytes });
    response.end(Buffer.from(assetBytes(numberOf(request.url ?? ""), bytes)));
  }, latencyMs);
}).listen(port + 1, "127.0.0.1");

const options = { port, hostname: "127.0.0.1", ...pem, onListen: () => {} };
await Deno.serve(options, async (request) => {
  await new Promise((resolve) => setTimeout(resolve, latencyMs));
  return new Response(assetBytes(numberOf(new URL(request.url).pathname), bytes));
}).finished;

import assert from "node:assert/strict";
import { responseBody } from "../../src/http/response_body.ts";
import { serveTcp } from "../support/http_server.ts";
import { turn } from "../support/until.ts";

/** Lets garbage be collected that was made before, also what has outlived the first collections. */
async function collectGarbage(): Promise<void> {
  let isCollected = false;
  const registry = new FinalizationRegistry(() => isCollected = true);
  (() => registry.register({}, undefined))();
  for (let i = 0; !isCollected; i++) {
    assert.ok(i < 5000, "nothing is collected");
    // Arrays of this size are never young.
    new Array(1_000_000).fill(i);
    await turn();
  }
}

Deno.test("responseBody() ends with the signal that fetch was given, however late", async () => {
  await using server = serveTcp(async (_request, connection) => {
    const text = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nfirst";
    await connection.write(new TextEncoder().encode(text));
    return undefined;
  });
  const stop = new AbortController();
  const begin = async () => responseBody(await fetch(server.url, { signal: stop.signal }));
  const readers = await Promise.all(Array.from({ length: 20 }, async () => {
    const reader = (await begin()).getReader();
    await reader.read();
    return reader;
  }));
  const reads = Promise.allSettled(readers.map((reader) => reader.read()));
  await collectGarbage();
  stop.abort(new Error("enough"));
  for (const outcome of await reads) {
    assert.equal(outcome.status === "rejected" && outcome.reason.message, "enough");
  }
});

Deno.test("responseBody() is empty for an answer without a body", async () => {
  assert.equal(await new Response(responseBody(new Response(null))).text(), "");
});

import assert from "node:assert/strict";
import { networkReason, responseBody } from "../../src/http/body.ts";
import { close, serveTcp } from "../support/http_server.ts";
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

async function failureOf(url: string): Promise<string> {
  return networkReason(await fetch(url).then(() => assert.fail(), (error) => error));
}

Deno.test("networkReason() says what went wrong, without the address", async () => {
  await using server = serveTcp((_request, connection) => close(connection));
  const { port } = new URL(server.url);
  for (const path of ["/", "/site?a=(b): c", "/(x)/y"]) {
    const reason = await failureOf(server.url + path);
    assert.match(reason, /^client error \(SendRequest\): /);
    assert.ok(!reason.includes(port), reason);
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  assert.match(
    await failureOf(`http://127.0.0.1:${listener.addr.port}/`),
    /^client error \(Connect\): .*refused/,
  );
});

Deno.test("networkReason() takes whatever was thrown, and makes it printable", () => {
  assert.equal(networkReason(new Error("a\u001b[2J")), "a\\u001b[2J");
  assert.equal(
    networkReason(new TypeError("fetch failed", { cause: new Error("no route") })),
    "no route",
  );
  assert.equal(networkReason("text"), "text");
  assert.equal(networkReason(undefined), "undefined");
  assert.ok(networkReason(new Error("x".repeat(10_000))).length <= 200);
});

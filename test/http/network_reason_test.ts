import assert from "node:assert/strict";
import { networkReason } from "../../src/http/network_reason.ts";
import { close, serveTcp } from "../support/http_server.ts";

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

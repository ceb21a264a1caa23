import assert from "node:assert/strict";
import fc from "fast-check";
import { CmaClient } from "../../../src/source/datocms/cma_client.ts";
import { EXIT, SluiceError } from "../../../src/error.ts";
import { allText, json, testClient, TOKEN } from "../../support/cma.ts";
import { serveHttp } from "../../support/http_server.ts";
import { anyCharacter } from "../../support/text.ts";

Deno.test("CmaClient.get() sends what the API asks for", async () => {
  const requests: { url: string; method: string; headers: Headers }[] = [];
  await using server = serveHttp((request) => {
    requests.push({
      url: request.url,
      method: request.method,
      headers: new Headers(request.headers),
    });
    return json({ data: [] });
  });
  await testClient(server.url, { environment: "spring" }).get("/items", {
    filter: { type: "abc", fields: { title: { eq: "a&b=c" } } },
    page: { offset: 0, limit: 30 },
    nested: true,
    order_by: "_created_at_ASC,id_ASC",
  });
  await testClient(server.url).get("/site");
  const [first, second] = requests;
  const url = new URL(first!.url);
  assert.equal(first!.method, "GET");
  assert.equal(url.pathname, "/items");
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    "filter[type]": "abc",
    "filter[fields][title][eq]": "a&b=c",
    "page[offset]": "0",
    "page[limit]": "30",
    nested: "true",
    order_by: "_created_at_ASC,id_ASC",
  });
  const { headers } = first!;
  assert.equal(headers.get("authorization"), `Bearer ${TOKEN}`);
  assert.equal(headers.get("x-api-version"), "3");
  assert.equal(headers.get("accept"), "application/json");
  assert.equal(headers.get("x-environment"), "spring");
  assert.equal(second!.headers.get("x-environment"), null);
  assert.equal(new URL(second!.url).search, "");
});

Deno.test("CmaClient.get() returns the body untouched, its size and the headers", async () => {
  const text = JSON.stringify({
    data: [{
      type: "item",
      id: "1",
      z: 1,
      a: "\u2028",
      relationships: { item_type: { data: { id: "m", type: "item_type" } } },
    }],
    meta: { total_count: 1 },
    "__proto__x": null,
  });
  await using server = serveHttp(() =>
    new Response(text, { headers: { "content-type": "application/json", "x-environment": "main" } })
  );
  const { body, bytes, headers } = await testClient(server.url).get("/items");
  assert.equal(JSON.stringify(body), text);
  assert.equal(bytes, new TextEncoder().encode(text).length);
  assert.equal(headers.get("x-environment"), "main");
});

Deno.test("CmaClient.get() returns any JSON as it came", async () => {
  let text = "";
  await using server = serveHttp(() => new Response(text));
  const client = testClient(server.url);
  await fc.assert(
    fc.asyncProperty(fc.json({ stringUnit: anyCharacter }), async (sent) => {
      text = sent;
      const { body } = await client.get("/items");
      assert.equal(JSON.stringify(body), JSON.stringify(JSON.parse(sent)));
    }),
    { numRuns: 25 },
  );
});

Deno.test("CmaClient.request() sends bodies, and takes answers without one", async () => {
  const seen: unknown[] = [];
  await using server = serveHttp(async (request) => {
    seen.push([request.method, request.headers.get("content-type"), await request.text()]);
    return new Response(null, { status: 204 });
  });
  const client = testClient(server.url);
  const sent = { data: { type: "environment", id: "x" } };
  const { body, bytes } = await client.request("POST", "/environments/main/fork", {}, sent);
  assert.equal(body, undefined);
  assert.equal(bytes, 0);
  await client.request("DELETE", "/environments/x", {}, undefined);
  assert.deepEqual(seen.map((each) => (each as string[]).slice(0, 2)), [[
    "POST",
    "application/json",
  ], ["DELETE", "application/json"]]);
  assert.deepEqual(JSON.parse((seen[0] as string[])[2]!), sent);
});

Deno.test("CmaClient.request() makes many requests at once without mixing up their answers", async () => {
  await using server = serveHttp(async (_request, url) => {
    await new Promise((resolve) => setTimeout(resolve, Number(url.searchParams.get("n")) % 7));
    return json({ data: url.searchParams.get("n") });
  });
  const client = testClient(server.url);
  const answers = await Promise.all(Array.from({ length: 60 }, async (_, n) => {
    return (await client.get<{ data: string }>("/items", { n: String(n) })).body.data;
  }));
  assert.deepEqual(answers, Array.from({ length: 60 }, (_, n) => String(n)));
});

Deno.test("CmaClient() refuses what no header can carry, and doesn't say the token", () => {
  for (const apiToken of ["s3cret\nt0ken", "s3cret\u{1F600}", "s3cret\0"]) {
    assert.throws(() => testClient("http://127.0.0.1", { apiToken }), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.exitCode, EXIT.usage);
      assert.match(error.message, /^Expected an API token of letters and digits, but /);
      assert.ok(!allText(error).includes("s3cret"));
      return true;
    });
  }
  assert.throws(
    () => testClient("http://127.0.0.1", { environment: "ma\nin" }),
    /^SluiceError: Expected the name of an environment, but "ma\\\\u000ain" holds characters /,
  );
});

Deno.test({
  name: "CmaClient doesn't try again what Deno doesn't allow",
  permissions: { net: false },
  async fn() {
    const client = new CmaClient({ apiToken: "t0ken", baseUrl: "http://127.0.0.1:8080" });
    await assert.rejects(client.get("/site"), Deno.errors.NotCapable);
  },
});

import assert from "node:assert/strict";
import { fetchOnce } from "../../src/async/fetch_once.ts";
import { S3Fetch } from "../../src/storage/s3/fetch.ts";
import { testClient } from "../support/cma.ts";
import { serveUnanswering } from "../support/unanswering_server.ts";

/** A body that is sent, and how it arrives. */
const BODIES: readonly (readonly [BodyInit | null, string])[] = [
  ['{"a":"ü"}', '{"a":"ü"}'],
  [new TextEncoder().encode("bytes"), "bytes"],
  [new Blob(["blob"]), "blob"],
  ["", ""],
  [null, ""],
];

Deno.test("fetchOnce() sends a request once although its connection breaks; fetch() sends it again", async () => {
  for (const [body, text] of BODIES) {
    for (const method of ["POST", "PUT", "DELETE"]) {
      for (
        const [send, times] of [[fetchOnce, 1], [fetch, body instanceof Blob ? 1 : 2]] as const
      ) {
        await using server = serveUnanswering();
        // There is a connection that was kept then.
        await (await fetch(server.url)).body?.cancel();
        await assert.rejects(send(server.url, { method, body }), TypeError);
        assert.equal(server.got.length, times, `${method} by ${send.name}`);
        for (const one of server.got) assert.deepEqual([one.method, one.body], [method, text]);
      }
    }
  }
});

Deno.test("fetchOnce() sends headers and bodies as fetch() does, and gives the answer", async () => {
  for (const [body] of BODIES) {
    await using server = serveUnanswering(0);
    for (const send of [fetch, fetchOnce]) {
      const response = await send(server.url, { method: "POST", body, headers: { "x-a": "b" } });
      assert.deepEqual(await response.json(), { data: {} });
    }
    const [plain, once] = server.got.map(({ headers, body }) => {
      const type = headers.get("content-type")?.toLowerCase();
      return [body, type, headers.get("content-length"), headers.get("x-a")];
    });
    assert.deepEqual(once, plain);
  }
});

Deno.test("CmaClient.request() sends what isn't idempotent once, unless it is told that it is", async () => {
  for (
    const [method, repeatable, times] of [
      ["POST", undefined, 1],
      ["PUT", undefined, 1],
      ["DELETE", undefined, 4],
      ["POST", true, 4],
    ] as const
  ) {
    await using server = serveUnanswering();
    const client = testClient(server.url);
    await client.get("/site");
    const body = method === "DELETE" ? undefined : { data: { id: "1" } };
    await assert.rejects(
      client.request(method, "/items/1", {}, body, { repeatable }),
      new RegExp(`gave no usable answer to ${method} /items/1 in ${times} attempts? over `),
    );
    assert.equal(server.got.length, times, method);
  }
});

Deno.test("S3Fetch begins an upload once although its connection breaks", async () => {
  await using server = serveUnanswering();
  const { hostname, port } = new URL(server.url);
  const s3 = new S3Fetch();
  const request = { protocol: "http:", hostname, port: Number(port), path: "/b/k", headers: {} };
  try {
    for (const body of [undefined, "<Complete/>"]) {
      await s3.handle({ ...request, method: "GET" });
      const before = server.got.length;
      await assert.rejects(
        s3.handle({ ...request, method: "POST", query: { uploads: "" }, body }),
        { code: "ECONNRESET" },
      );
      assert.equal(server.got.length, before + 1);
    }
  } finally {
    s3.destroy();
  }
});

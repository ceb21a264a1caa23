import assert from "node:assert/strict";
import { BlobView } from "../../../src/storage/s3/blob_view.ts";
import { assertBytes, bytesOf } from "../bodies.ts";
import { serveHttp } from "../../support/http_server.ts";

const MiB = 1024 * 1024;

Deno.test("BlobView is sent by fetch() with its length", async () => {
  await using server = serveHttp(async (request) => {
    const length = request.headers.get("content-length") ?? "none";
    return new Response(await request.arrayBuffer(), { headers: { length } });
  });
  for (const size of [1, MiB, 3 * MiB + 1]) {
    const bytes = bytesOf(size);
    const response = await fetch(server.url, { method: "PUT", body: new BlobView(bytes) });
    assert.equal(response.headers.get("length"), String(size));
    assert.ok(response.body);
    await assertBytes(response.body, bytes);
  }
});

Deno.test("BlobView gives views of its bytes", async () => {
  const bytes = bytesOf(3 * MiB + 1);
  const chunks = await Array.fromAsync(new BlobView(bytes).stream());
  assert.deepEqual(chunks.map(({ length }) => length), [MiB, MiB, MiB, 1]);
  assert.ok(chunks.every((chunk) => chunk.buffer === bytes.buffer));
});

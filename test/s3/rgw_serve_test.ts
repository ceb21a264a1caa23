import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { openSnapshot } from "../../src/tools/open.ts";
import { exportedToMemory, type Served, serveSnapshots } from "../support/served.ts";
import { openRgw, RGW } from "./open_rgw.ts";

Deno.test({
  name: "what is served from a real S3 server is what is served from memory",
  ignore: RGW === undefined,
  async fn() {
    const memory = await exportedToMemory({ tables: false });
    await using rgw = await openRgw(RGW!);
    for (const [key, bytes] of memory.objects) await rgw.storage.put(key, bytes);
    const [project, id] = (await openSnapshot(memory, "latest")).name.split("/");
    // Cursors are signed with it.
    const secrets = ["the same secret for both of them"];
    await using near = serveSnapshots(memory, { secrets });
    await using far = serveSnapshots(rgw.storage, { secrets });
    const at = `/api/v1/projects/${project}/snapshots/latest`;
    const { uploads: [upload] } = await (await near.ask(`${at}/uploads?limit=1`)).json();
    const paths = [
      `/api/v1/projects/${project}/snapshots`,
      `${at}/records?limit=3`,
      `${at}/uploads/${upload.id}`,
      `${at}/diff/${id}`,
      `${at}/export`,
      `${at}/assets/${upload.id}/x`,
    ];
    for (const path of paths) {
      const options = path.includes("/assets/") ? { headers: { Range: "bytes=2-5" } } : {};
      const [one, other] = [await near.ask(path, options), await far.ask(path, options)];
      assert.equal(other.status, one.status, path);
      assert.equal(await other.text(), await one.text(), path);
    }
    // Files are fetched from the server itself, unless they aren't to be.
    const read = async (served: Served) => {
      const { files } = await (await served.ask(`${at}/files?limit=500`)).json();
      const told = new Map<string, unknown[]>();
      for (const { name, url } of files as { name: string; url: string }[]) {
        const response = await fetch(url);
        const bytes = await response.bytes();
        const headers = ["content-type", "content-disposition"].map((name) => {
          return response.headers.get(name);
        });
        told.set(name, [response.status, crc32(bytes), ...headers]);
      }
      return {
        told,
        hosts: new Set((files as { url: string }[]).map(({ url }) => new URL(url).host)),
      };
    };
    const [direct, own] = [await read(far), await read(near)];
    assert.deepEqual(direct.told, own.told);
    assert.deepEqual([...direct.hosts], [new URL(RGW!).host]);
    await using through = serveSnapshots(rgw.storage, { secrets, directUrls: false });
    const { files: [file] } = await (await through.ask(`${at}/files?limit=1`)).json();
    assert.equal(new URL(file.url).host, new URL(through.url).host);
    // An address is for one file, and ends.
    const { files: [signed] } = await (await far.ask(`${at}/files?limit=1`)).json();
    const [ended, other] = [new URL(signed.url), new URL(signed.url)];
    ended.searchParams.set("X-Amz-Expires", "604800");
    other.pathname += "x";
    for (const url of [ended, other]) {
      const { status, body } = await fetch(url);
      await body?.cancel();
      assert.equal(status, 403);
    }
    assert.equal(new URL(signed.url).searchParams.get("X-Amz-Expires"), "3600");
    assert.deepEqual(far.errors, []);
  },
});

import assert from "node:assert/strict";
import { openSnapshot } from "../../src/tools/open.ts";
import { exportedToMemory, serveSnapshots } from "../support/served.ts";
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
    assert.deepEqual(far.errors, []);
  },
});

import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { copySnapshot } from "../../src/tools/copy.ts";
import { downloadSnapshot } from "../../src/tools/download.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { copyOf } from "../support/damage.ts";
import { workbench } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { openRgw, RGW } from "./open_rgw.ts";

if (RGW !== undefined) {
  const endpoint = RGW;
  Deno.test("copySnapshot() and downloadSnapshot() on a real server: disk to S3, S3 to S3, S3 to elsewhere", async () => {
    await using bench = await workbench({ project: sampleProject() });
    await bench.export({ tables: false });
    await using first = await openRgw(endpoint);
    await using second = await openRgw(endpoint);
    const up = await copySnapshot(bench.storage, "latest", first.storage);
    assert.deepEqual([up.state, up.assets.copied.count], ["copied", 12]);
    // What S3 says of an asset file tells that it is the one, and that browsers are to save it.
    const [asset] = (await Array.fromAsync(first.storage.list("assets/"))).flat();
    const { metadata } = (await first.storage.stat(asset!.key))!;
    assert.match(metadata!.md5!, /^[0-9a-f]{32}$/);

    // Interrupted before its last writes; then continued.
    const stop = new AbortController();
    const interrupted = copySnapshot(first.storage, "latest", second.storage, {
      signal: stop.signal,
      onProgress: ({ bytes, totalBytes }) => {
        if (bytes > totalBytes / 2) stop.abort(new DOMException("Enough.", "AbortError"));
      },
    });
    await assert.rejects(interrupted, { name: "AbortError" });
    const names = (await Array.fromAsync(second.storage.list(""))).flat().map(({ key }) => key);
    assert.ok(
      names.every((key) =>
        !/\/(?:manifest\.json|canary\.txt|lock\.json)$/.test(key) || key.includes("/models/")
      ),
    );
    const across = await copySnapshot(first.storage, "latest", second.storage);
    assert.equal(across.state, "copied");
    assert.equal(across.objects.skipped.count + across.assets.skipped.count, names.length);
    const { status } = await verifySnapshot(second.storage, "latest", { level: "references" });
    assert.equal(status, "intact");
    assert.equal((await copySnapshot(first.storage, "latest", second.storage)).state, "there");

    const down = new MemoryStorage();
    await copySnapshot(second.storage, "latest", down);
    assert.deepEqual(down.objects, new Map([...(await copyOf(bench.storage)).objects].sort()));

    // The same archive from wherever, and into S3.
    const bytesOf = async (storage: Parameters<typeof downloadSnapshot>[0]) => {
      return await new Response((await downloadSnapshot(storage, "latest")).bytes).bytes();
    };
    const archive = await bytesOf(bench.storage);
    assert.deepEqual(await bytesOf(second.storage), archive);
    const { bytes, fileName } = await downloadSnapshot(first.storage, "latest");
    const { size } = await second.storage.put(`archives/${fileName}`, bytes);
    assert.equal(size, archive.length);
  });
}

import assert from "node:assert/strict";
import { join } from "node:path";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { run } from "../../support/ended_run.ts";
import { temporaryDirectory } from "../local_directory.ts";

const text = (text: string) => new TextEncoder().encode(text);
const IN_ITS_PLACE =
  /was replaced by a symbolic link, or by one that leads elsewhere: what led to ".*" when it was first used must do so all the while, so put that back and export again\.$/;

/** Everything below a directory. */
function below(path: string): string[] {
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) => {
    return isDirectory ? [name, ...below(join(path, name))] : [name];
  });
}

/** Moves a directory away, and puts a link to another one in its place. */
function replace(path: string, target: string): void {
  Deno.renameSync(path, `${path}-moved`);
  Deno.symlinkSync(target, path);
}

Deno.test({
  name: "LocalStorage gives nothing to a symbolic link that is put in its root's place",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    const [root, other] = ["root", "other"].map((name) => join(directory.path, name)) as [
      string,
      string,
    ];
    Deno.mkdirSync(other);
    await Deno.writeTextFile(join(other, "mine.txt"), "mine");
    const storage = new LocalStorage(root);
    await storage.put("a/x", text("x"));
    replace(root, other);
    await assert.rejects(storage.put("a/y", text("y")), { message: IN_ITS_PLACE });
    await assert.rejects(storage.put("a/x", text("y")), { message: IN_ITS_PLACE });
    await assert.rejects(storage.delete(["mine.txt"]), { message: IN_ITS_PLACE });
    await assert.rejects(storage.get("mine.txt"), { message: IN_ITS_PLACE });
    assert.deepEqual(below(other), ["mine.txt"]);
    // Another one takes what is there now.
    await new LocalStorage(root).put("a/y", text("y"));
    assert.deepEqual(below(other).sort(), ["a", "mine.txt", "y"]);
  },
});

Deno.test({
  name: "LocalStorage gives nothing to a link that leads elsewhere than when it was first used",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    for (const name of ["disk", "other"]) Deno.mkdirSync(at(name));
    Deno.symlinkSync(at("disk"), at("root"));
    const storage = new LocalStorage(at("root"));
    await storage.put("x", text("x"));
    Deno.removeSync(at("root"));
    Deno.symlinkSync(at("other"), at("root"));
    await assert.rejects(storage.put("y", text("y")), { message: IN_ITS_PLACE });
    assert.deepEqual([below(at("disk")), below(at("other"))], [["x"], []]);
  },
});

Deno.test({
  name:
    "LocalStorage gives nothing to a symbolic link that is put in a folder's place while it writes",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const isInside of [false, true]) {
      await using directory = await temporaryDirectory();
      const root = join(directory.path, "root");
      const other = isInside ? join(root, "other") : join(directory.path, "other");
      const storage = new LocalStorage(root);
      await storage.put("a/b/x", text("x"));
      Deno.mkdirSync(other);
      const body = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
      const writer = body.writable.getWriter();
      const put = storage.put("a/b/y", body.readable);
      put.catch(() => {});
      await writer.write(text("y"));
      // Its file is half written.
      while (!below(root).some((name) => name.endsWith(".tmp"))) {
        await new Promise((r) => setTimeout(r));
      }
      replace(join(root, "a"), other);
      Deno.mkdirSync(join(other, "b"));
      await writer.close();
      await assert.rejects(put, isInside ? { message: IN_ITS_PLACE } : { message: /leads out of/ });
      await assert.rejects(storage.put("a/b/z", text("z")), { name: "StorageError" });
      assert.deepEqual(below(other), ["b"], `inside: ${isInside}`);
    }
  },
});

Deno.test({
  name: "exportProject() whose destination is replaced by a symbolic link writes nothing there",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    const [root, other] = [join(directory.path, "root"), join(directory.path, "other")];
    Deno.mkdirSync(other);
    let requests = 0;
    await using cma = startDemoCma({
      project: generateProject({ records: 40, models: 2, uploads: 4, assetBytes: 30 }),
      rateLimit: false,
      onRequest: () => {
        if (++requests === 12) replace(root, other);
        return undefined;
      },
    });
    await assert.rejects(run(cma, new LocalStorage(root)), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /replaced by (a symbolic link|another one)/);
      return true;
    });
    assert.ok(requests >= 12);
    assert.deepEqual(below(other), []);
  },
});

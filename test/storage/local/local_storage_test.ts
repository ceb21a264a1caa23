import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { ObjectExistsError, StorageError } from "../../../src/storage/storage.ts";
import { bytesIn, bytesOf, chunksOf, collect, TestBody } from "../bodies.ts";
import { leftoversIn, openLocal, patch, temporaryDirectory } from "../local_directory.ts";
import { storageContract } from "../storage_contract.ts";

storageContract("LocalStorage", openLocal);

Deno.test("LocalStorage() takes a path or a file: URL", async () => {
  await using directory = await temporaryDirectory();
  const root = join(directory.path, "a #1? 100%");
  const url = pathToFileURL(root);
  for (const storage of [new LocalStorage(root), new LocalStorage(url)]) {
    assert.equal(storage.root, root);
    assert.equal(storage.url, url.href);
    await storage.put("x", bytesOf(3));
    assert.equal((await Deno.stat(join(root, "x"))).size, 3);
  }
  assert.throws(() => new LocalStorage(new URL("https://example.com/")), TypeError);
});

Deno.test("LocalStorage.put() writes all bytes where the system takes a few at a time", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  const write = Deno.FsFile.prototype.write;
  const bytes = bytesOf(100_000);
  {
    using _ = patch(Deno.FsFile.prototype, "write", function (this: Deno.FsFile, bytes) {
      return write.call(this, bytes.subarray(0, 7_001));
    });
    await storage.put("x", bytes);
  }
  assert.deepEqual(await bytesIn(await storage.get("x")), bytes);
});

Deno.test("LocalStorage.put() says that the disk is full, and tidies up", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  const body = new TestBody(chunksOf(bytesOf(2_000_000), 65_536));
  let written = 0;
  const write = Deno.FsFile.prototype.write;
  {
    using _ = patch(Deno.FsFile.prototype, "write", async function (this: Deno.FsFile, bytes) {
      // What Deno throws when write(2) gives ENOSPC.
      if (written > 500_000) {
        throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
      }
      written += bytes.length;
      return await write.call(this, bytes);
    });
    const path = JSON.stringify(join(directory.path, "a/x"));
    await assert.rejects(
      storage.put("a/x", body),
      new StorageError(
        `Can't write "a/x", because the disk that holds ${path} is full: free some space or choose another one.`,
      ),
    );
  }
  assert.ok(body.cancelled);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(directory.path)), []);
});

Deno.test("LocalStorage.put() says what is in its way", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  await storage.put("dir/file", bytesOf(1));
  const body = () => new TestBody([bytesOf(10)]);
  await assert.rejects(storage.put("dir", body()), /"dir", because ".*dir" is a directory: remove/);
  const file = JSON.stringify(`${await Deno.realPath(directory.path)}/dir/file`);
  for (const key of ["dir/file/x", "dir/file/x/y"]) {
    await assert.rejects(storage.put(key, body()), {
      message:
        `Can't write "${key}", because ${file} is a file, not a directory: move it or choose another path.`,
    });
  }
  await assert.rejects(new LocalStorage(`${directory.path}/dir/file`).hold("lock"), {
    message:
      `Can't write to ${file}, because ${file} is a file, not a directory: move it or choose another path.`,
  });
  const long = body();
  await assert.rejects(storage.put("n".repeat(300), long), /is longer than its file system allows/);
  // A name that can't be had is found out before anything is fetched for it.
  assert.equal(long.pulled, 0);
  assert.equal(await storage.stat("n".repeat(300)), undefined);
  assert.deepEqual(await leftoversIn(directory.path), []);
});

Deno.test({
  name: "LocalStorage.put() says that it may not write there",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    const root = join(directory.path, "read-only");
    await Deno.mkdir(root, { mode: 0o555 });
    const put = new LocalStorage(root).put("x", bytesOf(1));
    const superuser = await Deno.writeTextFile(join(root, "y"), "").then(() => true, () => false);
    if (superuser) assert.equal((await put).size, 1);
    else await assert.rejects(put, /this user has no permission for ".*x"/);
  },
});

Deno.test("LocalStorage doesn't advise to allow everything", async () => {
  const storage = new LocalStorage("/proc/sluice");
  await assert.rejects(
    storage.put("x", bytesOf(1)),
    /^StorageError: Can't write "x", because Deno keeps "\/proc\/sluice" from .*: choose another path\.$/,
  );
});

Deno.test({
  name: "LocalStorage names the permission that Deno misses",
  permissions: { read: true, write: false },
  async fn() {
    const root = join(Deno.cwd(), "nowhere");
    const storage = new LocalStorage(root);
    const path = JSON.stringify(root);
    await assert.rejects(
      storage.put("x", bytesOf(1)),
      new StorageError(
        `Can't write "x", because Deno may not write ${path}: run it again with --allow-write=${path}.`,
      ),
    );
  },
});

Deno.test({
  name: "LocalStorage stays in its root where symbolic links lead out",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    const outside = join(directory.path, "outside");
    const root = join(directory.path, "root");
    await Deno.mkdir(join(outside, "dir"), { recursive: true });
    await Deno.mkdir(root);
    await Deno.writeTextFile(join(outside, "secret"), "secret");
    await Deno.symlink(outside, join(root, "out"));
    await Deno.symlink(join(outside, "secret"), join(root, "secret"));
    await Deno.symlink("../outside/new", join(root, "dangling"));
    const storage = new LocalStorage(root);
    const leads = /is reached by a symbolic link that leads out of/;
    const body = new TestBody([bytesOf(3)]);
    await assert.rejects(storage.put("out/x", body), leads);
    assert.ok(body.cancelled);
    await assert.rejects(storage.put("out/new/er/x", bytesOf(3)), leads);
    await assert.rejects(storage.put("dangling/x", bytesOf(3)), StorageError);
    await assert.rejects(storage.get("out/secret"), leads);
    await assert.rejects(storage.get("secret"), leads);
    await assert.rejects(storage.stat("out/secret"), leads);
    await assert.rejects(storage.delete(["out/secret"]), leads);
    await assert.rejects(collect(storage.list("out/")), leads);
    assert.deepEqual(await collect(storage.list("")), []);
    // The link itself may be replaced or deleted: that leaves what it led to alone.
    await storage.put("secret", bytesOf(3));
    await storage.delete(["out", "dangling"]);
    assert.equal(await Deno.readTextFile(join(outside, "secret")), "secret");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(outside))).length, 2);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(root))).map((e) => e.name), ["secret"]);
  },
});

Deno.test({
  name: "LocalStorage follows symbolic links that stay in its root",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    const storage = new LocalStorage(directory.path);
    await storage.put("snapshot_1/x", bytesOf(3));
    await Deno.symlink("snapshot_1", join(directory.path, "latest"));
    await Deno.symlink("loop", join(directory.path, "loop"));
    assert.equal((await storage.stat("latest/x"))?.size, 3);
    await storage.put("latest/y", bytesOf(4));
    assert.equal((await storage.stat("snapshot_1/y"))?.size, 4);
    await assert.rejects(storage.get("loop/x"), /lead in a circle/);
    const listed = (await collect(storage.list(""))).flat().map((info) => info.key);
    assert.deepEqual(listed, ["snapshot_1/x", "snapshot_1/y"]);
  },
});

Deno.test("LocalStorage.put() with ifAbsent works where there are no hard links", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  using _ = patch(Deno, "link", () =>
    // What link(2) gives on FAT.
    Promise.reject(Object.assign(new Error("Operation not permitted"), { code: "EPERM" })));
  const puts = Array.from(
    { length: 10 },
    (_, i) => storage.put("x", bytesOf(10, i), { ifAbsent: true }).then(() => i),
  );
  const outcomes = await Promise.allSettled(puts);
  const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
  assert.equal(won.length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") assert.ok(outcome.reason instanceof ObjectExistsError);
  }
  assert.deepEqual(await bytesIn(await storage.get("x")), bytesOf(10, won[0]?.value));
  assert.deepEqual(await leftoversIn(directory.path), []);
});

Deno.test("LocalStorage.put() is not disturbed by deletes around it", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    await storage.put(`a/b/${i}`, bytesOf(10));
    await storage.delete([`a/b/${i}`]);
    await storage.put(`a/b/${i}`, bytesOf(10));
  }));
  assert.equal((await collect(storage.list("a/b/"))).flat().length, 40);
});

Deno.test("LocalStorage.hold() keeps other storages of the same directory out", async () => {
  await using directory = await temporaryDirectory();
  const [one, other] = [new LocalStorage(directory.path), new LocalStorage(directory.path)];
  const olderThan = new Date(Date.now() + 60_000);
  {
    await using hold = await one.hold("a/b");
    assert.ok(hold);
    assert.equal(await other.hold("a/b"), undefined);
    assert.equal(await other.isHeld("a/b"), true);
    // However old it is: a file of the same name would be another lock.
    assert.equal(await other.sweep("", { olderThan }), 0);
    assert.equal(await other.isHeld("a/b"), true);
  }
  const hold = await other.hold("a/b");
  const [file] = await Array.fromAsync(Deno.readDir(join(directory.path, "a")));
  assert.ok(hold && file);
  const path = join(directory.path, "a", file.name);
  // Removed and made again by somebody else: this one's hold says nothing any more.
  await Deno.remove(path);
  assert.equal(await one.isHeld("a/b"), undefined);
  await Deno.writeTextFile(path, "");
  assert.equal(await one.isHeld("a/b"), false);
  await hold[Symbol.asyncDispose]();
  await Deno.mkdir(join(directory.path, "a"));
  await Deno.writeTextFile(path, "");
  assert.equal(await one.sweep("", { olderThan }), 1);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(directory.path)), []);
});

Deno.test("LocalStorage.sweep() removes what killed processes left, and nothing else", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  await storage.put("a/x", bytesOf(3));
  const old = `b/c/.sluice-${crypto.randomUUID()}.tmp`;
  const young = `a/.sluice-${crypto.randomUUID()}.tmp`;
  await Deno.mkdir(join(directory.path, "b/c"), { recursive: true });
  for (const name of [old, young]) await Deno.writeFile(join(directory.path, name), bytesOf(9));
  await Deno.utime(join(directory.path, old), 1_000_000, 1_000_000);
  await Deno.utime(join(directory.path, "a/x"), 1_000_000, 1_000_000);
  const olderThan = new Date(2_000_000_000);
  assert.deepEqual((await collect(storage.list(""))).flat().map((info) => info.key), ["a/x"]);
  assert.equal(await storage.sweep("elsewhere/", { olderThan }), 0);
  assert.equal(await storage.sweep("", { olderThan }), 1);
  assert.deepEqual(await leftoversIn(directory.path), [young]);
  assert.equal((await storage.stat("a/x"))?.size, 3);
});

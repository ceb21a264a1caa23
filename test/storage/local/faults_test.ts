import assert from "node:assert/strict";
import { join } from "node:path";
import { checkLocal } from "../../../src/doctor/check_local.ts";
import { localError } from "../../../src/storage/local/local_error.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { ObjectExistsError, StorageError } from "../../../src/storage/storage.ts";
import { assertBytes, bytesOf, chunksOf, TestBody } from "../bodies.ts";
import { leftoversIn, patch, temporaryDirectory } from "../local_directory.ts";

/** What Deno throws when the system gives an error that it has no class for. */
const systemError = (code: string): Error =>
  Object.assign(new Error(`${code} (os error)`), { code });

Deno.test("localError() says in one sentence what the system's codes mean, and what to do", () => {
  const meanings: Readonly<Record<string, RegExp>> = {
    ENOSPC: /the disk that holds "\/a\/b" is full: free some space/,
    EDQUOT: /the disk quota for "\/a\/b" is used up: free some space/,
    EROFS: /"\/a\/b" is on a read-only file system: choose another destination/,
    EACCES: /this user has no permission for "\/a\/b": change it/,
    EXDEV: /"\/a\/b" is where another disk is mounted: choose another/,
    EBUSY: /"\/a\/b" is in use by the system or another program: end that/,
    ESTALE: /the network share that holds "\/a\/b" was replaced: mount it again/,
    EIO: /the disk that holds "\/a\/b" fails to read or write: check that disk/,
    EMFILE: /too many files are open: raise the limit/,
    // No code of the system's, but names of what every object has.
    constructor: /"\/a\/b" gave an error: constructor \(os error\)/,
    __proto__: /"\/a\/b" gave an error: __proto__ \(os error\)/,
  };
  for (const [code, meaning] of Object.entries(meanings)) {
    const { message } = localError(systemError(code), 'write "b"', "/a/b");
    assert.match(message, /^Can't write "b", because .*\.$/);
    assert.match(message, meaning);
  }
  const own = new StorageError("It broke.");
  assert.equal(localError(own, "write", "/a/b"), own);
});

Deno.test({
  name: "LocalStorage.put() says that its directory was removed meanwhile, and can be tried again",
  // There, a directory with an open file can't be removed.
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const ifAbsent of [false, true]) {
      await using directory = await temporaryDirectory();
      const root = join(directory.path, "root");
      const storage = new LocalStorage(root);
      const body = new TestBody([bytesOf(10)], "stall");
      const controller = new AbortController();
      const aborted = storage.put("a/y", body, { signal: controller.signal });
      await Promise.race([body.stalled, aborted]);
      const removing = async function* () {
        yield bytesOf(10);
        await Deno.remove(root, { recursive: true });
        yield bytesOf(10);
      };
      await assert.rejects(
        storage.put("a/x", ReadableStream.from(removing()), { ifAbsent }),
        /^StorageError: Can't write "a\/x", because ".*" or a directory on its way was removed meanwhile/,
      );
      controller.abort(new Error("stop"));
      await assert.rejects(aborted, /stop/);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(directory.path)), []);
      await storage.put("a/x", bytesOf(20), { ifAbsent });
      await assertBytes(await storage.get("a/x"), bytesOf(20));
    }
  },
});

Deno.test({
  name: "LocalStorage works in a directory that a symbolic link leads to",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    await Deno.mkdir(join(directory.path, "real"));
    await Deno.symlink("real", join(directory.path, "link"));
    const storage = new LocalStorage(join(directory.path, "link"));
    await storage.put("a/x", bytesOf(3), { ifAbsent: true });
    {
      await using hold = await storage.hold("a/x");
      assert.ok(hold);
    }
    assert.equal((await Deno.stat(join(directory.path, "real/a/x"))).size, 3);
    await storage.delete(["a/x"]);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(join(directory.path, "real"))), []);
    assert.ok((await Deno.lstat(join(directory.path, "link"))).isSymlink);
  },
});

Deno.test({
  name: "LocalStorage says that a symbolic link leads to nothing, as to a disk that isn't mounted",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using directory = await temporaryDirectory();
    const link = join(directory.path, "backup");
    await Deno.symlink("mnt/disk", link);
    const storage = new LocalStorage(link);
    const expected = new StorageError(
      `${
        JSON.stringify(link)
      } is a symbolic link that leads to nothing: mount what it should lead to, or ` +
        "remove the link.",
    );
    await assert.rejects(storage.put("x", bytesOf(3)), expected);
    await assert.rejects(storage.put("a/b/x", bytesOf(3), { ifAbsent: true }), expected);
    await assert.rejects(storage.hold("a/b/x"), expected);
    assert.equal((await Array.fromAsync(Deno.readDir(directory.path))).length, 1);
  },
});

Deno.test("LocalStorage.put() leaves nothing when a file can't be given its name", async () => {
  for (const code of ["EXDEV", "EBUSY", "EROFS", "EDQUOT"]) {
    await using directory = await temporaryDirectory();
    const storage = new LocalStorage(directory.path);
    await storage.put("a/x", bytesOf(1));
    {
      using _ = patch(Deno, "rename", () => Promise.reject(systemError(code)));
      await assert.rejects(
        storage.put("a/x", bytesOf(3)),
        /^StorageError: Can't write "a\/x", because/,
      );
      await assert.rejects(storage.put("b/c/x", bytesOf(3)), StorageError);
    }
    await assertBytes(await storage.get("a/x"), bytesOf(1));
    assert.deepEqual(await leftoversIn(directory.path), []);
    const names = (await Array.fromAsync(Deno.readDir(directory.path))).map(({ name }) => name);
    assert.deepEqual(names, ["a"]);
  }
});

Deno.test("LocalStorage.put() with ifAbsent works wherever hard links are refused", async () => {
  for (const code of ["EACCES", "EXDEV", "ENOSYS", "EOPNOTSUPP"]) {
    await using directory = await temporaryDirectory();
    const storage = new LocalStorage(directory.path);
    using _ = patch(Deno, "link", () => Promise.reject(systemError(code)));
    await storage.put("a/x", bytesOf(3), { ifAbsent: true });
    await assert.rejects(storage.put("a/x", bytesOf(4), { ifAbsent: true }), ObjectExistsError);
    await assertBytes(await storage.get("a/x"), bytesOf(3));
    assert.deepEqual(await leftoversIn(directory.path), []);
  }
});

Deno.test("LocalStorage takes names of 255 bytes, and no longer ones", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  // In a directory that is there, a name that is too long is found out before anything is read.
  await storage.put("a/x", bytesOf(1));
  const longest = ["n".repeat(255), `${"é".repeat(127)}n`, `${"😀".repeat(63)}nnn`];
  for (const name of longest) {
    for (const key of [name, `a/${name}`, `${name}/${name}`]) {
      const body = new TestBody(chunksOf(bytesOf(9), 4));
      await storage.put(key, body, { ifAbsent: true });
      await storage.put(key, bytesOf(5));
      await using hold = await storage.hold(key);
      assert.ok(hold);
      assert.equal((await storage.stat(key))?.size, 5);
      await storage.delete([key]);
    }
    const body = new TestBody([bytesOf(9)]);
    await assert.rejects(storage.put(`a/${name}n`, body), /longer than its file system allows/);
    assert.equal(body.pulled, 0);
  }
  const deep = Array(900).fill("abcd").join("/");
  await assert.rejects(storage.put(deep, bytesOf(1)), /is longer than its file system allows/);
  await storage.delete([deep, "a/x"]);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(directory.path)), []);
});

Deno.test("checkLocal() removes no more than the empty directories that it made", async () => {
  await using directory = await temporaryDirectory();
  const root = join(directory.path, "a/b");
  /** Somebody else puts a file where the directory was. */
  class Replaced extends LocalStorage {
    override async delete(keys: readonly string[]): Promise<void> {
      await super.delete(keys);
      if (keys[0]?.startsWith("content/")) return;
      await Deno.remove(root, { recursive: true });
      await Deno.writeTextFile(root, "mine");
    }
  }
  await checkLocal(new Replaced(root));
  assert.equal(await Deno.readTextFile(root), "mine");
});

Deno.test("LocalStorage.delete() that fails is over when it says so, and has deleted the others", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  for (const key of ["a", "b", "c"]) await storage.put(key, bytesOf(3));
  const remove = Deno.remove;
  using _patched = patch(Deno, "remove", async (path, options) => {
    if (String(path).endsWith("a")) throw systemError("EBUSY");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await remove(path, options);
  });
  await assert.rejects(
    storage.delete(["a", "b", "c"]),
    /^StorageError: Can't delete .*a" is in use/,
  );
  const names = Array.from(Deno.readDirSync(directory.path), ({ name }) => name);
  assert.deepEqual(names, ["a"]);
});

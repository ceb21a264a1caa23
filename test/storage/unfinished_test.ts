import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { SluiceError } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { ObjectChangedError, ObjectExistsError, type Storage } from "../../src/storage/storage.ts";
import { openFake } from "../s3/open_fake.ts";
import { patch, temporaryDirectory } from "./local_directory.ts";

const text = (text: string) => new TextEncoder().encode(text);

async function textAt(storage: Storage, key: string): Promise<string> {
  return await new Response(await storage.get(key)).text();
}

/** A put that stops right before its file gets its name. */
async function stopped(
  storage: Storage,
  key: string,
  replaces?: null,
): Promise<{ readonly wake: () => void; readonly put: Promise<unknown> }> {
  const isThere = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<void>();
  const check = async () => {
    isThere.resolve();
    await woken.promise;
  };
  const put = storage.put(key, text("late"), { replaces, fence: { check } });
  put.catch(() => {});
  await isThere.promise;
  return { wake: () => woken.resolve(), put };
}

Deno.test("LocalStorage.clear() and abandon() end what other processes have begun to write", async () => {
  await using directory = await temporaryDirectory();
  for (const how of ["clear", "abandon"] as const) {
    for (const replaces of [undefined, null] as const) {
      const [sleeping, storage] = [0, 0].map(() => new LocalStorage(directory.path)) as [
        LocalStorage,
        LocalStorage,
      ];
      const key = `${how}/${replaces === null}/x`;
      if (replaces === undefined) await storage.put(key, text("sealed"));
      const { wake, put } = await stopped(sleeping, key, replaces);
      if (how === "clear") assert.deepEqual(await storage.clear(`${how}/`), []);
      else await storage.abandon(key);
      if (replaces === null) await storage.put(key, text("sealed"));
      wake();
      const isLeft = how === "abandon" && replaces === null;
      await assert.rejects(put, isLeft ? /is there already/ : /was removed meanwhile/);
      assert.equal(await textAt(storage, key), "sealed");
      const names = [...Deno.readDirSync(dirname(join(directory.path, key)))].map((e) => e.name);
      assert.deepEqual(names, ["x"]);
    }
  }
});

Deno.test("LocalStorage.abandon() leaves what is written for other keys", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  const { wake, put } = await stopped(storage, "a/x");
  await storage.abandon("a/y");
  wake();
  await put;
  assert.equal(await textAt(storage, "a/x"), "late");
});

Deno.test("LocalStorage without hard links doesn't remove another one's file when it wakes up", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  const unsupported = Object.assign(new Error("no links"), { code: "EPERM" });
  using _link = patch(Deno, "link", () => Promise.reject(unsupported));
  const { rename } = Deno;
  let interfere = true;
  // Its name is taken by an empty file. Now it falls asleep, and another one completes what it wrote.
  using _rename = patch(Deno, "rename", async (from, to) => {
    if (interfere) {
      interfere = false;
      await storage.clear("");
      await storage.delete(["x"]);
      await storage.put("x", text("sealed"), { replaces: null });
    }
    await rename(from, to);
  });
  await assert.rejects(storage.put("x", text("late"), { replaces: null }), /removed meanwhile/);
  assert.equal(await textAt(storage, "x"), "sealed");
  // What nobody else has taken since is given back.
  interfere = false;
  using _broken = patch(Deno, "rename", () => Promise.reject(new Error("no")));
  await assert.rejects(storage.put("y", text("y"), { replaces: null }));
  assert.equal(await storage.stat("y"), undefined);
});

Deno.test("A storage's put() replaces what it is told to, and nothing else", async () => {
  await using directory = await temporaryDirectory();
  await using all = await openFake();
  await using puts = await openFake({ conditions: "puts" });
  await using none = await openFake({ conditions: "none" });
  for (const storage of [new LocalStorage(directory.path), all.storage, puts.storage]) {
    const first = await storage.put("a/x", text("1"), { replaces: null });
    await assert.rejects(storage.put("a/x", text("2"), { replaces: null }), ObjectExistsError);
    if (first.etag === undefined) continue;
    const second = await storage.put("a/x", text("3"), { replaces: first.etag });
    for (const replaces of [first.etag, "0".repeat(32)]) {
      await assert.rejects(storage.put("a/x", text("4"), { replaces }), ObjectChangedError);
    }
    await storage.delete(["a/x"]);
    const late = storage.put("a/x", text("4"), { replaces: second.etag! });
    await assert.rejects(late, ObjectChangedError);
    assert.equal(await storage.stat("a/x"), undefined);
  }
  // A server that knows no conditions writes all the same, without further requests.
  await none.storage.put("a/x", text("1"), { replaces: null });
  none.fake.requests.length = 0;
  await none.storage.put("a/x", text("2"), { replaces: null });
  assert.deepEqual(none.fake.requests.map(({ operation }) => operation), ["PutObject"]);
});

Deno.test("A storage asks the fence right before each attempt, and after all else", async () => {
  await using directory = await temporaryDirectory();
  await using opened = await openFake();
  for (const storage of [new LocalStorage(directory.path), opened.storage]) {
    const refused = new SluiceError("The lock is lost.");
    let calls = 0;
    const fence = {
      check: () =>
        void (++calls === 2 && (() => {
          throw refused;
        })()),
    };
    if (storage === opened.storage) {
      opened.fake.fail({ operation: "PutObject", effect: "reset" });
      await assert.rejects(storage.put("x", text("x"), { fence }), (error) => error === refused);
    } else {
      await storage.put("y", text("y"), { fence });
      await assert.rejects(storage.delete(["y"], { fence }), (error) => error === refused);
      assert.equal(await textAt(storage, "y"), "y");
    }
    assert.equal(calls, 2);
    assert.equal(await storage.stat("x"), undefined);
  }
});

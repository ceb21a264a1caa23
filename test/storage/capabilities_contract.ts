import assert from "node:assert/strict";
import { ObjectChangedError } from "../../src/storage/storage.ts";
import { assertBytes, collect } from "./bodies.ts";
import { type OpenedStorage, testOpened, text } from "./opened_storage.ts";

/**
 * Registers the tests of what only some storages can do; one that can't leaves the method out.
 *
 * @param name The storage's name, for the tests' names.
 * @param open Opens an empty storage.
 */
export function capabilitiesContract(name: string, open: () => Promise<OpenedStorage>): void {
  const test = (what: string, run: (opened: OpenedStorage) => Promise<void>): void =>
    testOpened(`${name} ${what}`, open, run);

  test("mayDelete() tells what delete() then does, and leaves no trace", async (opened) => {
    const { storage } = opened;
    if (storage.mayDelete === undefined) return;
    assert.equal(await storage.mayDelete("a/not there"), true);
    await storage.put("a/b", text("b"));
    await storage.delete(["a/b"]);
    assert.deepEqual(await collect(storage.list("")), []);
    assert.deepEqual(await opened.leftovers(), []);
  });

  test("replace() writes in the place of just the one that has the tag", async (opened) => {
    const { storage } = opened;
    if (storage.replace === undefined) return;
    const { etag } = await storage.put("a", text("first"));
    const done = await storage.replace("a", etag!, text("second"));
    // A server without such a condition says so, and writes nothing.
    await assertBytes(await storage.get("a"), text(done ? "second" : "first"));
    const late = await storage.replace("a", `${etag}0`, text("third")).catch((error) => {
      assert.ok(error instanceof ObjectChangedError, String(error));
      return false;
    });
    assert.ok(!late);
    await assertBytes(await storage.get("a"), text(done ? "second" : "first"));
    assert.deepEqual(await opened.leftovers(), []);
  });

  test("clear(), sweep() and abandon() leave objects alone", async (opened) => {
    const { storage } = opened;
    await storage.put("a/b", text("b"));
    await storage.put("c", text("c"));
    if (storage.clear) assert.deepEqual(await storage.clear("a/"), []);
    const olderThan = new Date(Date.now() + 60_000);
    if (storage.sweep) assert.equal(await storage.sweep("", { olderThan }), 0);
    await storage.abandon?.("c");
    const keys = (await collect(storage.list(""))).flat().map(({ key }) => key);
    assert.deepEqual(keys.sort(), ["a/b", "c"]);
  });

  test("listUnfinishedUploads() lists none where every put has ended", async ({ storage }) => {
    if (storage.listUnfinishedUploads === undefined) return;
    await storage.put("a", text("a"));
    assert.deepEqual((await collect(storage.listUnfinishedUploads(""))).flat(), []);
  });

  test("freeBytes(), now() and secrets are what their names say", async ({ storage }) => {
    await storage.put("a", text("a"));
    const free = await storage.freeBytes?.();
    assert.ok(free === undefined || free > 0);
    const now = storage.now?.();
    assert.ok(now === undefined || Math.abs(now - Date.now()) < 60_000);
    for (const secret of storage.secrets ?? []) assert.ok(secret.length > 0);
  });
}

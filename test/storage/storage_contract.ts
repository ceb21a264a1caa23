import assert from "node:assert/strict";
import fc from "fast-check";
import { type ObjectInfo, ObjectNotFoundError, StorageError } from "../../src/storage/storage.ts";
import { capabilitiesContract } from "./capabilities_contract.ts";
import { creationContract } from "./creation_contract.ts";
import { rangeContract } from "./range_contract.ts";
import { assertUntouched, type OpenedStorage, testOpened, text } from "./opened_storage.ts";
import { assertBytes, bytesIn, bytesOf, chunksOf, collect, TestBody } from "./bodies.ts";

/** How the contract is registered. */
export interface ContractOptions {
  /** Objects to list; more than a page of 1,000 where that is quick. @default {1003} */
  readonly objects?: number;
  /** Runs of the property test. @default {50} */
  readonly runs?: number;
}

const MB = 1024 * 1024;

/**
 * Registers the tests that every storage must pass.
 *
 * @param name The storage's name, for the tests' names.
 * @param open Opens an empty storage.
 * @param options How much is tried.
 */
export function storageContract(
  name: string,
  open: () => Promise<OpenedStorage>,
  options: ContractOptions = {},
): void {
  const test = (what: string, run: (opened: OpenedStorage) => Promise<void>): void =>
    testOpened(`${name} ${what}`, open, run);

  test("put() writes bytes that get(), stat() and list() give back", async (opened) => {
    const { storage } = opened;
    for (const size of [0, 1, 5, 70_000, ...opened.sizes ?? []]) {
      const bytes = bytesOf(size, size);
      const info = await storage.put("a/b.bin", bytes, { size });
      assert.equal(info.key, "a/b.bin");
      assert.equal(info.size, size);
      await assertBytes(await storage.get("a/b.bin"), bytes);
      const stat = await storage.stat("a/b.bin");
      assert.equal(stat?.size, size);
      assert.equal(stat?.key, "a/b.bin");
      assert.ok(stat.modifiedAt instanceof Date);
      // Ceph Pacific doesn't tell the tag of what was uploaded in parts.
      if (info.etag !== undefined) assert.equal(stat.etag, info.etag);
      const pages = await collect(storage.list(""));
      assert.deepEqual(pages.flat().map(({ key, size }) => ({ key, size })), [
        { key: "a/b.bin", size },
      ]);
    }
    assert.deepEqual(await opened.leftovers(), []);
  });

  test("put() writes streams of any chunks, of known and unknown size", async (opened) => {
    const { storage } = opened;
    const bytes = bytesOf(10 * MB + 7);
    const cuts: [number, ...number[]][] = [[65_536], [10 * MB + 7], [1, 300_000, 7, 999_999]];
    for (const [i, cut] of cuts.entries()) {
      const options = i % 2 === 0 ? {} : { size: bytes.length };
      await storage.put(`big/${i}`, new TestBody(chunksOf(bytes, ...cut)), options);
      await assertBytes(await storage.get(`big/${i}`), bytes);
    }
    await storage.put("big/empty", new TestBody([]));
    await storage.put("big/empty chunks", new TestBody([new Uint8Array(), new Uint8Array()]));
    assert.equal((await storage.stat("big/empty"))?.size, 0);
    assert.equal((await storage.stat("big/empty chunks"))?.size, 0);
    assert.deepEqual(await opened.leftovers(), []);
  });

  test("put() gives back any bytes in any chunks", async ({ storage }) => {
    const chunk = fc.oneof(fc.uint8Array({ maxLength: 10 }), fc.uint8Array({ maxLength: 100_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 20 }), async (chunks) => {
        const bytes = new Uint8Array(chunks.flatMap((c) => [...c]));
        await storage.put("property", new TestBody(chunks.map((c) => new Uint8Array(c))));
        await assertBytes(await storage.get("property"), bytes);
      }),
      { numRuns: options.runs ?? 50 },
    );
  });

  test("put() takes names with spaces, signs and letters of all scripts", async ({ storage }) => {
    const keys = [
      "100% #1?&=+;@$,:!*'()~.txt",
      "a b/c  d.txt",
      "ünï/日本語/😀.txt",
      "e\u0301 is not \u00e9",
      "%2e%2e/%2f",
      "..a/b..",
      "<x>&amp;\"'`{}[]^|.xml",
    ];
    for (const key of keys) await storage.put(key, text(key));
    for (const key of keys) {
      assert.equal(new TextDecoder().decode(await bytesIn(await storage.get(key))), key);
      assert.equal((await storage.stat(key))?.key, key);
    }
    const listed = (await collect(storage.list(""))).flat().map((info) => info.key);
    assert.deepEqual(new Set(listed), new Set(keys));
    for (const prefix of ["100% #1?&=+;", "ünï/日", "%2e%2e/", '<x>&amp;"', "a b/c  "]) {
      const found = (await collect(storage.list(prefix))).flat().map((info) => info.key);
      assert.deepEqual(found, keys.filter((key) => key.startsWith(prefix)));
    }
    await storage.delete(keys);
    assert.deepEqual(await collect(storage.list("")), []);
  });

  test("put() replaces an object", async ({ storage }) => {
    await storage.put("x", text("a long first version"));
    await storage.put("x", text("second"));
    await assertBytes(await storage.get("x"), text("second"));
  });

  test("put() leaves nothing at the key, and the old object alone, if the body fails", async (opened) => {
    const { storage } = opened;
    const failure = new Error("the source broke");
    for (const before of [undefined, text("old")]) {
      for (const size of [10, 100_000, opened.maxHeld + 3 * MB]) {
        if (before) await storage.put("deep/er/x", before);
        const body = new TestBody(chunksOf(bytesOf(size), 60_000), failure);
        await assert.rejects(storage.put("deep/er/x", body), (error) => error === failure);
        await assertUntouched(opened, "deep/er/x", before);
      }
    }
  });

  test("put() refuses a body of another size than it should be, and cancels it", async (opened) => {
    const { storage } = opened;
    const before = text("old");
    await storage.put("x", before);
    const short = storage.put("x", new TestBody([bytesOf(99_999)]), { size: 100_000 });
    await assert.rejects(
      short,
      new StorageError(
        '"x" must have 100000 bytes, but its source gave only 99999; it was not written, so fetch it again.',
      ),
    );
    await assertUntouched(opened, "x", before);
    const long = new TestBody(chunksOf(bytesOf(200_000), 10_000));
    await assert.rejects(storage.put("x", long, { size: 100_000 }), StorageError);
    assert.ok(long.cancelled);
    assert.ok(long.pulled <= 110_000);
    await assertUntouched(opened, "x", before);
    await assert.rejects(storage.put("x", bytesOf(5), { size: 4 }), StorageError);
    await assert.rejects(storage.put("x", bytesOf(5), { size: 0 }), StorageError);
    await assert.rejects(storage.put("x", bytesOf(0), { size: 1 }), StorageError);
    await assertUntouched(opened, "x", before);
  });

  test("put() does nothing but cancel the body if it is aborted before", async (opened) => {
    const body = new TestBody([bytesOf(10)]);
    const reason = new Error("changed my mind");
    const put = opened.storage.put("a/x", body, { signal: AbortSignal.abort(reason) });
    await assert.rejects(put, (error) => error === reason);
    assert.ok(body.cancelled);
    assert.equal(body.reason, reason);
    assert.equal(body.pulled, 0);
    await assertUntouched(opened, "a/x");
  });

  test("put() stops at once if it is aborted while the body gives nothing", async (opened) => {
    for (const before of [undefined, text("old")]) {
      for (const size of [10, opened.maxHeld + 3 * MB]) {
        if (before) await opened.storage.put("a/x", before);
        const controller = new AbortController();
        const body = new TestBody(chunksOf(bytesOf(size), 65_536), "stall");
        const put = opened.storage.put("a/x", body, { signal: controller.signal });
        await Promise.race([body.stalled, put]);
        const reason = new Error("stop");
        controller.abort(reason);
        await assert.rejects(put, (error) => error === reason);
        assert.ok(body.cancelled);
        assert.equal(body.reason, reason);
        await assertUntouched(opened, "a/x", before);
      }
    }
  });

  test("put() stops if it is aborted while it writes", async (opened) => {
    const held = opened.holdWrites();
    const controller = new AbortController();
    const body = new TestBody(chunksOf(bytesOf(opened.maxHeld + 3 * MB), 65_536));
    const put = opened.storage.put("a/x", body, { signal: controller.signal });
    await Promise.race([held.waiting, put]);
    controller.abort(new Error("stop"));
    held.release();
    await assert.rejects(put, /stop/);
    assert.ok(body.cancelled);
    await assertUntouched(opened, "a/x");
  });

  test("put() takes no more of the body than it can write", async (opened) => {
    const held = opened.holdWrites();
    const size = 2 * opened.maxHeld + 5 * MB;
    const body = new TestBody(chunksOf(bytesOf(size), 65_536));
    const put = opened.storage.put("x", body);
    await Promise.race([held.waiting, put]);
    // Whatever it would read too much, it would read while nothing else happens.
    for (let turn = 0; turn < 50; turn++) await new Promise((go) => setTimeout(go, 0));
    assert.ok(body.pulled <= opened.maxHeld + 65_536, `${body.pulled} bytes were taken`);
    held.release();
    await put;
    assert.equal((await opened.storage.stat("x"))?.size, size);
  });

  test("get() and stat() say that there is no object", async ({ storage }) => {
    await storage.put("dir/file", text("x"));
    for (const key of ["nothing", "dir", "dir/nothing", "dir/file/below", "dir/fil"]) {
      await assert.rejects(storage.get(key), ObjectNotFoundError);
      assert.equal(await storage.stat(key), undefined);
    }
  });

  test("get() can be left before its end, and aborted", async ({ storage }) => {
    await storage.put("x", bytesOf(5 * MB));
    await (await storage.get("x")).cancel();
    const reader = (await storage.get("x")).getReader();
    assert.ok(((await reader.read()).value?.length ?? 0) > 0);
    await reader.cancel();
    const controller = new AbortController();
    const aborted = (await storage.get("x", { signal: controller.signal })).getReader();
    await aborted.read();
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(aborted.read(), (error) => error === reason);
    await assert.rejects(storage.get("x", { signal: controller.signal }), (e) => e === reason);
    await assert.rejects(storage.stat("x", { signal: controller.signal }), (e) => e === reason);
  });

  test("list() orders by key and looks at prefixes as strings", async ({ storage }) => {
    const keys = ["a", "a-b", "a/b/c", "a/b/d", "a/b-c", "aa/x", "a\uff5e", "a😀", "b/c", "á"];
    for (const key of keys.toReversed()) {
      // A file system can't have both a file and a directory of one name.
      if (key !== "a") await storage.put(key, text(key));
    }
    const list = async (prefix: string): Promise<string[]> =>
      (await collect(storage.list(prefix))).flat().map((info: ObjectInfo) => info.key);
    const all = ["a-b", "a/b-c", "a/b/c", "a/b/d", "aa/x", "a\uff5e", "a😀", "b/c", "á"];
    assert.deepEqual(await list(""), all);
    assert.deepEqual(await list("a"), all.slice(0, 7));
    assert.deepEqual(await list("a/"), ["a/b-c", "a/b/c", "a/b/d"]);
    assert.deepEqual(await list("a/b"), ["a/b-c", "a/b/c", "a/b/d"]);
    assert.deepEqual(await list("a/b/"), ["a/b/c", "a/b/d"]);
    assert.deepEqual(await list("a/b/c"), ["a/b/c"]);
    assert.deepEqual(await list("a/b/c/"), []);
    assert.deepEqual(await list("nothing/there"), []);
    assert.deepEqual(await list("A"), []);
  });

  test("list() gives all of many objects in pages, and can be left", async ({ storage }) => {
    const count = options.objects ?? 1003;
    const keys = Array.from({ length: count }, (_, i) => `many/${String(i).padStart(5, "0")}`);
    for (let i = 0; i < count; i += 50) {
      await Promise.all(keys.slice(i, i + 50).map((key) => storage.put(key, new Uint8Array(1))));
    }
    const pages = await collect(storage.list("many/"));
    assert.ok(pages.every((page) => page.length > 0 && page.length <= 1000));
    assert.deepEqual(pages.flat().map((info) => info.key), keys);
    for await (const page of storage.list("many/")) {
      assert.equal(page[0]?.key, keys[0]);
      break;
    }
    const controller = new AbortController();
    const listing = storage.list("many/", { signal: controller.signal }).getReader();
    await listing.read();
    controller.abort(new Error("enough"));
    await assert.rejects(listing.read(), /enough/);
    await storage.delete(keys);
    assert.deepEqual(await collect(storage.list("")), []);
  });

  test("folders() names what is directly below a prefix", async ({ storage }) => {
    const names = async (prefix: string) => (await collect(storage.folders!(prefix))).flat().sort();
    assert.deepEqual(await names("a/"), []);
    for (const key of ["a/b/1", "a/b/c/2", "a/b-c/3", "a/file", "ab/4", "a/ü/5"]) {
      await storage.put(key, text(key));
    }
    assert.deepEqual(await names("a/"), ["b", "b-c", "ü"]);
    assert.deepEqual(await names(""), ["a", "ab"]);
    assert.deepEqual(await names("a/b/"), ["c"]);
    assert.deepEqual(await names("a/file/"), []);
    assert.deepEqual(await names("nothing/"), []);
    await assert.rejects(names("../"), StorageError);
    const signal = AbortSignal.abort(new Error("stop"));
    await assert.rejects(collect(storage.folders!("a/", { signal })), /stop/);
  });

  test("hold() keeps a key from others until it is given back, if there are holds", async (opened) => {
    const { storage } = opened;
    if (storage.hold === undefined || storage.isHeld === undefined) return;
    const keys = async () => (await collect(storage.list(""))).flat().map(({ key }) => key);
    assert.equal(await storage.isHeld("a/b"), undefined);
    for (const _ of ["once", "again"]) {
      {
        await using hold = await storage.hold("a/b");
        assert.ok(hold);
        assert.equal(await storage.hold("a/b"), undefined);
        assert.deepEqual(
          await Promise.all(["a/b", "a/b", "a/c", "b"].map((key) => storage.isHeld?.(key))),
          [true, true, undefined, undefined],
        );
        // It has nothing to do with the object of that key.
        await storage.put("a/b", text("x"));
        assert.deepEqual(await keys(), ["a/b"]);
        await storage.delete(["a/b"]);
        assert.deepEqual(await keys(), []);
        await using other = await storage.hold("a/c");
        assert.ok(other);
      }
      assert.equal(await storage.isHeld("a/b"), undefined);
      assert.deepEqual(await opened.leftovers(), []);
    }
    const holds = await Promise.all(Array.from({ length: 8 }, () => storage.hold?.("many")));
    const won = holds.filter((hold) => hold !== undefined);
    assert.equal(won.length, 1);
    await won[0]?.[Symbol.asyncDispose]();
    assert.deepEqual(await opened.leftovers(), []);
    await assert.rejects(storage.hold("../x"), StorageError);
    await assert.rejects(storage.isHeld("../x"), StorageError);
    const stopped = { signal: AbortSignal.abort(new Error("stop")) };
    await assert.rejects(storage.hold("a", stopped), /stop/);
    await assert.rejects(storage.isHeld("a", stopped), /stop/);
  });

  test("delete() deletes what is there, and only that", async (opened) => {
    const { storage } = opened;
    for (const key of ["a/b/1", "a/b/2", "a/c", "d"]) await storage.put(key, text(key));
    await storage.delete([]);
    await storage.delete(["a/b/1", "a/b/nothing", "nothing/at/all", "a", "a/b", "a/c/below"]);
    const left = (await collect(storage.list(""))).flat().map((info) => info.key);
    assert.deepEqual(left, ["a/b/2", "a/c", "d"]);
    await storage.delete(left);
    assert.deepEqual(await collect(storage.list("")), []);
    assert.deepEqual(await opened.leftovers(), []);
    const stopped = storage.delete(["d"], { signal: AbortSignal.abort(new Error("stop")) });
    await assert.rejects(stopped, /stop/);
  });

  test("every method refuses keys that lead elsewhere", async (opened) => {
    const { storage } = opened;
    const bad = [
      "",
      "/",
      "/abs",
      "../x",
      "..",
      ".",
      "a/../b",
      "a//b",
      "a/./b",
      "a/",
      "./a",
      "a\\b",
      "a\0b",
      "a\nb",
      "a\ud800b",
      "\udc00",
      "a/..",
      `.sluice-${crypto.randomUUID()}.tmp`,
    ];
    for (const key of bad) {
      const body = new TestBody([bytesOf(3)]);
      await assert.rejects(storage.put(key, body), StorageError);
      assert.ok(body.cancelled);
      await assert.rejects(storage.get(key), StorageError);
      await assert.rejects(storage.stat(key), StorageError);
      await assert.rejects(storage.delete(["fine", key]), StorageError);
    }
    for (const prefix of ["../", "/", "a//", "a/../", "..\\/x"]) {
      await assert.rejects(collect(storage.list(prefix)), StorageError);
    }
    assert.deepEqual(await opened.leftovers(), []);
  });

  creationContract(name, open);
  capabilitiesContract(name, open);
  rangeContract(name, open);
}

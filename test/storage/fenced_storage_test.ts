import assert from "node:assert/strict";
import { FencedStorage } from "../../src/storage/fenced_storage.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openFake } from "../s3/open_fake.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { openLocal, temporaryDirectory } from "./local_directory.ts";
import { text } from "./opened_storage.ts";
import { storageContract } from "./storage_contract.ts";

const OPEN = {
  check() {},
  confirm: async () => {},
  sealOf: () => undefined,
  settle: async () => {},
};

/** What a storage may have besides what each has, and whether it changes something. */
const CAPABILITIES: Readonly<
  Record<Exclude<keyof Storage, "url" | "put" | "get" | "stat" | "list" | "delete">, boolean>
> = {
  secrets: false,
  settings: false,
  presign: false,
  mayDelete: false,
  replace: true,
  folders: false,
  hold: false,
  isHeld: false,
  clear: true,
  sweep: true,
  listUnfinishedUploads: false,
  abortUnfinishedUpload: true,
  freeBytes: false,
  abandon: true,
  now: false,
};
const NAMES = Object.keys(CAPABILITIES) as readonly (keyof typeof CAPABILITIES)[];

const open = () => openLocal((storage) => new FencedStorage(storage, OPEN));
storageContract("FencedStorage", open, { runs: 5 });

Deno.test("FencedStorage can do what the storage behind it can, and nothing else", async () => {
  await using opened = await openFake();
  const storages: readonly Storage[] = [
    new MemoryStorage(),
    new LocalStorage("."),
    opened.storage,
  ];
  for (const storage of storages) {
    const fenced: Storage = new FencedStorage(storage, OPEN);
    for (const name of NAMES) {
      if (name === "secrets") continue;
      assert.equal(fenced[name] !== undefined, storage[name] !== undefined, name);
    }
  }
  assert.equal(new FencedStorage(opened.storage, OPEN).settings, opened.storage.settings);
});

Deno.test("FencedStorage asks its fence before whatever changes something", async () => {
  await using directory = await temporaryDirectory();
  await using opened = await openFake();
  const closed = { ...OPEN, check: () => Promise.reject(new Error("the lock is lost")) };
  const calls = {
    replace: (storage: Storage) => storage.replace?.("a", "tag", text("b")),
    abandon: (storage: Storage) => storage.abandon?.("a"),
    abortUnfinishedUpload: (storage: Storage) => {
      return storage.abortUnfinishedUpload?.({ key: "a", uploadId: "1" });
    },
  };
  assert.deepEqual(
    Object.keys(calls).sort(),
    // Of what clear and sweep would remove there is nothing here: the lock's tests have it.
    NAMES.filter((name) => CAPABILITIES[name] && name !== "clear" && name !== "sweep").sort(),
  );
  for (const storage of [new LocalStorage(directory.path), opened.storage] as Storage[]) {
    const fenced = new FencedStorage(storage, closed);
    for (const [name, call] of Object.entries(calls)) {
      if (!(name in storage)) continue;
      const before = opened.fake.requests.length;
      await assert.rejects(async () => await call(fenced), /the lock is lost/, name);
      assert.equal(opened.fake.requests.length, before, name);
    }
    await assert.rejects(fenced.put("a", text("a")), /the lock is lost/);
    await assert.rejects(fenced.delete(["a"]), /the lock is lost/);
  }
});

import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import type { FakeS3 } from "../../s3/fake_s3.ts";
import { openFake } from "../../s3/open_fake.ts";
import { exportsContract } from "../exports_contract.ts";
import { temporaryPath } from "../../support/temporary.ts";
import { long } from "../../support/long.ts";

exportsContract("a directory", {
  open: async () => {
    const path = await temporaryPath();
    return {
      storage: new LocalStorage(path),
      [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
    };
  },
  assets: long(150, 30),
  kills: long(10, 5),
  age: async (storage, key) => {
    const earlier = new Date(Date.now() - 3_600_000);
    await Deno.utime(`${new URL(storage.url).pathname}/${key}`, earlier, earlier);
  },
});

const fakes = new WeakMap<Storage, FakeS3>();
exportsContract("S3", {
  open: async () => {
    const opened = await openFake();
    fakes.set(opened.storage, opened.fake);
    return opened;
  },
  assets: long(150, 30),
  kills: long(10, 5),
  age: (storage, key) => {
    const { all } = fakes.get(storage)!.objects;
    const object = all.get(`some/prefix/${key}`)!;
    all.set(`some/prefix/${key}`, { ...object, modifiedAt: new Date(Date.now() - 3_600_000) });
  },
});

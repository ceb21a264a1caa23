import assert from "node:assert/strict";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { temporaryDirectory } from "../local_directory.ts";

Deno.test("LocalStorage.put() makes its directories while puts that fail remove the same ones", async () => {
  await using directory = await temporaryDirectory();
  const storage = new LocalStorage(directory.path);
  const broken = () => {
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.error(new Error("The connection broke.")),
    });
  };
  for (let round = 0; round < 40; round++) {
    const puts = Array.from({ length: 6 }, (_, i) => {
      const key = `a${round}/b/c/${i}.txt`;
      return i % 2 === 0
        ? storage.put(key, new Uint8Array([i]))
        : storage.put(key, broken()).then(() => assert.fail(), () => undefined);
    });
    await Promise.all(puts);
    for (const i of [0, 2, 4]) {
      assert.equal((await storage.stat(`a${round}/b/c/${i}.txt`))?.size, 1);
    }
  }
});

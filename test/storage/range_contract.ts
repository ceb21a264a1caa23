import assert from "node:assert/strict";
import { ObjectNotFoundError, StorageError } from "../../src/storage/storage.ts";
import { assertBytes, bytesOf } from "./bodies.ts";
import { type OpenedStorage, testOpened } from "./opened_storage.ts";

const MB = 1024 * 1024;

/** Registers the tests of reading ranges that every storage must pass. */
export function rangeContract(name: string, open: () => Promise<OpenedStorage>): void {
  const test = (what: string, run: (opened: OpenedStorage) => Promise<void>): void =>
    testOpened(`${name} ${what}`, open, run);

  test("get() reads a range, as far as the object has it", async ({ storage }) => {
    for (const size of [0, 1, 600_000]) {
      const bytes = bytesOf(size, size);
      await storage.put("x", bytes);
      const offsets = [0, 1, 5, 262_144, 599_999, 600_000, 600_001, 2 ** 40];
      for (const start of offsets) {
        for (const end of [start, start + 1, start + 262_145, 600_000, undefined]) {
          if (end !== undefined && end < start) continue;
          const range = { start, ...(end !== undefined && { end }) };
          await assertBytes(await storage.get("x", { range }), bytes.slice(start, end));
        }
      }
    }
    const range = { start: 10, end: 20 };
    await assert.rejects(storage.get("nothing", { range }), ObjectNotFoundError);
    await assert.rejects(
      storage.get("nothing", { range: { start: 3, end: 3 } }),
      ObjectNotFoundError,
    );
    for (
      const [start, end] of [[-1], [0.5], [NaN], [5, 4], [0, -1], [0, 1.5], [2 ** 53], [0, NaN]]
    ) {
      await assert.rejects(
        storage.get("x", { range: { start: start!, end } }),
        new StorageError(
          `A range must be two offsets in bytes, from 0 and in order, but is ${start} to ${
            end ?? Infinity
          }.`,
        ),
      );
    }
  });

  test("get() of a range can be left before its end, and aborted", async ({ storage }) => {
    await storage.put("x", bytesOf(5 * MB));
    const range = { start: MB, end: 4 * MB };
    await (await storage.get("x", { range })).cancel();
    const controller = new AbortController();
    const aborted = (await storage.get("x", { range, signal: controller.signal })).getReader();
    const { value } = await aborted.read();
    assert.deepEqual(value?.slice(0, 9), bytesOf(5 * MB).slice(MB, MB + 9));
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(aborted.read(), (error) => error === reason);
    const late = storage.get("x", { range, signal: controller.signal });
    await assert.rejects(late, (error) => error === reason);
  });
}

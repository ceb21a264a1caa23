import assert from "node:assert/strict";
import { ObjectExistsError } from "../../src/storage/storage.ts";
import { bytesOf, chunksOf, TestBody } from "./bodies.ts";
import { assertUntouched, type OpenedStorage, testOpened, text } from "./opened_storage.ts";

const MB = 1024 * 1024;

/**
 * Registers the tests of `ifAbsent` that every storage must pass.
 *
 * @param name The storage's name, for the tests' names.
 * @param open Opens an empty storage.
 */
export function creationContract(name: string, open: () => Promise<OpenedStorage>): void {
  const test = (what: string, run: (opened: OpenedStorage) => Promise<void>): void =>
    testOpened(`${name} ${what}`, open, run);

  test("put() with ifAbsent creates an object, once", async (opened) => {
    const { storage } = opened;
    await storage.put("a/x", text("first"), { ifAbsent: true });
    const second = new TestBody([text("second")]);
    await assert.rejects(storage.put("a/x", second, { ifAbsent: true }), ObjectExistsError);
    assert.ok(second.cancelled);
    const big = new TestBody(chunksOf(bytesOf(opened.maxHeld + 3 * MB), 65_536));
    await assert.rejects(storage.put("a/x", big, { ifAbsent: true }), ObjectExistsError);
    assert.ok(big.cancelled);
    await assertUntouched(opened, "a/x", text("first"));
  });

  test("put() with ifAbsent has one winner of ten, and of four with many bytes", async (opened) => {
    const { storage } = opened;
    for (const [count, size] of [[10, 10], [4, opened.sizes?.at(-1) ?? 100_000]] as const) {
      const bodies = Array.from({ length: count }, (_, i) => bytesOf(size + i, i + 1));
      const puts = bodies.map((body) => storage.put("race/x", body, { ifAbsent: true }));
      const outcomes = await Promise.allSettled(puts);
      const winners = [...outcomes.keys()].filter((i) => outcomes[i]?.status === "fulfilled");
      const others = outcomes.filter((outcome) => outcome.status === "rejected");
      assert.equal(winners.length, 1, others.map((other) => `${other.reason}`).join("\n"));
      for (const other of others) {
        assert.ok(other.reason instanceof ObjectExistsError, other.reason);
      }
      await assertUntouched(opened, "race/x", bodies[winners[0] ?? -1]);
      await storage.delete(["race/x"]);
    }
  });

  test("put() with ifAbsent lets another one create what it failed to create", async (opened) => {
    const { storage } = opened;
    const failing = new TestBody([bytesOf(10)], new Error("the source broke"));
    await assert.rejects(storage.put("a/x", failing, { ifAbsent: true }), /the source broke/);
    await assertUntouched(opened, "a/x");
    await storage.put("a/x", text("mine"), { ifAbsent: true });
    await assertUntouched(opened, "a/x", text("mine"));
  });
}

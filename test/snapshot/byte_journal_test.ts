import assert from "node:assert/strict";
import fc from "fast-check";
import { StorageError } from "../../src/storage/storage.ts";
import { ByteJournal, type JournalFile } from "../../src/snapshot/byte_journal.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const { signal } = new AbortController();

function journalIn(storage: MemoryStorage, files?: readonly JournalFile[]): ByteJournal {
  return new ByteJournal({ storage, prefix: "s", signal, files });
}

async function textsIn(journal: ByteJournal): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for await (const [of, bytes] of journal.read(() => true)) {
    texts[of] = (texts[of] ?? "") + new TextDecoder().decode(bytes);
  }
  return texts;
}

Deno.test("ByteJournal gives another run what unfinished objects hold, in order, whatever was done when", async () => {
  const name = fc.constantFrom("a", "b", "tables/a", "tables/b");
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ of: name, text: fc.string({ maxLength: 9 }) }) },
    { weight: 2, arbitrary: fc.constantFrom("save" as const, "restart" as const) },
    { weight: 1, arbitrary: fc.record({ finished: fc.uniqueArray(name) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const storage = new MemoryStorage();
      let journal = journalIn(storage);
      const expected: Record<string, string> = {};
      for (const step of steps) {
        if (step === "save") {
          await journal.save();
          assert.equal(journal.pendingBytes, 0);
          await journal.tidy();
        } else if (step === "restart") {
          // What nobody needs may still be there.
          await journal.save();
          journal = journalIn(storage, journal.files);
        } else if ("finished" in step) {
          journal.forget(new Set(step.finished));
          for (const of of step.finished) delete expected[of];
        } else {
          const file = step.of.startsWith("tables/") ? "tables" : step.of;
          journal.add(file, step.of, [new TextEncoder().encode(step.text)]);
          expected[step.of] = (expected[step.of] ?? "") + step.text;
        }
      }
      await journal.save();
      const filled = Object.entries(expected).filter(([, text]) => text !== "");
      assert.deepEqual(
        await textsIn(journalIn(storage, journal.files)),
        Object.fromEntries(filled),
      );
    }),
  );
});

Deno.test("ByteJournal keeps nothing in mind of what was finished while it was being saved", async () => {
  const held = Promise.withResolvers<void>();
  const storage = new MemoryStorage({ beforePut: () => held.promise });
  const journal = journalIn(storage);
  journal.add("a", "a", [new Uint8Array(10)]);
  const saved = journal.save();
  journal.add("a", "a", [new Uint8Array(5)]);
  assert.equal(journal.pendingBytes, 15);
  journal.forget(new Set(["a"]));
  held.resolve();
  await saved;
  await journal.save();
  assert.deepEqual([journal.pendingBytes, journal.files], [0, []]);
});

Deno.test("ByteJournal deletes files that are no longer needed, some at a time, and continues where it may not", async () => {
  for (const mayDelete of [true, false]) {
    const storage = new MemoryStorage();
    let deletions = 0;
    const remove = storage.delete.bind(storage);
    storage.delete = async (...args) => {
      deletions++;
      if (!mayDelete) throw new StorageError("It may not.");
      await remove(...args);
    };
    const journal = journalIn(storage);
    for (let n = 0; n < 40; n++) {
      journal.add("a", "a", [new Uint8Array(1)]);
      await journal.save();
      journal.forget(new Set(["a"]));
      await journal.tidy();
    }
    assert.equal(deletions, mayDelete ? 5 : 1);
    assert.equal(storage.objects.size, mayDelete ? 0 : 40);
  }
});

Deno.test("ByteJournal says which file isn't what was written there", async () => {
  for (const damage of ["x", "hello!", "hullo"]) {
    const storage = new MemoryStorage();
    const journal = journalIn(storage);
    journal.add("a", "a", [new TextEncoder().encode("hello")]);
    await journal.save();
    await storage.put("s/resume/journal_000.bin", new TextEncoder().encode(damage));
    await assert.rejects(textsIn(journalIn(storage, journal.files)), {
      name: "StorageError",
      message:
        "\"s/resume/journal_000.bin\" isn't what an earlier run has written there, so the export can't be " +
        "resumed: begin a new one.",
    });
  }
});

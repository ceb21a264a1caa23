import assert from "node:assert/strict";
import { Notes } from "../../src/snapshot/notes.ts";

Deno.test("Notes keeps notes by code, in order", () => {
  const notes = new Notes();
  notes.add("a", "First.");
  notes.add("b", "Second.");
  notes.add("a", "Third.");
  assert.equal(notes.count, 3);
  assert.deepEqual(notes.toArray(), [
    { code: "a", message: "First." },
    { code: "a", message: "Third." },
    { code: "b", message: "Second." },
  ]);
  assert.deepEqual(new Notes().toArray(), []);
});

Deno.test("Notes keeps a thousand of each code, and says how many more there were", () => {
  const notes = new Notes();
  for (let n = 0; n < 1000; n++) notes.add("full", `${n}.`);
  for (let n = 0; n < 5000; n++) notes.add("more", `${n}.`);
  notes.add("few", "One.");
  assert.equal(notes.count, 6001);
  const all = notes.toArray();
  const of = (code: string) =>
    all.filter((note) => note.code === code).map(({ message }) => message);
  assert.equal(of("full").length, 1000);
  assert.equal(of("full").at(-1), "999.");
  assert.equal(of("more").length, 1001);
  assert.equal(of("more").at(-1), "… and 4000 more.");
  assert.deepEqual(of("few"), ["One."]);
});

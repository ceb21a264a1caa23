import assert from "node:assert/strict";
import fc from "fast-check";
import { dataEntries } from "../../src/snapshot/data_entries.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

/** What is read of a text that comes in pieces of some length. */
async function read(text: string, pieceBytes: number): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text);
  const get = () => {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      pieces.push(bytes.slice(at, at + pieceBytes));
    }
    return Promise.resolve(ReadableStream.from(pieces));
  };
  return (await Array.fromAsync(dataEntries({ get }, "batch.json"))).flat();
}

Deno.test("dataEntries() gives what JSON.parse() gives, however the text is written and comes in pieces", async () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const key = fc.oneof(fc.string(), fc.constantFrom("data", "da\\ta", '"data"', "}", "]"));
  const entry = fc.dictionary(key, value);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        before: fc.dictionary(key.filter((key) => key !== "data"), value),
        data: fc.array(entry),
        after: fc.dictionary(key.filter((key) => key !== "data"), value),
        indent: fc.constantFrom(undefined, 2, "\t"),
        piece: fc.integer({ min: 1, max: 50 }),
      }),
      async ({ before, data, after, indent, piece }) => {
        const own = (object: object) => Object.entries(object).map(([k, v]) => [k, v] as const);
        const whole = Object.fromEntries([...own(before), ["data", data], ...own(after)]);
        const text = JSON.stringify(whole, null, indent);
        assert.deepEqual(await read(text, piece), JSON.parse(text).data);
      },
    ),
  );
});

Deno.test("dataEntries() fails if a text isn't of this form, or ends too early", async () => {
  const whole = '{"meta":{},"data":[{"a":"]}"},{"b":[1]}]}';
  for (let end = 0; end < whole.length; end++) {
    await assert.rejects(read(whole.slice(0, end), 7), SyntaxError, whole.slice(0, end));
  }
  assert.equal((await read(whole, 7)).length, 2);
  for (
    const text of ["[]", "{}", '{"data":{}}', '{"data":[1]}', '{"x":[{"data":[{}]}]}', `${whole}{}`]
  ) {
    await assert.rejects(read(text, 3), SyntaxError, text);
  }
});

Deno.test("dataEntries() holds no more than a page of a batch", async () => {
  const storage = new MemoryStorage();
  const text = JSON.stringify({ data: Array.from({ length: 250 }, (_, id) => ({ id })) });
  await storage.put("b.json", new TextEncoder().encode(text));
  const lengths = (await Array.fromAsync(dataEntries(storage, "b.json"))).map(({ length }) =>
    length
  );
  assert.deepEqual(lengths, [100, 100, 50]);
});

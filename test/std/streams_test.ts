import assert from "node:assert/strict";
import fc from "fast-check";
import { TextLineStream } from "@std/streams/text-line-stream";
import { toText } from "@std/streams/to-text";

async function linesOf(chunks: string[], options?: { allowCR?: boolean }): Promise<string[]> {
  const lines = ReadableStream.from(chunks).pipeThrough(new TextLineStream(options));
  return await Array.fromAsync(lines);
}

/** Cuts a text at some places. */
const cutText = fc.tuple(
  fc.string({ unit: fc.constantFrom("a", "é", "😀", "\n", "\r", "\r\n"), maxLength: 20 }),
  fc.array(fc.nat({ max: 40 }), { maxLength: 6 }),
).map(([text, cuts]) => {
  const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b)];
  return { text, chunks: places.map((from, i) => text.slice(from, places[i + 1])) };
});

Deno.test("TextLineStream splits at LF and CRLF, wherever chunks end", async () => {
  assert.deepEqual(await linesOf(["one\ntw", "o\r", "\n\nthree"]), ["one", "two", "", "three"]);
  assert.deepEqual(await linesOf(["a\n", "b\n"]), ["a", "b"]);
  assert.deepEqual(await linesOf([]), []);
  assert.deepEqual(await linesOf(["\n\n"]), ["", ""]);
});

Deno.test("TextLineStream keeps a lone CR, unless it is told that one ends a line", async () => {
  assert.deepEqual(await linesOf(["a\rb\n", "c\r"]), ["a\rb", "c\r"]);
  assert.deepEqual(await linesOf(["a\rb\r\nc\r", "d\r"], { allowCR: true }), ["a", "b", "c", "d"]);
});

Deno.test("TextLineStream gives the same lines however the text is cut", async () => {
  await fc.assert(fc.asyncProperty(cutText, fc.boolean(), async ({ text, chunks }, allowCR) => {
    const whole = await linesOf([text], { allowCR });
    assert.deepEqual(await linesOf(chunks, { allowCR }), whole);
    assert.equal(whole.join("").length, text.replace(allowCR ? /[\r\n]/g : /\r?\n/g, "").length);
  }));
});

Deno.test("toText() reads bytes and strings, and characters that are cut in two", async () => {
  const bytes = new TextEncoder().encode("né😀!");
  await fc.assert(fc.asyncProperty(fc.nat({ max: bytes.length }), async (cut) => {
    const stream = ReadableStream.from([bytes.subarray(0, cut), bytes.subarray(cut)]);
    assert.equal(await toText(stream), "né😀!");
  }));
  assert.equal(await toText(ReadableStream.from(["a", "b"])), "ab");
  assert.equal(await toText(ReadableStream.from([])), "");
});

Deno.test("toText() passes the stream's error on", async () => {
  const stream = new ReadableStream({
    pull() {
      throw new Error("broken");
    },
  });
  await assert.rejects(toText(stream), { message: "broken" });
});

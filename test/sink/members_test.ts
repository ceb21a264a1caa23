import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { compressMember, MEMBER_BYTES } from "../../src/sink/compression.ts";
import {
  Compressor,
  decompressed,
  DecompressionError,
  readMembers,
} from "../../src/sink/members.ts";
import { bytesIn, bytesOf, chunksOf } from "../storage/bodies.ts";
import { long } from "../support/long.ts";
import { Buffer } from "node:buffer";

const concat = (pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));
const COMPRESSIONS = ["gzip", "zstd"] as const;
const LF = 0x0a;

/** Lines of these lengths, of bytes that can't be compressed well; the last one may have no end. */
function linesOf(lengths: readonly number[], isEnded: boolean): Uint8Array<ArrayBuffer> {
  const lines = lengths.map((length, i) => {
    const line = bytesOf(length, i);
    for (let at = line.indexOf(LF); at >= 0; at = line.indexOf(LF, at)) line[at] = 0;
    return line;
  });
  const ends = lines.map((_, i) => new Uint8Array(i < lines.length - 1 || isEnded ? [LF] : []));
  return concat(lines.flatMap((line, i) => [line, ends[i]!]));
}

function compressed(
  compression: typeof COMPRESSIONS[number],
  pieces: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const compressor = new Compressor(compression);
  const members = pieces.flatMap((piece) => [...compressor.push(piece)]);
  return concat([...members, ...compressor.end()]);
}

const length = fc.oneof(
  { weight: 5, arbitrary: fc.nat(20_000) },
  { weight: 1, arbitrary: fc.integer({ min: MEMBER_BYTES - 2, max: MEMBER_BYTES + 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: MEMBER_BYTES, max: 3 * MEMBER_BYTES }) },
);

for (const compression of COMPRESSIONS) {
  Deno.test(`Compressor makes members of any text, whatever its pieces, as ${compression}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(length, { maxLength: 30 }),
        fc.boolean(),
        fc.integer({ min: 50, max: 600_000 }),
        fc.integer({ min: 100, max: 300_000 }),
        async (lengths, isEnded, cut, chunk) => {
          const text = linesOf(lengths, isEnded);
          const bytes = compressed(compression, chunksOf(text, cut));
          assert.deepEqual(bytes, compressed(compression, [text]), "it depends on its pieces");
          const stream = () => ReadableStream.from(chunksOf(bytes, chunk));
          const members = await Array.fromAsync(readMembers(stream(), compression, "x"));
          assert.deepEqual(concat(members.map(({ text }) => text)), text);
          assert.equal(members.reduce((sum, { size }) => sum + size, 0), bytes.length);
          for (const [i, member] of members.entries()) {
            const { offset, size, text } = member;
            assert.ok(text.length <= MEMBER_BYTES);
            // It can be read alone.
            const alone = ReadableStream.from([bytes.slice(offset, offset + size)]);
            assert.deepEqual(await bytesIn(decompressed(alone, compression, "x")), text);
            const isLineBegun = i > 0 && members[i - 1]!.text.at(-1) !== LF;
            // What holds the end of a long line holds nothing else.
            if (isLineBegun) assert.ok([-1, text.length - 1].includes(text.indexOf(LF)));
            else if (text.at(-1) !== LF && i < members.length - 1) assert.ok(!text.includes(LF));
          }
          if (compression === "gzip") assert.deepEqual(new Uint8Array(gunzipSync(bytes)), text);
          assert.deepEqual(await bytesIn(decompressed(stream(), compression, "x")), text);
        },
      ),
      { numRuns: long(12, 6) },
    );
  });

  Deno.test(`decompressed() fails where ${compression} is cut off or isn't what it was`, async () => {
    const text = linesOf([1000, 400_000, 1000], true);
    const bytes = compressed(compression, [text]);
    const read = (bytes: Uint8Array<ArrayBuffer>) => {
      return bytesIn(decompressed(ReadableStream.from([bytes]), compression, "x"));
    };
    const members = await Array.fromAsync(
      readMembers(ReadableStream.from([bytes]), compression, "x"),
    );
    assert.equal(members.length, 4);
    const borders = members.map(({ offset }) => offset);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, bit) => {
          if (!borders.includes(at)) {
            await assert.rejects(read(bytes.slice(0, at)), DecompressionError);
          }
          const flipped = bytes.slice();
          flipped[at]! ^= bit;
          // What some bits of a frame's head say doesn't change its text.
          const found = await read(flipped).catch((error) => {
            assert.ok(error instanceof DecompressionError, error);
            return text;
          });
          assert.deepEqual(found, text);
        },
      ),
      { numRuns: 40 },
    );
    await assert.rejects(
      read(new Uint8Array()),
      /^DecompressionError: Expected (gzip|zstd) in x, but it ends too/,
    );
    const more = concat([bytes, new TextEncoder().encode("and something else")]);
    await assert.rejects(read(more), /but something else than a (member|frame) follows$/);
  });

  Deno.test(`decompressed() gives no more at a time than a member, however much ${compression} says`, async () => {
    const zeros = compressMember(new Uint8Array(MEMBER_BYTES), compression);
    let pulled = 0;
    const bytes = ReadableStream.from(function* () {
      for (; pulled < 100_000; pulled++) {
        yield zeros;
      }
    }());
    let largest = 0;
    let text = 0;
    const read = async () => {
      for await (const chunk of decompressed(bytes, compression, "x")) {
        largest = Math.max(largest, chunk.length);
        text += chunk.length;
      }
    };
    await assert.rejects(read(), /a line is longer than any that is written/);
    assert.equal(largest, MEMBER_BYTES);
    assert.ok(text <= 128 * 1024 * 1024 && pulled < 20_000);
    const bomb = compressMember(new Uint8Array(2 * MEMBER_BYTES), compression);
    await assert.rejects(
      bytesIn(decompressed(ReadableStream.from([bomb]), compression, "x")),
      /but a part of it is larger than any that is written$/,
    );
  });

  Deno.test(`decompressed() can be left while nothing comes, from ${compression}`, async () => {
    let reason: unknown;
    const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
      cancel: (given) => void (reason = given),
    });
    const reader = decompressed(bytes, compression, "x").getReader();
    const reading = reader.read();
    await reader.cancel("enough");
    assert.equal((await reading).done, true);
    assert.equal(reason, "enough");
  });
}

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { IdBits } from "../../src/text/id_bits.ts";
import { IdNumbers } from "../../src/text/id_numbers.ts";
import { long } from "../support/long.ts";

/** Ids as DatoCMS has them, and what is nearly one. */
const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
  bytes[6] = bytes[6]! & 0x0f | 0x40;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  return Buffer.from(bytes).toString("base64url");
});
const anyBytes = fc.uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString("base64url"));
const id = fc.oneof(
  uuid,
  fc.tuple(uuid, fc.constantFrom(..."ABw_é=")).map(([text, end]) => text.slice(0, -1) + end),
  fc.tuple(uuid, fc.nat(21), fc.constantFrom(..."A +/\u0141")).map(([text, at, other]) => {
    return text.slice(0, at) + other + text.slice(at + 1);
  }),
  anyBytes,
  fc.uuid(),
  fc.nat(300).map(String),
  fc.bigInt(0n, 1n << 70n).map(String),
  fc.constantFrom("", "0", "00", "01", "1.0", "1e3", "-1", "٣", "A".repeat(22), "4294967296"),
  fc.string({ maxLength: 24 }),
);

Deno.test("IdNumbers numbers ids as a Map would, and gives them back", () => {
  fc.assert(
    fc.property(fc.array(id, { maxLength: 400, size: "max" }), (ids) => {
      const numbers = new IdNumbers();
      const expected = new Map<string, number>();
      for (const each of ids) {
        assert.equal(numbers.numberOf(each), expected.get(each));
        if (!expected.has(each)) expected.set(each, expected.size);
        assert.equal(numbers.add(each), expected.get(each));
      }
      assert.equal(numbers.size, expected.size);
      for (const [each, number] of expected) assert.equal(numbers.numberOf(each), number);
      assert.deepEqual([...numbers], [...expected.keys()]);
      for (const [each, number] of expected) assert.equal(numbers.idOf(number), each);
      assert.throws(() => numbers.idOf(expected.size), RangeError);
    }),
    { numRuns: 50 },
  );
});

Deno.test("IdBits remembers bits of ids as a Map would", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.nat(255)), { maxLength: 200, size: "max" }), (all) => {
      const ids = new IdBits();
      const expected = new Map<string, number>();
      for (const [each, bits] of [...all, ...all.map(([each]) => [each, 5] as const)]) {
        const before = expected.get(each) ?? 0;
        assert.equal(ids.has(each), expected.has(each));
        assert.equal(ids.of(each), before);
        assert.equal(ids.set(each, bits), (before | bits) !== before);
        expected.set(each, before | bits);
      }
      const isWanted = (bits: number) => bits > 100;
      assert.deepEqual(
        [...ids.where(isWanted)],
        [...expected.keys()].filter((each) => isWanted(expected.get(each)!)),
      );
    }),
    { numRuns: 50 },
  );
});

Deno.test("IdNumbers takes at most 30 bytes for each of many ids", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = () => {
    collect();
    const { external, heapUsed } = Deno.memoryUsage();
    return external + heapUsed;
  };
  // The first one of these has just made the table of slots larger, so that each id takes most; the last one
  // is about to.
  for (const count of [45_876, 91_749].slice(0, long(2, 1))) {
    for (const idOf of [uuidOf, (n: number) => String(n + 1), (n: number) => `${n + 1}00000`]) {
      const before = held();
      const numbers = new IdNumbers();
      for (let n = 0; n < count; n++) numbers.add(idOf(n));
      // Tests before this one may leave something that is collected or compiled meanwhile.
      const slack = 256 * 1024;
      const each = (held() - before - slack) / count;
      assert.ok(each < 30, `${each} bytes`);
      assert.equal(numbers.numberOf(idOf(count - 1)), count - 1);
      assert.equal(numbers.numberOf(idOf(count)), undefined);
    }
  }
});

function uuidOf(n: number): string {
  const bytes = Buffer.from(`${String(n).padStart(6, "0")}@o\x80${"x".repeat(7)}`, "latin1");
  return bytes.toString("base64url");
}

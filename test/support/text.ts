import fc from "fast-check";

/**
 * Any character, lone surrogates included. It is like fast-check's unit `"binary"`, which takes a second
 * to get going.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.integer({ min: 0x20, max: 0x7e }), weight: 4 },
  fc.nat(0xff),
  fc.nat(0xffff),
  fc.nat(0x10ffff),
).map((code) => String.fromCodePoint(code));

import { hash } from "node:crypto";

/**
 * Writes the beginning of the SHA-256 of something small, as numbers of 32 bits. Of all ways to a digest the one in
 * hexadecimal takes the least time, and no memory outside the heap that is freed too late: for many small texts this is
 * four times as fast as a digest in bytes.
 *
 * @param words Where to: as many as are wanted, at most eight.
 * @param data What the digest is of.
 *
 * @example
 * ```ts
 * import { writeSha256 } from "./sha256_words.ts";
 *
 * const words = new Uint32Array(2);
 * writeSha256(words, "abc");
 * console.assert(words[0] === 0xba7816bf && words[1] === 0x8f01cfea);
 * ```
 */
export function writeSha256(words: Uint32Array, data: string | Uint8Array): void {
  const digest = hash("sha256", data, "hex");
  for (let i = 0; i < words.length; i++) {
    words[i] = parseInt(digest.slice(8 * i, 8 * i + 8), 16);
  }
}

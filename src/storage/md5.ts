import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** The MD5 of some bytes, which is computed when it is first asked for. */
export class Md5 {
  readonly #bytes: Uint8Array;
  #digest: Buffer | undefined;

  /**
   * Computes nothing yet.
   *
   * @param bytes The bytes, which mustn't change.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes there are. */
  get size(): number {
    return this.#bytes.length;
  }

  /** In hexadecimal. */
  get hex(): string {
    return this.#computed.toString("hex");
  }

  /** In base64. */
  get base64(): string {
    return this.#computed.toString("base64");
  }

  get #computed(): Buffer {
    return this.#digest ??= createHash("md5").update(this.#bytes).digest();
  }
}

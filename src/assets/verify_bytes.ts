import { createHash, type Hash } from "node:crypto";

/** What the bytes of a stream should be. */
export interface ExpectedBytes {
  /** Size in bytes, if known. */
  readonly size?: number | undefined;
  /** MD5 in hexadecimal, if known. */
  readonly md5?: string | undefined;
  /** The most bytes to accept. @default No limit but `size` */
  readonly maxSize?: number | undefined;
}

/** The bytes aren't those that were announced. */
export class BytesMismatchError extends Error {
  /** The error's name. */
  override readonly name = "BytesMismatchError";
  /** Whether other bytes may come at another attempt. */
  readonly retryable: boolean;

  /**
   * Says what came instead.
   *
   * @param message What was expected, and what came.
   * @param retryable Whether other bytes may come at another attempt.
   */
  constructor(message: string, retryable = true) {
    super(message);
    this.retryable = retryable;
  }
}

/**
 * Passes bytes on and makes sure that they are those that were announced: the stream fails as soon as
 * there are too many, or at its end if size or MD5 differ. So what reads it never sees a wrong body end
 * well.
 *
 * @example
 * ```ts
 * import { VerifyBytes } from "./verify_bytes.ts";
 *
 * const verify = new VerifyBytes({ size: 5 });
 * const text = await new Response(new Blob(["Hello"]).stream().pipeThrough(verify)).text();
 * console.assert(text === "Hello" && verify.md5 === "8b1a9953c4611296a827abf8c47804d7");
 * ```
 */
export class VerifyBytes extends TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  readonly #hash: Hash;
  #size = 0;
  #md5 = "";

  /**
   * Makes a stage for one body.
   *
   * @param expected What the bytes should be.
   */
  constructor(expected: ExpectedBytes = {}) {
    super({
      transform: (chunk, controller) => {
        this.#size += chunk.byteLength;
        if (expected.size !== undefined && this.#size > expected.size) {
          throw new BytesMismatchError(`expected ${expected.size} bytes, but more came`);
        }
        const { maxSize = Infinity } = expected;
        if (this.#size > maxSize) {
          throw new BytesMismatchError(
            `more than ${maxSize} bytes came, which is more than is accepted`,
            false,
          );
        }
        this.#hash.update(chunk);
        controller.enqueue(chunk);
      },
      flush: () => {
        this.#md5 = this.#hash.digest("hex");
        if (expected.size !== undefined && this.#size !== expected.size) {
          throw new BytesMismatchError(
            `expected ${expected.size} bytes, but only ${this.#size} came`,
          );
        }
        if (expected.md5 !== undefined && this.#md5 !== expected.md5.toLowerCase()) {
          throw new BytesMismatchError(`expected MD5 ${expected.md5}, but it is ${this.#md5}`);
        }
      },
    });
    this.#hash = createHash("md5");
  }

  /** Bytes that passed so far. */
  get size(): number {
    return this.#size;
  }

  /** MD5 of all bytes in hexadecimal, once the stream has ended. */
  get md5(): string {
    return this.#md5;
  }
}

import { createHash, type Hash } from "node:crypto";
import { EXIT, SluiceError } from "../error.ts";
import type { Storage } from "../storage/storage.ts";
import { printable, shownAddress } from "../text/printable.ts";
import type { ManifestObject } from "./manifest.ts";

/**
 * Reads the objects of a snapshot, and compares what is read to its end with what the manifest says of it: a
 * stream of other bytes fails at its end. A range of an object, and what the manifest doesn't list, is read as it
 * is.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param objects What its manifest lists.
 * @param advice What to do about other bytes. @default {Verify the snapshot, and read another one}
 */
export function checkedReading(
  storage: Pick<Storage, "get" | "url">,
  prefix: string,
  objects: readonly ManifestObject[],
  advice?: string,
): Pick<Storage, "get"> {
  const expected = new Map(objects.map((object) => [`${prefix}/${object.path}`, object]));
  return {
    async get(key, options) {
      const bytes = await storage.get(key, options);
      const object = expected.get(key);
      if (object === undefined || options?.range !== undefined) return bytes;
      const { size, sha256: digest } = object;
      const check = { size, algorithm: "sha256", digest } as const;
      return bytes.pipeThrough(checking(check, shownAddress(`${storage.url}/${key}`), advice));
    },
  };
}

/** What the bytes of an object should be, as far as somebody says. */
export interface ExpectedBytes {
  /** How many there are. */
  readonly size: number | undefined;
  /** How their digest is computed. */
  readonly algorithm: "sha256" | "md5";
  /** The digest, in hexadecimal. */
  readonly digest: string | undefined;
}

/**
 * Lets bytes through, and fails as soon as they aren't those that are expected: at the latest at their end.
 *
 * @param expected What they should be.
 * @param address Where they come from, for people.
 * @param advice What to do about other bytes.
 */
export function checking(
  expected: ExpectedBytes,
  address: string,
  advice = "verify the snapshot, and read another one",
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const check = new ByteCheck(expected, (what) => {
    return new SluiceError(
      `${printable(address, 300)} isn't what was written there, because ${what}: ${advice}.`,
      EXIT.failed,
      { code: "snapshot_damaged", facts: { address } },
    );
  });
  return new TransformStream({
    transform(chunk, controller) {
      check.add(chunk);
      controller.enqueue(chunk);
    },
    flush: () => check.end(),
  });
}

/**
 * Passes on bytes, and fails as soon as they aren't those that are expected: at the latest where they end, so that
 * whoever takes them never sees wrong ones end well.
 *
 * @param bytes The bytes.
 * @param expected What they should be.
 * @param fail Makes the error, of a clause that says what is wrong.
 * @throws What `fail` makes.
 */
export async function* checkedBytes(
  bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
  expected: ExpectedBytes,
  fail: (what: string) => Error,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const check = new ByteCheck(expected, fail);
  for await (const chunk of bytes) {
    check.add(chunk);
    yield chunk;
  }
  check.end();
}

/** Compares bytes with what they should be, piece by piece. */
export class ByteCheck {
  readonly #expected: ExpectedBytes;
  readonly #fail: (what: string) => Error;
  readonly #hash: Hash;
  #seen = 0;

  /**
   * @param expected What they should be.
   * @param fail Makes the error, of a clause that says what is wrong.
   */
  constructor(expected: ExpectedBytes, fail: (what: string) => Error) {
    this.#expected = expected;
    this.#fail = fail;
    this.#hash = createHash(expected.algorithm);
  }

  /**
   * Takes a piece.
   *
   * @throws What `fail` makes, if there are more than there should be.
   */
  add(chunk: Uint8Array<ArrayBuffer>): void {
    const { size = Infinity } = this.#expected;
    this.#seen += chunk.byteLength;
    if (this.#seen > size) throw this.#fail(`it has more than its ${size} bytes`);
    this.#hash.update(chunk);
  }

  /**
   * Says that there are no more.
   *
   * @throws What `fail` makes, if they aren't those.
   */
  end(): void {
    const { size = this.#seen, digest } = this.#expected;
    if (this.#seen < size) throw this.#fail(`it has ${this.#seen} of ${size} bytes`);
    if (digest === undefined || this.#hash.digest("hex") === digest) return;
    throw this.#fail("its bytes were changed");
  }
}

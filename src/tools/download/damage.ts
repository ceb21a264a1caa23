import { createHash } from "node:crypto";
import { SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";

/** What the bytes of an object should be. */
export interface ExpectedBytes {
  /** How many there are. */
  readonly size: number;
  /** Which digest of them is known. */
  readonly algorithm: "sha256" | "md5";
  /** The digest, in hexadecimal. */
  readonly digest: string;
}

/**
 * What is to be taken from a snapshot isn't as it was sealed: nothing of it is taken.
 *
 * @example
 * ```ts
 * import { SnapshotDamagedError } from "@sluice/datocms/tools";
 *
 * const error = new SnapshotDamagedError("48213/1796052267", "site.json", "it isn't there");
 * console.assert(error.exitCode === 1);
 * ```
 */
export class SnapshotDamagedError extends SluiceError {
  /** The error's name. */
  override readonly name = "SnapshotDamagedError";
  /** The object that isn't right: its key in the storage, or its path in the snapshot. */
  readonly key: string;

  /**
   * Says what is wrong.
   *
   * @param snapshot The snapshot's name.
   * @param key The object.
   * @param what What is wrong with it: a clause.
   */
  constructor(snapshot: string, key: string, what: string) {
    super(
      `The snapshot ${printable(snapshot)} is damaged: ${
        JSON.stringify(printable(key, 200))
      }: ${what}. Verify it, and take another one.`,
    );
    this.key = key;
  }
}

/**
 * Passes on the bytes of an object of a snapshot, and fails as soon as they aren't those that were sealed: at the
 * latest where they end, so that whoever takes them never sees wrong ones end well.
 *
 * @param bytes The bytes.
 * @param expected What they should be.
 * @param fail Makes the error, of a clause that says what is wrong.
 * @throws What `fail` makes.
 */
export async function* checkedBytes(
  bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { size, algorithm, digest }: ExpectedBytes,
  fail: (what: string) => Error,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const hash = createHash(algorithm);
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.byteLength;
    if (seen > size) throw fail(`it has more than its ${size} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (seen < size) throw fail(`it has ${seen} of ${size} bytes`);
  if (hash.digest("hex") !== digest) throw fail("its bytes were changed");
}

/**
 * Whether bytes are those that they should be; they are read as far as it takes to know.
 *
 * @param bytes The bytes.
 * @param expected What they should be.
 */
export async function hasBytes(
  bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
  expected: ExpectedBytes,
): Promise<boolean> {
  const others = new Error("Others");
  try {
    for await (const _ of checkedBytes(bytes, expected, () => others));
    return true;
  } catch (error) {
    if (error !== others) throw error;
    return false;
  }
}

import { createHash } from "node:crypto";
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
 */
export function checkedReading(
  storage: Pick<Storage, "get" | "url">,
  prefix: string,
  objects: readonly ManifestObject[],
): Pick<Storage, "get"> {
  const expected = new Map(objects.map((object) => [`${prefix}/${object.path}`, object]));
  return {
    async get(key, options) {
      const bytes = await storage.get(key, options);
      const object = expected.get(key);
      if (object === undefined || options?.range !== undefined) return bytes;
      return bytes.pipeThrough(checking("sha256", object, shownAddress(`${storage.url}/${key}`)));
    },
  };
}

/**
 * Lets bytes through, and fails at their end if they aren't those that are expected.
 *
 * @param algorithm How their digest is computed.
 * @param expected Their size and digest, as far as somebody says.
 * @param address Where they come from, for people.
 */
export function checking(
  algorithm: "sha256" | "md5",
  expected: {
    readonly size?: number | undefined;
    readonly sha256?: string | undefined;
    readonly md5?: string | undefined;
  },
  address: string,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const hash = createHash(algorithm);
  const { size, [algorithm]: digest } = expected;
  let read = 0;
  return new TransformStream({
    transform(chunk, controller) {
      hash.update(chunk);
      read += chunk.byteLength;
      controller.enqueue(chunk);
    },
    flush() {
      const isOfSize = size === undefined || read === size;
      if (isOfSize && (digest === undefined || hash.digest("hex") === digest)) return;
      const how = isOfSize
        ? `other bytes than the ones with the ${algorithm === "md5" ? "MD5" : "SHA-256"} ${digest}`
        : `${read} bytes instead of ${size}`;
      throw new SluiceError(
        `${printable(address, 300)} isn't what was written there, because it has ${how}: verify ` +
          "the snapshot, and read another one.",
        EXIT.failed,
        { code: "snapshot_damaged", facts: { address } },
      );
    },
  });
}

import { createHash } from "node:crypto";
import { generatorStream } from "../async/generator_stream.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { GetOptions, Storage } from "../storage/storage.ts";
import { printable, shownAddress } from "../text/printable.ts";
import { ByteCheck } from "./checked_reading.ts";
import type { ManifestObject } from "./manifest.ts";

/** How much of an object is in memory, in bytes: smaller ones are read once, others twice. */
const PIECE = 1024 * 1024;

/**
 * Reads the objects of a snapshot for whoever can't take back what follows from wrong bytes: none is handed on
 * before all of its object are known to be those that the manifest names. An object that is larger than a piece of
 * memory is read twice for that, and each piece of it compared with the first time.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param objects What its manifest lists; nothing else can be read.
 */
export function provenReading(
  storage: Pick<Storage, "get" | "url">,
  prefix: string,
  objects: readonly ManifestObject[],
): Pick<Storage, "get"> {
  const expected = new Map(objects.map((object) => [`${prefix}/${object.path}`, object]));
  return {
    async get(key, { signal } = {}) {
      const address = shownAddress(`${storage.url}/${key}`);
      const fail = (what: string) =>
        new SluiceError(
          `${printable(address, 300)} isn't what was written there, because ${what}.`,
          EXIT.failed,
          { code: "snapshot_damaged", facts: { address } },
        );
      const object = expected.get(key);
      if (object === undefined) throw fail("the manifest doesn't name it");
      return await proven(storage, key, object, { fail, signal });
    },
  };
}

/** How an object is read. */
interface Proving extends Pick<GetOptions, "signal"> {
  /** Makes the error, of a clause that says what is wrong. */
  readonly fail: (what: string) => Error;
}

/** Reads an object to its end, and then gives its pieces. */
async function proven(
  storage: Pick<Storage, "get">,
  key: string,
  { size, sha256: digest }: ManifestObject,
  { fail, signal }: Proving,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const check = new ByteCheck({ size, algorithm: "sha256", digest }, fail);
  const kept: Uint8Array<ArrayBuffer>[] = [];
  const digests: string[] = [];
  for await (const piece of piecesOf(await storage.get(key, { signal }))) {
    check.add(piece);
    if (size <= PIECE) kept.push(piece);
    else digests.push(digestOf(piece));
  }
  check.end();
  if (size <= PIECE) return ReadableStream.from(kept);
  return generatorStream((stop) => {
    const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    return again(storage, key, digests, { fail, signal: either });
  });
}

async function* again(
  storage: Pick<Storage, "get">,
  key: string,
  digests: readonly string[],
  { fail, signal }: Proving,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let at = 0;
  for await (const piece of piecesOf(await storage.get(key, { signal }))) {
    if (digestOf(piece) !== digests[at++]) throw fail("its bytes changed while it was read");
    yield piece;
  }
  if (at < digests.length) throw fail("its bytes changed while it was read");
}

/** The same bytes, in pieces of the same size but for the last one. */
async function* piecesOf(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let piece = new Uint8Array(PIECE);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.byteLength;) {
      const part = chunk.subarray(from, from + PIECE - filled);
      piece.set(part, filled);
      filled += part.byteLength;
      from += part.byteLength;
      if (filled < PIECE) continue;
      yield piece;
      piece = new Uint8Array(PIECE);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.slice(0, filled);
}

function digestOf(piece: Uint8Array<ArrayBuffer>): string {
  return createHash("sha256").update(piece).digest("base64");
}

import { pipeline, Readable } from "node:stream";
import type { Gzip, ZstdCompress } from "node:zlib";
import type { Bytes } from "./snapshot_source.ts";

/**
 * What a compressor of `node:zlib` makes of bytes. It is given no more than it takes; if the bytes fail, so does
 * this, without the compressor's end.
 *
 * @param bytes The bytes.
 * @param compressor The compressor, which is destroyed in the end.
 * @throws What the bytes fail with.
 */
export async function* compressed(
  bytes: AsyncIterable<Uint8Array>,
  compressor: Gzip | ZstdCompress,
): AsyncGenerator<Bytes, void> {
  // What goes wrong is what reading the compressor fails with.
  pipeline(Readable.from(bytes, { objectMode: false }), compressor, () => {});
  try {
    for await (const piece of compressor) yield new Uint8Array(piece as Bytes);
  } finally {
    compressor.destroy();
  }
}

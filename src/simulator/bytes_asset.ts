import { createHash } from "node:crypto";
import type { DemoAsset } from "./project.ts";

const CHUNK = 64 * 1024;

/**
 * An asset whose bytes are in memory.
 *
 * @param bytes The asset's bytes.
 * @param contentType Their MIME type.
 */
export function bytesAsset(bytes: Uint8Array<ArrayBuffer>, contentType: string): DemoAsset {
  return {
    size: bytes.length,
    md5: createHash("md5").update(bytes).digest("hex"),
    contentType,
    body(): ReadableStream<Uint8Array<ArrayBuffer>> {
      let offset = 0;
      return new ReadableStream({
        pull(controller) {
          // A copy, because whoever reads the stream may transfer the chunk's buffer elsewhere.
          if (offset < bytes.length) controller.enqueue(bytes.slice(offset, offset + CHUNK));
          offset += CHUNK;
          if (offset >= bytes.length) controller.close();
        },
      }, { highWaterMark: 0 });
    },
  };
}

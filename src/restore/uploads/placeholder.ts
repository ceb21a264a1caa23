import { createHash } from "node:crypto";
import type { SnapshotAsset } from "../../tools/open.ts";
import { nameToSend } from "./upload_body.ts";

/** A transparent pixel, as PNG. */
const PIXEL = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
);
const MD5 = createHash("md5").update(PIXEL).digest("hex");

/**
 * A small image in the place of an asset's file, under the asset's name.
 *
 * @param asset The asset, which has no file.
 */
export function placeholderOf({ upload, reason }: SnapshotAsset): SnapshotAsset {
  const name = nameToSend(upload).replace(/\.[^.]*$/, "");
  const size = PIXEL.length;
  const attributes = {
    ...upload.attributes,
    filename: `${name}.png`,
    mime_type: "image/png",
    md5: MD5,
    size,
  };
  return {
    upload: { ...upload, attributes },
    file: {
      key: "",
      size,
      md5: MD5,
      open: () => Promise.resolve(ReadableStream.from([PIXEL.slice()])),
    },
    reason,
  };
}

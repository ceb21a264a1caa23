import assert from "node:assert/strict";
import { crc32, inflateRawSync } from "node:zlib";

/**
 * The files of a zip by name, in their order, as its list at the end says.
 *
 * @param bytes The whole zip, of less than 4 GiB.
 */
export function zipFiles(bytes: Uint8Array<ArrayBuffer>): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 22;
  assert.equal(view.getUint32(end, true), 0x06054b50, "the zip has no end");
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    assert.equal(view.getUint32(at, true), 0x02014b50);
    const [crc, packed, size] = [16, 20, 24].map((place) => view.getUint32(at + place, true));
    const [nameLength, extraLength] = [28, 30].map((place) => view.getUint16(at + place, true));
    const name = textOf(bytes.subarray(at + 46, at + 46 + nameLength!));
    const head = view.getUint32(at + 42, true);
    assert.equal(view.getUint32(head, true), 0x04034b50);
    const start = head + 30 + view.getUint16(head + 26, true) + view.getUint16(head + 28, true);
    const content = inflateRawSync(bytes.subarray(start, start + packed!));
    assert.equal(content.length, size);
    assert.equal(crc32(content), crc);
    assert.ok(!files.has(name), `${name} is there twice`);
    files.set(name, content);
    at += 46 + nameLength! + extraLength!;
  }
  assert.equal(at, end);
  return files;
}

/** Bytes as text. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

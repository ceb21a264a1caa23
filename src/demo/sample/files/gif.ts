/**
 * A GIF image of at most four grey to brown colours.
 *
 * @param size The width and height in pixels.
 * @param palette Four colours of red, green and blue.
 * @param paint The number of each pixel's colour, from 0 to 3.
 *
 * @see {@link https://www.w3.org/Graphics/GIF/spec-gif89a.txt}
 */
export function gif(
  size: number,
  palette: readonly (readonly [number, number, number])[],
  paint: (x: number, y: number) => number,
): Uint8Array<ArrayBuffer> {
  const low = size & 255;
  const high = size >> 8;
  return Uint8Array.from([
    ...new TextEncoder().encode("GIF89a"),
    ...[low, high, low, high, 0b1_001_0_001, 0, 0],
    ...palette.flat(),
    ...[0x2c, 0, 0, 0, 0, low, high, low, high, 0],
    ...imageData(size, paint),
    0x3b,
  ]);
}

/**
 * LZW without compression: codes stay three bits long when the decoder's table is cleared before it
 * grows past them.
 */
function imageData(size: number, paint: (x: number, y: number) => number): number[] {
  const [CLEAR, END] = [4, 5];
  const bytes: number[] = [];
  let bits = 0;
  let buffer = 0;
  const put = (code: number) => {
    buffer |= code << bits;
    bits += 3;
    if (bits < 8) return;
    bytes.push(buffer & 255);
    buffer >>= 8;
    bits -= 8;
  };
  for (let i = 0; i < size * size; i++) {
    if (i % 2 === 0) put(CLEAR);
    put(paint(i % size, Math.floor(i / size)));
  }
  put(END);
  if (bits > 0) bytes.push(buffer & 255);
  const blocks: number[] = [2];
  for (let i = 0; i < bytes.length; i += 255) {
    const block = bytes.slice(i, i + 255);
    blocks.push(block.length, ...block);
  }
  return [...blocks, 0];
}

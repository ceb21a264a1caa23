import { delay } from "../async/delay.ts";
import type { JsonObject } from "../content/resource.ts";
import { Compressor } from "../sink/members.ts";
import { parseJson } from "../text/json.ts";
import {
  type ParquetCodec,
  type ParquetColumn,
  ParquetEncoder,
} from "../transform/parquet/encode_parquet.ts";

/** After this many bytes of rows were parsed, others have their turn. */
const TURN_BYTES = 512 * 1024;

/**
 * Puts pieces together.
 *
 * @param pieces The pieces: each is let go of as soon as it is copied.
 */
export function whole(pieces: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}

/**
 * Compresses a text.
 *
 * @param pieces Its pieces, which are let go of.
 * @param compression How.
 */
export function compressedPieces(
  pieces: Uint8Array<ArrayBuffer>[],
  compression: "gzip" | "zstd",
): Uint8Array<ArrayBuffer>[] {
  const compressor = new Compressor(compression);
  const members: Uint8Array<ArrayBuffer>[] = [];
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    members.push(...compressor.push(piece));
  }
  return [...members, ...compressor.end()];
}

/**
 * Makes Parquet of rows.
 *
 * @param pieces The rows as NDJSON, which are let go of.
 * @param columns The columns; of a table that isn't described, those of its rows, as JSON.
 * @param codec How it is compressed.
 * @return The pieces of a whole file. Others have their turn meanwhile.
 */
export async function parquetPieces(
  pieces: Uint8Array<ArrayBuffer>[],
  columns: readonly ParquetColumn[] | undefined,
  codec: ParquetCodec | undefined,
): Promise<Uint8Array<ArrayBuffer>[]> {
  let encoder: ParquetEncoder | undefined;
  const decoder = new TextDecoder();
  const groups: Uint8Array<ArrayBuffer>[] = [];
  let rest = "";
  let bytes = 0;
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    // What a journal gives back is cut anywhere.
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    const rows = lines.map((line) => parseJson(line) as JsonObject);
    encoder ??= new ParquetEncoder({ columns: columns ?? columnsOf(rows), codec });
    groups.push(...encoder.push(rows));
    bytes += piece.byteLength;
    if (bytes < TURN_BYTES) continue;
    bytes = 0;
    await delay(0);
  }
  return [...groups, ...encoder?.end() ?? []];
}

function columnsOf([row = {}]: readonly JsonObject[]): ParquetColumn[] {
  return Object.keys(row).map((name) => ({ name, sql_type: "json" }));
}

// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Measures how records of a generated project are compressed, and prints a line for each way:
 * `deno task bench:compression RECORDS`.
 *
 * @module
 */
import process from "node:process";
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { compressMember, MEMBER_BYTES } from "../src/sink/compression.ts";
import { Compressor } from "../src/sink/members.ts";
import { generateProject } from "../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../src/simulator/memory_copy.ts";
import { ndjsonBytes } from "../src/transform/encode_ndjson.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const ROUNDS = 3;

/** The records' lines, in pieces as large as members. */
function textOf(records: number): Bytes[] {
  const project = generateProject({ records, models: 8, uploads: 50, blocksPerRecord: 12 });
  const pieces: Bytes[] = [];
  let page: Bytes[] = [];
  let size = 0;
  for (const { current } of memoryCopy(project).primary.items.records()) {
    const line = ndjsonBytes([current]);
    page.push(line);
    size += line.length;
    if (size < MEMBER_BYTES - 65_536) continue;
    pieces.push(new Uint8Array(page.flatMap((line) => [...line])));
    [page, size] = [[], 0];
  }
  return pieces;
}

/** Seconds of CPU that something takes, the least of several rounds. */
function cpuSeconds(work: () => void): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  }));
}

const text = textOf(Number(Deno.args[0] ?? 8000));
const plain = text.reduce((sum, { length }) => sum + length, 0);
const gzip = (level: number) => (piece: Bytes): Uint8Array => gzipSync(piece, { level });
const zstd = (level: number) => (piece: Bytes): Uint8Array => {
  return zstdCompressSync(piece, { params: { [constants.ZSTD_c_compressionLevel]: level } });
};
const WAYS: Readonly<Record<string, (piece: Bytes) => Uint8Array>> = {
  "gzip 1": gzip(1),
  "gzip 4": gzip(4),
  "gzip 6": gzip(6),
  "gzip 9": gzip(9),
  "zstd 1": zstd(1),
  "zstd 3": zstd(3),
  "zstd 6": zstd(6),
};
console.log(`${(plain / 1e6).toFixed(1)} MB in ${text.length} members of about 200 KB`);
for (const [name, compress] of Object.entries(WAYS)) {
  let members: Uint8Array[] = [];
  const seconds = cpuSeconds(() => void (members = text.map(compress)));
  const size = members.reduce((sum, { length }) => sum + length, 0);
  const undo = name.startsWith("gzip") ? gunzipSync : zstdDecompressSync;
  const back = cpuSeconds(() => members.forEach((member) => undo(member)));
  console.log(
    `${name}: ${(size / 1e6).toFixed(1)} MB, ${(plain / size).toFixed(1)} ×, ` +
      `${Math.round(plain / 1e6 / seconds)} MB/s, back ${Math.round(plain / 1e6 / back)} MB/s`,
  );
}
for (const compression of ["gzip", "zstd"] as const) {
  const seconds = cpuSeconds(() => {
    const compressor = new Compressor(compression);
    for (const piece of text) for (const _ of compressor.push(piece));
    for (const _ of compressor.end());
  });
  const size = text.reduce((sum, piece) => sum + compressMember(piece, compression).length, 0);
  console.log(
    `as written, ${compression}: ${(plain / size).toFixed(1)} ×, ${
      Math.round(plain / 1e6 / seconds)
    } MB/s`,
  );
}

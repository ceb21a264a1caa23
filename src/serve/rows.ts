import { crc32 } from "node:zlib";
import { compressionOf } from "../sink/compression.ts";
import { decompressed } from "../sink/members.ts";
import { type LocatedEntry, locateEntries } from "../snapshot/index/locate_entries.ts";
import { parseJson } from "../text/json.ts";
import type { SnapshotContent } from "../tools/open/content.ts";

/** What is held of a row: its batch, offset, size, place inside, length and CRC-32. */
const ROW_BYTES = 32;
/** Bytes between two rows that are read along with them rather than apart. */
const GAP = 64 * 1024;
/** No more than this is read at once (bytes), but for a row that is larger. */
const PIECE = 4 * 1024 * 1024;

/** A part of a batch that is read at once, and the rows in it. */
interface Piece {
  readonly batch: number;
  readonly start: number;
  end: number;
  /** Places in the list of rows that were asked for. */
  readonly rows: number[];
}

/**
 * Where the entries of some batches are, in their order: so that any of them can be read without those before. Holds
 * 32 bytes for each.
 */
export class Rows {
  readonly #content: SnapshotContent;
  readonly #paths: readonly string[];
  #count = 0;
  #batch = new Uint32Array(64);
  #offset = new Float64Array(64);
  #size = new Uint32Array(64);
  #inside = new Uint32Array(64);
  #length = new Uint32Array(64);
  #sum = new Uint32Array(64);

  private constructor(content: SnapshotContent, paths: readonly string[]) {
    this.#content = content;
    this.#paths = paths;
  }

  /**
   * Finds the entries of batches: reads them once, and compares them with the manifest.
   *
   * @param content The snapshot.
   * @param paths The batches' paths in it.
   * @param signal Aborts it.
   * @param each Called with each entry, in their order.
   * @throws {SluiceError} If a batch isn't as it was written.
   */
  static async read(
    content: SnapshotContent,
    paths: readonly string[],
    signal: AbortSignal,
    each?: (entry: LocatedEntry) => void,
  ): Promise<Rows> {
    const rows = new Rows(content, paths);
    for (const [number, path] of paths.entries()) {
      for await (const page of locateEntries(content.objects, content.key(path), signal)) {
        for (const entry of page) {
          const { offset, size, inside, length, crc32: sum } = entry;
          rows.#add([number, offset, size, inside, length, sum]);
          each?.(entry);
        }
      }
    }
    return rows;
  }

  /** How many entries there are. */
  get count(): number {
    return this.#count;
  }

  /** How much memory they take (bytes). */
  get bytes(): number {
    return this.#batch.length * ROW_BYTES;
  }

  /**
   * Reads entries that follow each other.
   *
   * @param from The first one's place, from 0.
   * @param to The place behind the last one.
   * @param signal Aborts it.
   */
  async slice<T>(from: number, to: number, signal: AbortSignal): Promise<T[]> {
    const end = Math.min(to, this.#count);
    return await this.at(
      Array.from({ length: Math.max(0, end - from) }, (_, i) => from + i),
      signal,
    );
  }

  /**
   * Reads entries, and makes sure that they are what was written.
   *
   * @param places Their places, from 0, in any order.
   * @param signal Aborts it.
   * @return The entries, in the order of the places.
   * @throws {SyntaxError} If one isn't what was written.
   */
  async at<T>(places: readonly number[], signal: AbortSignal): Promise<T[]> {
    const entries = new Array<T>(places.length);
    for (const piece of this.#pieces(places)) {
      const { batch, start, end } = piece;
      const path = this.#paths[batch]!;
      const compression = compressionOf(path);
      const { storage } = this.#content;
      const bytes = await storage.get(this.#content.key(path), { range: { start, end }, signal });
      const text = await new Response(decompressed(bytes, compression, path)).bytes();
      for (const at of piece.rows) {
        const row = places[at]!;
        const from = compression === "none" ? this.#offset[row]! - start : this.#inside[row]!;
        const own = text.subarray(from, from + this.#length[row]!);
        if (crc32(own) !== this.#sum[row]!) {
          throw new SyntaxError(`Entry ${row} of ${path} isn't what was written`);
        }
        const entry = new TextDecoder("utf-8", { fatal: true }).decode(own);
        entries[at] = parseJson(entry) as T;
      }
    }
    return entries;
  }

  /** What is read for rows. Members of a compressed batch are read each by itself. */
  #pieces(places: readonly number[]): Piece[] {
    const order = places.map((_, at) => at).sort((a, b) => {
      const [one, other] = [places[a]!, places[b]!];
      return this.#batch[one]! - this.#batch[other]! || this.#offset[one]! - this.#offset[other]!;
    });
    const pieces: Piece[] = [];
    for (const at of order) {
      const row = places[at]!;
      const [batch, start] = [this.#batch[row]!, this.#offset[row]!];
      const end = start + this.#size[row]!;
      const last = pieces.at(-1);
      const isPlain = compressionOf(this.#paths[batch]!) === "none";
      const joins = last !== undefined && last.batch === batch &&
        (isPlain ? start - last.end <= GAP && end - last.start <= PIECE : start === last.start);
      if (joins) {
        last.rows.push(at);
        last.end = Math.max(last.end, end);
      } else pieces.push({ batch, start, end, rows: [at] });
    }
    return pieces;
  }

  #add(row: readonly [number, number, number, number, number, number]): void {
    const at = this.#count++;
    if (at === this.#batch.length) this.#grow(2 * at);
    const columns = this.#columns();
    row.forEach((value, i) => columns[i]![at] = value);
  }

  #columns() {
    return [this.#batch, this.#offset, this.#size, this.#inside, this.#length, this.#sum];
  }

  #grow(length: number): void {
    const grown = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#batch = grown(this.#batch, new Uint32Array(length));
    this.#offset = grown(this.#offset, new Float64Array(length));
    this.#size = grown(this.#size, new Uint32Array(length));
    this.#inside = grown(this.#inside, new Uint32Array(length));
    this.#length = grown(this.#length, new Uint32Array(length));
    this.#sum = grown(this.#sum, new Uint32Array(length));
  }
}

import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { compressionOf } from "../../sink/compression.ts";
import { readMembers } from "../../sink/members.ts";
import type { Storage } from "../../storage/storage.ts";
import { isObject, parseJson } from "../../text/json.ts";
import { DataScanner } from "../data_entries.ts";
import { isNdjson } from "../read_text.ts";
import type { EntryPlace } from "./index_form.ts";

/** An entry of a batch, and where it is in there. */
export interface LocatedEntry extends EntryPlace {
  /** Its id. */
  readonly id: string;
  /** Its JSON text. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A piece of a text that is read: of a compressed one, a member. */
interface Piece {
  /** Where it begins in the object (bytes). */
  readonly offset: number;
  /** How many bytes it takes there. */
  readonly size: number;
  /** Its text. */
  readonly text: Uint8Array<ArrayBuffer>;
}

const LINE_FEED = 0x0a;
/** The ids of DatoCMS are of these, and shorter. */
const PLAIN_ID = /^[\w-]{1,64}$/;

/**
 * Finds where the entries of a batch are, whichever way it is written.
 *
 * @param storage Where the batch is.
 * @param key Its key.
 * @param signal Aborts the reading.
 * @param name The key of their ids in entries. @default {"id"}
 * @return Entries, some at a time, in their order.
 * @throws {ObjectNotFoundError} If there is no such batch.
 * @throws {SyntaxError} If the batch isn't what its name says, or an entry has no id.
 * @throws The signal's reason.
 */
export async function* locateEntries(
  storage: Pick<Storage, "get">,
  key: string,
  signal: AbortSignal,
  name = "id",
): AsyncGenerator<readonly LocatedEntry[], void> {
  const idOf = idReader(name);
  const compression = compressionOf(key);
  if (!isNdjson(key)) yield* locateData(storage, key, idOf, signal);
  else if (compression === "none") yield* locateLines(piecesOf(storage, key, signal), idOf, false);
  else {
    const bytes = await storage.get(key, { signal });
    yield* locateLines(readMembers(bytes, compression, key), idOf, true);
  }
}

async function* piecesOf(
  storage: Pick<Storage, "get">,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<Piece, void> {
  let offset = 0;
  for await (const text of await storage.get(key, { signal })) {
    signal.throwIfAborted();
    yield { offset, size: text.length, text };
    offset += text.length;
  }
}

/** Finds lines. Of a compressed text, the members that hold a line have to be read, from its first to its last. */
async function* locateLines(
  pieces: AsyncIterable<Piece>,
  idOf: (entry: Uint8Array<ArrayBuffer>) => string,
  isCompressed: boolean,
): AsyncGenerator<LocatedEntry[], void> {
  /** The line that isn't whole yet: its pieces, and where it begins. */
  let begun: Uint8Array<ArrayBuffer>[] = [];
  let start = { offset: 0, inside: 0 };
  const begin = (offset: number, inside: number) => {
    if (begun.length > 0) return;
    start = isCompressed ? { offset, inside } : { offset: offset + inside, inside: 0 };
  };
  const located = (last: Uint8Array<ArrayBuffer>, end: number): LocatedEntry => {
    const line = begun.length === 0 ? last : new Uint8Array(Buffer.concat([...begun, last]));
    begun = [];
    const { length } = line;
    const size = isCompressed ? end - start.offset : length;
    return { id: idOf(line), ...start, size, length, crc32: crc32(line), bytes: line };
  };
  let end = 0;
  for await (const { offset, size, text } of pieces) {
    const entries: LocatedEntry[] = [];
    end = offset + size;
    let from = 0;
    for (let to = text.indexOf(LINE_FEED); to >= 0; to = text.indexOf(LINE_FEED, from)) {
      begin(offset, from);
      entries.push(located(text.subarray(from, to), end));
      from = to + 1;
    }
    if (from < text.length) {
      begin(offset, from);
      begun.push(text.slice(from));
    }
    if (entries.length > 0) yield entries;
  }
  if (begun.length > 0) yield [located(new Uint8Array(0), end)];
}

/** Finds the entries of `{ "data": [ … ] }`, however its text is laid out. */
async function* locateData(
  storage: Pick<Storage, "get">,
  key: string,
  idOf: (entry: Uint8Array<ArrayBuffer>) => string,
  signal: AbortSignal,
): AsyncGenerator<LocatedEntry[], void> {
  const scanner = new DataScanner();
  for await (const chunk of await storage.get(key, { signal })) {
    signal.throwIfAborted();
    const entries: LocatedEntry[] = [];
    // A character for each byte: what the scanner looks for is ASCII, which no other character has bytes of.
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    for (const entry of scanner.scan(text)) {
      const bytes = new Uint8Array(Buffer.from(entry, "latin1"));
      const { length } = bytes;
      entries.push({
        id: idOf(bytes),
        offset: scanner.entryStart,
        size: length,
        inside: 0,
        length,
        crc32: crc32(bytes),
        bytes,
      });
    }
    if (scanner.isWrong) break;
    if (entries.length > 0) yield entries;
  }
  if (scanner.isWrong || !scanner.isEnded) {
    throw new SyntaxError(`Expected {"data": [...]} with a list of objects in ${key}`);
  }
}

/** What reads the id of an entry: only where it doesn't come first, the entry is parsed. */
function idReader(name: string): (entry: Uint8Array<ArrayBuffer>) => string {
  const start = Buffer.from(`{"${name}":"`);
  return (entry) => {
    const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.length);
    if (bytes.subarray(0, start.length).equals(start)) {
      const end = bytes.indexOf('"', start.length);
      const id = end < 0
        ? ""
        : bytes.toString("latin1", start.length, Math.min(end, start.length + 65));
      if (PLAIN_ID.test(id)) return id;
    }
    const parsed = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(entry));
    const id = isObject(parsed) ? parsed[name] : undefined;
    if (typeof id === "string") return id;
    throw new SyntaxError(`Expected an entry with the key "${name}"`);
  };
}

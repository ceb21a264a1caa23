import { createHash } from "node:crypto";
import type { Storage } from "../../storage/storage.ts";
import { compressionOf } from "../../sink/compression.ts";
import { JSON_DATA } from "../../sink/encodings.ts";
import { decompressed, DecompressionError } from "../../sink/members.ts";
import { dataEntries } from "../../snapshot/data_entries.ts";
import { LineParser, type Lines, LONGEST_TEXT } from "./lines.ts";

/** What an object's text should be. */
export type ObjectForm = "ndjson" | "data" | "json" | "csv" | "bytes";

/** What was found when an object was read to its end. */
export interface ObjectRead {
  /** How many bytes it has. */
  readonly size: number;
  /** How many bytes of text it has, if it is compressed. */
  readonly plainSize?: number | undefined;
  /** The digest of its bytes in hexadecimal. */
  readonly digest: string;
  /** How many entries it holds; `undefined` if it isn't a list. */
  readonly entries: number | undefined;
  /** Why it isn't what its form says; `undefined` if it is. */
  readonly unparsable: string | undefined;
  /** The value that it is, if it was read as `json` and is one. */
  readonly value: unknown;
}

/** Options of {@linkcode readObject}. */
export interface ReadObjectOptions {
  /** What its text should be. */
  readonly form: ObjectForm;
  /** Which digest is computed. @default {"sha256"} */
  readonly algorithm?: "sha256" | "md5" | undefined;
  /** Called with each entry of a list. */
  readonly onEntry?: ((entry: unknown) => void) | undefined;
  /** Called if the entries come again from the first one. */
  readonly onAgain?: (() => void) | undefined;
  /** Called with the size of each piece that was read. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Aborts the reading. */
  readonly signal: AbortSignal;
}

/**
 * Reads an object to its end: for its size, its digest, and whether it is of its form. Holds no more of a list
 * than a piece and its longest entry.
 *
 * @param storage Where it is.
 * @param key Its key.
 * @param options What it should be.
 * @throws {ObjectNotFoundError} If it isn't there.
 * @throws {StorageError} If it can't be read.
 * @throws The signal's reason.
 */
export async function readObject(
  storage: Pick<Storage, "get">,
  key: string,
  options: ReadObjectOptions,
): Promise<ObjectRead> {
  const { form, algorithm = "sha256", onEntry, onBytes, signal } = options;
  const hash = createHash(algorithm);
  const parser = parserOf(form, onEntry);
  // Only of those that this program writes does the name say how they are compressed.
  const compression = form === "ndjson" || form === "csv" ? compressionOf(key) : "none";
  if (parser !== undefined && compression !== "none") {
    return await readCompressed(storage, key, parser, compression, options);
  }
  let size = 0;
  for await (const chunk of await storage.get(key, { signal })) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.byteLength;
    parser?.push(chunk);
    onBytes?.(chunk.byteLength);
  }
  const parsed = parser?.end();
  const read = { size, digest: hash.digest("hex") };
  if (form === "data" && parsed?.unparsable !== undefined) {
    // Whoever wrote it may have divided it into lines as they liked.
    return { ...read, ...await readData(storage, key, options), value: undefined };
  }
  return {
    ...read,
    entries: parsed?.entries,
    unparsable: parsed?.unparsable,
    value: parsed?.value,
  };
}

/** Reads an object whose text is compressed: its size and digest are those of its bytes. */
async function readCompressed(
  storage: Pick<Storage, "get">,
  key: string,
  parser: Parser,
  compression: "gzip" | "zstd",
  { algorithm = "sha256", onBytes, signal }: ReadObjectOptions,
): Promise<ObjectRead> {
  const hash = createHash(algorithm);
  let size = 0;
  const hashing = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller): void {
      hash.update(chunk);
      size += chunk.byteLength;
      onBytes?.(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  const bytes = await storage.get(key, { signal });
  let plainSize = 0;
  try {
    for await (const chunk of decompressed(bytes.pipeThrough(hashing), compression, key)) {
      signal.throwIfAborted();
      plainSize += chunk.byteLength;
      parser.push(chunk);
    }
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    // What follows has no text, but the digest tells whether it is what was written.
    const whole = await readObject(storage, key, { form: "bytes", algorithm, signal });
    return { ...whole, unparsable: error.reason };
  }
  const { entries, unparsable } = parser.end();
  const digest = hash.digest("hex");
  return { size, digest, plainSize, entries, unparsable, value: undefined };
}

/** What reads an object's pieces. */
interface Parser {
  push(chunk: Uint8Array<ArrayBuffer>): void;
  end(): Lines & { readonly value?: unknown };
}

function parserOf(form: ObjectForm, onEntry?: (entry: unknown) => void): Parser | undefined {
  switch (form) {
    case "ndjson":
      return new LineParser((line) => parsedWith(line, onEntry));
    case "data":
      return new DataLines(onEntry);
    case "json":
      return new WholeText();
    case "csv":
      return new CsvRows();
    case "bytes":
      return undefined;
  }
}

function parsedWith(line: string, onEntry?: (entry: unknown) => void): number {
  const entry: unknown = JSON.parse(line);
  onEntry?.(entry);
  return 1;
}

/** Takes the lines of `{"data":[` … `]}` as this program writes them: an entry in each. */
class DataLines implements Parser {
  readonly #lines: LineParser = new LineParser((line) => this.#take(line));
  readonly #onEntry: ((entry: unknown) => void) | undefined;
  #state: "head" | "entries" | "end" = "head";

  constructor(onEntry: ((entry: unknown) => void) | undefined) {
    this.#onEntry = onEntry;
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#lines.push(chunk);
  }

  end(): Lines {
    const lines = this.#lines.end();
    const isWhole = lines.unparsable !== undefined || this.#state === "end";
    return isWhole ? lines : { ...lines, unparsable: "it ends too early" };
  }

  #take(line: string): number {
    if (this.#state === "head") {
      if (line === `${JSON_DATA.head}]}`) this.#state = "end";
      else if (line === JSON_DATA.head) this.#state = "entries";
      else throw new SyntaxError();
      return 0;
    }
    const isLast = line.endsWith("]}");
    if (this.#state === "end" || (!isLast && !line.endsWith(","))) throw new SyntaxError();
    if (isLast) this.#state = "end";
    return parsedWith(line.slice(0, isLast ? -2 : -1), this.#onEntry);
  }
}

async function readData(
  storage: Pick<Storage, "get">,
  key: string,
  { onEntry, onAgain, signal }: ReadObjectOptions,
): Promise<Pick<ObjectRead, "entries" | "unparsable">> {
  onAgain?.();
  let entries = 0;
  try {
    for await (const page of dataEntries<unknown>(storage, key, signal)) {
      entries += page.length;
      if (onEntry) page.forEach(onEntry);
    }
    return { entries, unparsable: undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    return { entries, unparsable: 'it isn\'t {"data": [...]} to its end' };
  }
}

/** A JSON text that is read whole. */
class WholeText implements Parser {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #pieces: string[] = [];
  #length = 0;
  #isWrong = false;

  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#isWrong) return;
    try {
      const piece = this.#decoder.decode(chunk, { stream: true });
      this.#length += piece.length;
      this.#isWrong = this.#length > LONGEST_TEXT;
      this.#pieces.push(piece);
    } catch {
      this.#isWrong = true;
    }
  }

  end(): Lines & { readonly value?: unknown } {
    try {
      if (this.#isWrong) throw new SyntaxError();
      const text = this.#pieces.join("") + this.#decoder.decode();
      const value: unknown = JSON.parse(text);
      return { entries: undefined, unparsable: undefined, value };
    } catch {
      return { entries: undefined, unparsable: "it isn't JSON" };
    }
  }
}

const [QUOTE, LINE_FEED] = [0x22, 0x0a];

/** Counts the rows of CSV below its header: line feeds that aren't within quotes. */
class CsvRows implements Parser {
  #rows = -1;
  #isQuoted = false;
  #last = LINE_FEED;

  push(chunk: Uint8Array<ArrayBuffer>): void {
    for (const byte of chunk) {
      if (byte === QUOTE) this.#isQuoted = !this.#isQuoted;
      else if (byte === LINE_FEED && !this.#isQuoted) this.#rows++;
    }
    this.#last = chunk.at(-1) ?? this.#last;
  }

  end(): Lines {
    const isWhole = !this.#isQuoted && this.#last === LINE_FEED;
    return {
      entries: Math.max(0, this.#rows),
      unparsable: isWhole ? undefined : "its last row has no end",
    };
  }
}

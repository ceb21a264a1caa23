import { createHash } from "node:crypto";
import { Budget } from "../async/budget.ts";
import { ObjectWriter } from "../storage/object_writer.ts";
import { ObjectExistsError, type Storage, StorageError } from "../storage/storage.ts";
import { journalPath } from "./layout.ts";

/** Some bytes in a file of a journal, and whose they are. */
export interface JournalPart {
  /** The name of the object that they belong to. */
  readonly of: string;
  /** Where they begin in the file (bytes). */
  readonly offset: number;
  /** How many there are. */
  readonly size: number;
}

/** A file of a journal. */
export interface JournalFile {
  /** Its number. */
  readonly number: number;
  /** Its size (bytes). */
  readonly size: number;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** What in it is still needed, in order. */
  readonly parts: readonly JournalPart[];
}

/** Options of {@linkcode ByteJournal}. */
export interface ByteJournalOptions {
  /** Where the snapshot is. */
  readonly storage: Storage;
  /** Where it lies in there, without a trailing slash. */
  readonly prefix: string;
  /** The files that an earlier run has left. */
  readonly files?: readonly JournalFile[] | undefined;
  /** Aborts the reading and writing. */
  readonly signal: AbortSignal;
}

/** Bytes that aren't in a file yet. */
interface Pending {
  readonly of: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A file whose parts go one after the other. */
interface OwnFile extends Omit<JournalFile, "parts"> {
  parts: JournalPart[];
}

/** How many files that nobody needs are deleted at a time: each deletion is a request. */
const DELETED_AT_ONCE = 8;

/**
 * Keeps the bytes of objects that aren't written to their end, so that another run can begin them with the
 * same bytes: their borders don't depend on where an export was ended. What is added is kept in memory
 * until it is saved; what belongs to an object that was finished is forgotten.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "../storage/local/local_storage.ts";
 * import { ByteJournal } from "./byte_journal.ts";
 *
 * const storage = new LocalStorage(await Deno.makeTempDir());
 * const { signal } = new AbortController();
 * const journal = new ByteJournal({ storage, prefix: "snapshot_1", signal });
 * journal.add("listings", "uploads", [new TextEncoder().encode("Hello")]);
 * await journal.save();
 * const later = new ByteJournal({ storage, prefix: "snapshot_1", signal, files: journal.files });
 * for await (const [of, bytes] of later.read(() => true)) {
 *   console.assert(of === "uploads" && bytes.length === 5);
 * }
 * ```
 */
export class ByteJournal {
  readonly #options: ByteJournalOptions;
  readonly #files = new Map<number, OwnFile>();
  readonly #saving = new Budget(1);
  /** By the file that it goes to. */
  #pending = new Map<string, Pending[]>();
  #pendingBytes = 0;
  #next: number;
  /** Files that nobody needs, but for a run that resumes from the last checkpoint. */
  readonly #unneeded = new Set<number>();
  #mayDelete = true;

  /**
   * @param options Where it is.
   */
  constructor(options: ByteJournalOptions) {
    this.#options = options;
    for (const { parts, ...file } of options.files ?? []) {
      this.#files.set(file.number, { ...file, parts: [...parts] });
    }
    this.#next = Math.max(-1, ...this.#files.keys()) + 1;
  }

  /** How many bytes are in memory because they weren't saved yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The files that are needed. */
  get files(): readonly JournalFile[] {
    return [...this.#files.values()].map(({ parts, ...file }) => ({ ...file, parts: [...parts] }));
  }

  /**
   * Adds bytes to what an object holds.
   *
   * @param file What they share a file with: each kind is saved to files of its own.
   * @param of The object's name.
   * @param pieces The bytes.
   */
  add(file: string, of: string, pieces: readonly Uint8Array<ArrayBuffer>[]): void {
    if (pieces.length === 0) return;
    let pending = this.#pending.get(file);
    if (pending === undefined) this.#pending.set(file, pending = []);
    for (const bytes of pieces) {
      pending.push({ of, bytes });
      this.#pendingBytes += bytes.byteLength;
    }
  }

  /**
   * Forgets what objects hold: they were finished.
   *
   * @param finished The objects' names.
   */
  forget(finished: ReadonlySet<string>): void {
    if (finished.size === 0) return;
    for (const [file, pending] of this.#pending) {
      const kept = pending.filter(({ of }) => !finished.has(of));
      this.#pendingBytes -= bytesIn(pending) - bytesIn(kept);
      if (kept.length > 0) this.#pending.set(file, kept);
      else this.#pending.delete(file);
    }
    for (const [number, file] of this.#files) {
      file.parts = file.parts.filter(({ of }) => !finished.has(of));
      if (file.parts.length === 0) this.#drop(number);
    }
  }

  /**
   * Writes what was added.
   *
   * @throws {StorageError} If it can't be written.
   */
  async save(): Promise<void> {
    using _place = await this.#saving.acquire();
    const pending = this.#pending;
    this.#pending = new Map();
    await Promise.all(pending.values().map((each) => this.#write(each)));
  }

  async #write(pending: readonly Pending[]): Promise<void> {
    let parts: JournalPart[] = [];
    let size = 0;
    for (const { of, bytes: { byteLength } } of pending) {
      const last = parts.at(-1);
      if (last?.of === of) parts[parts.length - 1] = { ...last, size: last.size + byteLength };
      else parts.push({ of, offset: size, size: byteLength });
      size += byteLength;
    }
    try {
      for (let isWritten = false; !isWritten;) {
        // From now on it may be forgotten.
        const file: OwnFile = { number: this.#next++, size, sha256: "", parts };
        this.#files.set(file.number, file);
        isWritten = await this.#put(file, pending);
        ({ parts } = file);
      }
    } finally {
      this.#pendingBytes -= size;
    }
  }

  /** Writes a file, unless its name is taken by what an earlier run has left and nobody may delete. */
  async #put(file: OwnFile, pending: readonly Pending[]): Promise<boolean> {
    const { storage, prefix, signal } = this.#options;
    const { number } = file;
    const key = `${prefix}/${journalPath(number)}`;
    const writer = new ObjectWriter(storage, key, { signal, replaces: null });
    try {
      for (const { bytes } of pending) await writer.write(bytes);
      const { sha256 } = await writer.close();
      if (this.#files.has(number)) this.#files.set(number, { ...file, sha256 });
      return true;
    } catch (error) {
      await writer.abort(error);
      if (!(error instanceof ObjectExistsError)) throw error;
      this.#files.delete(number);
      return false;
    }
  }

  /**
   * Reads what was saved of some objects, file by file: for each of them in the order in which it was added.
   *
   * @param isWanted Whether an object of this name is wanted.
   * @throws {StorageError} If a file can't be read, or isn't what was written.
   */
  async *read(
    isWanted: (of: string) => boolean,
  ): AsyncGenerator<readonly [of: string, bytes: Uint8Array<ArrayBuffer>], void> {
    const { storage, prefix, signal } = this.#options;
    for (const { number, size, sha256, parts } of this.files) {
      const wanted = parts.filter(({ of }) => isWanted(of));
      if (wanted.length === 0) continue;
      const key = `${prefix}/${journalPath(number)}`;
      const hash = createHash("sha256");
      let at = 0;
      for await (const chunk of await storage.get(key, { signal })) {
        hash.update(chunk);
        const end = at + chunk.byteLength;
        for (const part of wanted) {
          const from = Math.max(part.offset, at);
          const to = Math.min(part.offset + part.size, end);
          if (from < to) yield [part.of, chunk.slice(from - at, to - at)];
        }
        at = end;
      }
      if (at === size && hash.digest("hex") === sha256) continue;
      throw new StorageError(
        `${
          JSON.stringify(key)
        } isn't what an earlier run has written there, so the export can't be ` +
          "resumed: begin a new one.",
        undefined,
        { code: "resume_impossible" },
      );
    }
  }

  /** Deletes files that nobody needs. What is needed has to be written down in a checkpoint. */
  async tidy(): Promise<void> {
    const { storage, prefix, signal } = this.#options;
    if (!this.#mayDelete || this.#unneeded.size < DELETED_AT_ONCE) return;
    const keys = Array.from(this.#unneeded, (number) => `${prefix}/${journalPath(number)}`);
    this.#unneeded.clear();
    try {
      await storage.delete(keys, { signal });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      // All of them are deleted before the snapshot is sealed, or that says why they can't be.
      this.#mayDelete = false;
    }
  }

  #drop(number: number): void {
    this.#files.delete(number);
    this.#unneeded.add(number);
  }
}

function bytesIn(pending: readonly Pending[]): number {
  return pending.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

import { concurrently } from "../../async/concurrently.ts";
import { ObjectNotFoundError, type Storage } from "../../storage/storage.ts";
import { plainName } from "../../sink/compression.ts";
import { isNdjson } from "../../snapshot/read_text.ts";
import type { Problems } from "./problems.ts";
import { type ObjectForm, type ObjectRead, readObject } from "./read_object.ts";
import { isInSample, type Sample } from "./sample.ts";

/** How much of a snapshot is read. */
export type VerifyLevel = "manifest" | "data" | "references";

/** All levels, each of which does what the ones before it do. */
export const VERIFY_LEVELS = ["manifest", "data", "references"] as const satisfies VerifyLevel[];

/** How much was read. */
export interface Checked {
  /** Objects that were read to their end, asset files included; at level `manifest`, those that were looked at. */
  readonly objects: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Their lines, or entries of lists. */
  readonly lines: number;
}

/** How far the verification of a snapshot is. */
export interface VerifyProgress {
  /** Bytes that were read. */
  readonly bytes: number;
  /** Bytes that are to be read, as far as it is known. */
  readonly totalBytes: number;
}

/** An object of a snapshot, and what it should be. */
export interface ExpectedObject {
  /** Its path, relative to the snapshot. */
  readonly path: string;
  /** Its size in bytes, if somebody says. */
  readonly size?: number | undefined;
  /** SHA-256 of its bytes in hexadecimal, if somebody says. */
  readonly sha256?: string | undefined;
  /** How many entries it holds, if somebody says. */
  readonly count?: number | undefined;
  /** The size of its text in bytes, if it is compressed and somebody says. */
  readonly plainSize?: number | undefined;
}

/** How objects are read for their entries. */
export interface EntryReader {
  /** Called with each of them. */
  readonly onEntry: (entry: unknown) => void;
  /** Called if they come again from the first one. */
  readonly onAgain: () => void;
  /** Called when the object was read to its end. */
  readonly onEnd: () => void;
}

/** Objects that are read at a time. */
const AT_A_TIME = 4;

/** The verification of one snapshot: what it reads with, and what it has found. */
export class Check {
  /** Where the snapshot is. */
  readonly storage: Storage;
  /** Where it lies in there, without a trailing slash. */
  readonly prefix: string;
  /** Which part of its objects is read. */
  readonly sample: Sample | undefined;
  /** What is wrong. */
  readonly problems: Problems;
  /** Aborts it. */
  readonly signal: AbortSignal;
  readonly #onProgress: ((progress: VerifyProgress) => void) | undefined;
  #objects = 0;
  #bytes = 0;
  #lines = 0;
  #progress: VerifyProgress = { bytes: 0, totalBytes: 0 };

  /**
   * @param options Of what, and what is told of it.
   */
  constructor(
    options: Pick<Check, "storage" | "prefix" | "sample" | "problems" | "signal"> & {
      readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
    },
  ) {
    this.storage = options.storage;
    this.prefix = options.prefix;
    this.sample = options.sample;
    this.problems = options.problems;
    this.signal = options.signal;
    this.#onProgress = options.onProgress;
  }

  /** How much was read. */
  get checked(): Checked {
    return { objects: this.#objects, bytes: this.#bytes, lines: this.#lines };
  }

  /**
   * Adds a problem with an object of the snapshot.
   *
   * @param kind What is wrong.
   * @param path The object's path, relative to the snapshot.
   * @param detail What exactly.
   */
  add(kind: Parameters<Problems["add"]>[0], path: string, detail: string): void {
    this.problems.add(kind, `${this.prefix}/${path}`, detail);
  }

  /**
   * Counts an object that was looked at, and not read.
   *
   * @param size Its size.
   */
  count(size: number): void {
    this.#objects++;
    this.#bytes += size;
  }

  /**
   * Says that more is to be read.
   *
   * @param bytes How much.
   */
  expect(bytes: number): void {
    const { totalBytes } = this.#progress;
    this.#progress = { ...this.#progress, totalBytes: totalBytes + bytes };
  }

  /**
   * Runs tasks, some at a time.
   *
   * @param items What each is for.
   * @param task What is done for it.
   */
  async each<T>(items: Iterable<T>, task: (item: T) => Promise<void>): Promise<void> {
    const tasks = (function* () {
      for (const item of items) yield () => task(item);
    })();
    await concurrently(tasks, AT_A_TIME, this.signal);
  }

  /**
   * Reads an object to its end.
   *
   * @param key Its key in the storage.
   * @param form What its text should be.
   * @param how Which digest is computed, and what is done with its entries.
   * @return What was found; `undefined` if it isn't there.
   * @throws {StorageError} If it can't be read.
   */
  async read(
    key: string,
    form: ObjectForm,
    how: { readonly algorithm?: "md5"; readonly reader?: EntryReader | undefined } = {},
  ): Promise<ObjectRead | undefined> {
    try {
      const read = await readObject(this.storage, key, {
        form,
        algorithm: how.algorithm,
        ...how.reader,
        onBytes: this.onBytes,
        signal: this.signal,
      });
      how.reader?.onEnd();
      this.count(read.size);
      this.#lines += read.entries ?? 0;
      return read;
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      return undefined;
    }
  }

  /** Takes the size of each piece that was read. */
  readonly onBytes = (bytes: number): void => {
    this.#progress = { ...this.#progress, bytes: this.#progress.bytes + bytes };
    this.#onProgress?.(this.#progress);
  };

  /**
   * Reads an object of the snapshot, and adds what is wrong with it.
   *
   * @param object What it should be.
   * @param reader What is done with its entries.
   * @return What was found; `undefined` if it isn't there.
   * @throws {StorageError} If it can't be read.
   */
  async readExpected(
    object: ExpectedObject,
    reader?: EntryReader,
  ): Promise<ObjectRead | undefined> {
    const { path, size, sha256, count, plainSize } = object;
    const read = await this.read(`${this.prefix}/${path}`, formOf(path), { reader });
    if (read === undefined) {
      this.add("missing", path, "it isn't there any more");
      return undefined;
    }
    const also = read.unparsable === undefined ? "" : `; ${read.unparsable}`;
    if (size !== undefined && read.size < size) {
      this.add("truncated", path, `has ${read.size} of ${size} bytes${also}`);
    } else if (size !== undefined && read.size !== size) {
      this.add("changed", path, `has ${read.size} bytes instead of ${size}${also}`);
    } else if (sha256 !== undefined && read.digest !== sha256) {
      this.add("changed", path, `SHA-256 of its bytes isn't the manifest's${also}`);
    } else if (read.unparsable !== undefined) {
      this.add("unparsable", path, read.unparsable);
    } else if (count !== undefined && read.entries !== undefined && read.entries !== count) {
      this.add("changed", path, `holds ${read.entries} entries, but ${count} are listed`);
    } else if (plainSize !== undefined && read.plainSize !== plainSize) {
      this.add("changed", path, `has ${read.plainSize} bytes of text, but ${plainSize} are listed`);
    }
    return read;
  }

  /**
   * Whether an object is read, if only a part of all is.
   *
   * @param key Its key, or another name that is always its own.
   */
  isRead(key: string): boolean {
    return isInSample(this.sample, key);
  }
}

/** What an object's text should be, as its name says: the name itself is never believed any further. */
function formOf(path: string): ObjectForm {
  if (isNdjson(path)) return "ndjson";
  if (plainName(path).endsWith(".csv")) return "csv";
  if (/^(records|uploads)\/.*\.json$/.test(path)) return "data";
  return path.endsWith(".json") ? "json" : "bytes";
}

import { createHash } from "node:crypto";
import { type ObjectInfo, type PutOptions, type Storage, StorageError } from "./storage.ts";

/** An object that was written. */
export interface WrittenObject {
  /** The object's key in its storage. */
  readonly key: string;
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** What the storage says of it. */
  readonly info: ObjectInfo;
}

/**
 * Writes one object piece by piece, hashing on the way. A write waits until the storage took the piece,
 * so that nothing piles up; the object appears when the writer is closed, or never.
 *
 * @example
 * ```ts no-eval
 * import { ObjectWriter } from "./object_writer.ts";
 * import { LocalStorage } from "./local/local_storage.ts";
 *
 * const writer = new ObjectWriter(new LocalStorage("./out"), "hello.txt");
 * await writer.write(new TextEncoder().encode("Hello"));
 * console.log(await writer.close());
 * ```
 */
export class ObjectWriter {
  readonly #key: string;
  readonly #hash = createHash("sha256");
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #put: Promise<ObjectInfo>;
  #size = 0;

  /**
   * Begins the object.
   *
   * @param storage Where to write.
   * @param key The object's key.
   * @param options How it is put.
   */
  constructor(storage: Storage, key: string, options: PutOptions = {}) {
    this.#key = key;
    const { readable, writable } = new TransformStream<
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>
    >();
    this.#writer = writable.getWriter();
    this.#put = storage.put(key, readable, options);
    // Awaited by the next write or close; until then a failure must not count as unhandled.
    this.#put.catch(() => {});
    this.#writer.closed.catch(() => {});
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Writes a piece.
   *
   * @param bytes The piece.
   * @throws {StorageError} If the storage failed.
   */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#size += bytes.byteLength;
    this.#hash.update(bytes);
    await this.#orStorageError(this.#writer.write(bytes));
  }

  /**
   * Ends the object, so that it appears.
   *
   * @return What was written.
   * @throws {StorageError} If the storage failed.
   */
  async close(): Promise<WrittenObject> {
    await this.#orStorageError(this.#writer.close());
    const info = await this.#put;
    const { size } = info;
    if (size !== this.#size) {
      throw new StorageError(
        `The storage says that ${this.#key} has ${size} bytes, but ${this.#size} were written: check the ` +
          "destination.",
      );
    }
    return { key: this.#key, size: this.#size, sha256: this.#hash.digest("hex"), info };
  }

  /**
   * Gives the object up: it never appears.
   *
   * @param reason Why.
   */
  async abort(reason?: unknown): Promise<void> {
    await Promise.allSettled([this.#writer.abort(reason), this.#put]);
  }

  /** A broken pipe only says that it is broken; the storage says why. */
  async #orStorageError(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      await this.#put;
      throw error;
    }
  }
}

import { ObjectWriter, type WrittenObject } from "../storage/object_writer.ts";
import type { PutOptions, Storage } from "../storage/storage.ts";
import type { Compression } from "./compression.ts";
import { Compressor } from "./members.ts";

/** A text that was written. */
export interface WrittenText extends WrittenObject {
  /** Size of the text in bytes, if it was compressed. */
  readonly plainSize?: number | undefined;
}

/** How a {@linkcode TextWriter} writes. */
export interface TextWriterOptions extends PutOptions {
  /** How the text is compressed. @default {"none"} */
  readonly compression?: Compression | undefined;
}

/** Writes an object whose text may be compressed, piece by piece: no more than a member of it is held. */
export class TextWriter {
  readonly #object: ObjectWriter;
  readonly #compressor: Compressor | undefined;
  #size = 0;

  /**
   * Begins the object.
   *
   * @param storage Where to write.
   * @param key The object's key.
   * @param options How it is compressed and put.
   */
  constructor(
    storage: Storage,
    key: string,
    { compression = "none", ...options }: TextWriterOptions = {},
  ) {
    this.#object = new ObjectWriter(storage, key, options);
    if (compression !== "none") this.#compressor = new Compressor(compression);
  }

  /** Bytes of the text so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Writes a piece of the text.
   *
   * @param bytes The piece.
   * @throws {StorageError} If the storage failed.
   */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#size += bytes.byteLength;
    if (this.#compressor === undefined) return await this.#object.write(bytes);
    for (const member of this.#compressor.push(bytes)) await this.#object.write(member);
  }

  /**
   * Ends the object, so that it appears.
   *
   * @return What was written.
   * @throws {StorageError} If the storage failed.
   */
  async close(): Promise<WrittenText> {
    if (this.#compressor === undefined) return await this.#object.close();
    for (const member of this.#compressor.end()) await this.#object.write(member);
    return { ...await this.#object.close(), plainSize: this.#size };
  }

  /**
   * Gives the object up: it never appears.
   *
   * @param reason Why.
   */
  async abort(reason?: unknown): Promise<void> {
    await this.#object.abort(reason);
  }
}

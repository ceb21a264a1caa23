import { toText } from "@std/streams/to-text";
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { deleteIfAllowed } from "../storage/delete_if_allowed.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";

/** What a note says that was deleted, where nothing may be deleted. */
const DELETED = { deleted: true };

/** A small JSON object in a storage. */
export class JsonNote<T> {
  /** Its key. */
  readonly key: string;
  readonly #storage: Storage;
  readonly #schema: z.ZodType<T>;

  /**
   * Names a note; nothing is read or written.
   *
   * @param storage Where it is.
   * @param key Its key.
   * @param schema Checks its content.
   */
  constructor(storage: Storage, key: string, schema: z.ZodType<T>) {
    this.#storage = storage;
    this.key = key;
    this.#schema = schema;
  }

  /**
   * Reads the note.
   *
   * @param signal Ends it.
   * @return Its content; `undefined` if there is none, `null` if it can't be understood.
   * @throws {StorageError} If it can't be read.
   */
  async read(signal?: AbortSignal): Promise<T | null | undefined> {
    let text: string;
    try {
      text = await toText(await this.#storage.get(this.key, { signal }));
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    }
    try {
      const content = parseJson(text);
      if (isDeepStrictEqual(content, DELETED)) return undefined;
      return this.#schema.safeParse(content).data ?? null;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /**
   * Writes the note.
   *
   * @param content What it says.
   * @param signal Ends it.
   * @throws {StorageError} If it can't be written.
   */
  async write(content: T, signal?: AbortSignal): Promise<void> {
    await this.#put(content, signal);
  }

  /**
   * Writes the note, unless there is one.
   *
   * @param content What it says.
   * @param signal Ends it.
   * @throws {ObjectExistsError} If there is one.
   * @throws {StorageError} If it can't be written.
   */
  async create(content: T, signal?: AbortSignal): Promise<void> {
    await this.#put(content, signal, true);
  }

  /**
   * Deletes the note, if it is there. Where that is forbidden, it then says that it was deleted.
   *
   * @param signal Ends it.
   * @throws {StorageError} If it can't be deleted.
   */
  async delete(signal?: AbortSignal): Promise<void> {
    const isGone = await deleteIfAllowed(this.#storage, [this.key], { signal });
    if (!isGone) await this.#put(DELETED, signal);
  }

  async #put(
    content: unknown,
    signal: AbortSignal | undefined,
    ifAbsent = false,
  ): Promise<void> {
    const bytes = new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
    await this.#storage.put(this.key, bytes, {
      signal,
      ifAbsent,
      contentType: "application/json",
    });
  }
}

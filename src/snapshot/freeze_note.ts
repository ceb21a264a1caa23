import { toText } from "@std/streams/to-text";
import { ObjectNotFoundError, type Storage } from "../sink/storage.ts";
import { parseJson } from "../source/json.ts";
import { FREEZE, type SnapshotPlace, snapshotsPrefix } from "./layout.ts";

/**
 * Notes in the storage which temporary copy an export reads from. The note outlives an export that is
 * killed: whoever holds the lock then knows that nobody reads from that copy any more.
 */
export class FreezeNote {
  readonly #storage: Storage;
  readonly #key: string;

  /**
   * Names the note; nothing is read or written.
   *
   * @param storage Where snapshots are written.
   * @param place Which project and environment.
   */
  constructor(storage: Storage, place: SnapshotPlace) {
    this.#storage = storage;
    this.#key = `${snapshotsPrefix(place)}/${FREEZE}`;
  }

  /**
   * The name of the copy, if there is a note that can be understood.
   *
   * @param signal Aborts the reading.
   * @throws {StorageError} If it can't be read.
   */
  async read(signal: AbortSignal): Promise<string | undefined> {
    try {
      const text = await toText(await this.#storage.get(this.#key, { signal }));
      const content = parseJson(text) as { environment?: unknown } | null;
      return typeof content?.environment === "string" ? content.environment : undefined;
    } catch (error) {
      if (error instanceof ObjectNotFoundError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /**
   * Writes the note.
   *
   * @param environment The copy's name.
   * @param signal Aborts the writing.
   * @throws {StorageError} If it can't be written.
   */
  async write(environment: string, signal: AbortSignal): Promise<void> {
    const bytes = new TextEncoder().encode(`${JSON.stringify({ environment })}\n`);
    await this.#storage.put(this.#key, bytes, { signal, contentType: "application/json" });
  }

  /**
   * Deletes the note.
   *
   * @param signal Aborts it.
   * @throws {StorageError} If it can't be deleted.
   */
  async delete(signal: AbortSignal): Promise<void> {
    await this.#storage.delete([this.#key], { signal });
  }
}

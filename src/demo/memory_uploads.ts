import type { JsonObject, Upload } from "../content/resource.ts";
import { byRules, meets, uploadColumn } from "./listing.ts";
import type { Listing, ListQuery, UploadStore } from "./project.ts";

/** The metadata of assets, held in memory. */
export class MemoryUploads implements UploadStore {
  readonly #uploads: Map<string, Upload>;
  readonly #changed: () => string;

  /**
   * Takes over the uploads to begin with.
   *
   * @param uploads The uploads, oldest first.
   * @param changed Called on each change; tells its time, in ISO 8601.
   */
  constructor(uploads: Iterable<Upload>, changed: () => string) {
    this.#uploads = new Map(Array.from(uploads, (upload) => [upload.id, upload]));
    this.#changed = changed;
  }

  /** The uploads, oldest first. */
  uploads(): readonly Upload[] {
    return [...this.#uploads.values()];
  }

  /** One page of a listing. */
  list(query: ListQuery): Listing<Upload> {
    const ids = query.ids && new Set(query.ids);
    const found = this.uploads().toReversed()
      .filter((one) => (!ids || ids.has(one.id)) && meets(one, query.filters, uploadColumn));
    const rules = query.orderBy.length > 0
      ? query.orderBy
      : [{ column: "_created_at", direction: "DESC" as const }];
    const page = found.toSorted(byRules(rules, uploadColumn))
      .slice(query.offset, query.offset + query.limit);
    return { total: found.length, page };
  }

  /** An upload by its id. */
  get(id: string): Upload | undefined {
    return this.#uploads.get(id);
  }

  /**
   * Adds an upload.
   *
   * @param upload The upload; its id must be new.
   */
  add(upload: Upload): void {
    this.#uploads.set(upload.id, upload);
    this.#changed();
  }

  /**
   * Changes attributes of an upload.
   *
   * @param id The upload's id.
   * @param attributes The attributes to change.
   * @throws {TypeError} If there is no such upload.
   */
  update(id: string, attributes: JsonObject): Upload {
    const before = this.#upload(id);
    const upload = {
      ...before,
      attributes: { ...before.attributes, ...attributes, updated_at: this.#changed() },
    };
    this.#uploads.set(id, upload);
    return upload;
  }

  /**
   * Deletes an upload. Its bytes stay where they are until the project forgets them.
   *
   * @param id The upload's id.
   * @throws {TypeError} If there is no such upload.
   */
  delete(id: string): void {
    this.#upload(id);
    this.#uploads.delete(id);
    this.#changed();
  }

  #upload(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (!upload) throw new TypeError(`There is no upload with id ${JSON.stringify(id)}.`);
    return upload;
  }
}

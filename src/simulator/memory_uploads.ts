import type { JsonObject, Relationship, Upload } from "../content/resource.ts";
import { meets, sortedByRules, uploadColumn } from "../cma_server/listing.ts";
import type { Listing, ListQuery } from "../cma_server/stores.ts";
import type { DemoUploads } from "./project.ts";

/** What {@linkcode MemoryUploads} needs to know of where it lives. */
export interface MemoryUploadsOptions {
  /** Tells the time of a change. */
  readonly now: () => Date;
  /** Called after each change with its time, and what there is of the upload from then on. */
  readonly changed: (at: string, id: string, upload: Upload | undefined) => void;
}

/**
 * The metadata of assets, held in memory. An upload once returned never changes: an edit puts a new
 * object in its place.
 */
export class MemoryUploads implements DemoUploads {
  readonly #uploads: Map<string, Upload>;
  readonly #options: MemoryUploadsOptions;

  /**
   * Takes over the uploads to begin with.
   *
   * @param uploads The uploads, oldest first.
   * @param options Where the store lives.
   */
  constructor(uploads: Iterable<Upload>, options: MemoryUploadsOptions) {
    this.#uploads = new Map(Array.from(uploads, (upload) => [upload.id, upload]));
    this.#options = options;
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
    const page = sortedByRules(found, rules, uploadColumn)
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
    this.#store(upload, this.#now());
  }

  /**
   * Changes an upload.
   *
   * @param id The upload's id.
   * @param attributes The attributes to change.
   * @param relationships The relationships to change, if any.
   * @throws {TypeError} If there is no such upload.
   */
  update(
    id: string,
    attributes: JsonObject,
    relationships?: { readonly [name: string]: Relationship },
  ): Upload {
    const before = this.#upload(id);
    const now = this.#now();
    return this.#store({
      ...before,
      attributes: { ...before.attributes, ...attributes, updated_at: now },
      ...relationships ? { relationships: { ...before.relationships, ...relationships } } : {},
    }, now);
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
    this.#options.changed(this.#now(), id, undefined);
  }

  #now(): string {
    return this.#options.now().toISOString();
  }

  #store(upload: Upload, now: string): Upload {
    this.#uploads.set(upload.id, upload);
    this.#options.changed(now, upload.id, upload);
    return upload;
  }

  #upload(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (!upload) throw new TypeError(`There is no upload with id ${JSON.stringify(id)}.`);
    return upload;
  }
}

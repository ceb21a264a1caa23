import type { Item, JsonObject, Upload, Version } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import { draw, pick } from "../../src/simulator/generated/random.ts";
import type { StoredItem } from "../../src/simulator/stored_item.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { revised } from "./revised.ts";

/** What an editor does, and how often: weights that need no particular sum. */
export interface EditMix {
  /** Changes a record's texts and blocks. */
  readonly update: number;
  /** Gives a record an earlier or later date of creation: it moves in its listing, but stays. */
  readonly redate: number;
  /** Makes a record. */
  readonly create: number;
  /** Deletes a record. */
  readonly delete: number;
  /** Deletes a record and makes one of the same model: the listing gets no shorter. */
  readonly swap: number;
  /** Makes a record's current version public. */
  readonly publish: number;
  /** Takes a record back from the public. */
  readonly unpublish: number;
  /** Publishes drafts and takes as many public records back. */
  readonly burst: number;
  /** Deletes, swaps, changes or unpublishes what is next to where somebody reads. */
  readonly border: number;
  /** Deletes many records: the oldest ones of a model, or those that were read last. */
  readonly purge: number;
  /** Adds an upload. */
  readonly upload: number;
  /** Changes an upload's metadata. */
  readonly describe: number;
  /** Puts another file in the place of an upload's. */
  readonly replace: number;
  /** Deletes an upload. */
  readonly discard: number;
  /** Deletes an upload and adds one. */
  readonly exchange: number;
}

/**
 * Mostly changes of what is there; what comes and goes is about in balance. Dates of creation stay: only
 * programs change them.
 */
export const USUAL_MIX: EditMix = {
  update: 50,
  redate: 0,
  create: 5,
  delete: 5,
  swap: 12,
  publish: 6,
  unpublish: 4,
  burst: 1,
  border: 8,
  purge: 0.3,
  upload: 2,
  describe: 4,
  replace: 2,
  discard: 2,
  exchange: 4,
};

/** How an {@linkcode Editor} works. */
export interface EditorOptions {
  /** Editors of the same seed do the same. */
  readonly seed: number;
  /** What is done how often. @default {USUAL_MIX} */
  readonly mix?: Partial<EditMix> | undefined;
  /** How many records a purge deletes at most. @default {300} */
  readonly purge?: number | undefined;
}

/** What somebody asked for: a page of some models' records, or some records by their ids. */
interface Asked {
  readonly typeIds: readonly string[];
  readonly ids: readonly string[];
  readonly version: Version;
  readonly offset: number;
  readonly limit: number;
}

const BY_CREATION = ["_created_at", "id"].map((column) => ({ column, direction: "ASC" as const }));

/** A listing never gets shorter than this part of what it was. */
const LEAST = 0.4;

/** Somebody who works on a project while it is read: what is done next depends on a seed alone. */
export class Editor {
  /** How often what was done. */
  readonly done: Record<keyof EditMix, number>;
  readonly #project: MemoryProject;
  readonly #schema: SchemaIndex;
  readonly #mix: EditMix;
  readonly #seed: number;
  readonly #purge: number;
  readonly #least = new Map<string, number>();
  #drawn = 0;
  #revision = 0;
  #asked: Asked | undefined;

  /**
   * Does nothing yet.
   *
   * @param project What to work on.
   * @param options What to do.
   */
  constructor(project: MemoryProject, { seed, mix, purge = 300 }: EditorOptions) {
    const { site, itemTypes, fields, fieldsets, items, uploads } = project.primary;
    const { locales } = site.attributes;
    this.#project = project;
    this.#schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
    this.#mix = { ...USUAL_MIX, ...mix };
    this.#seed = seed;
    this.#purge = purge;
    this.done = Object.fromEntries(Object.keys(this.#mix).map((kind) => [kind, 0])) as Record<
      keyof EditMix,
      number
    >;
    for (const [typeId, records] of Map.groupBy(items.records(), typeOf)) {
      this.#least.set(typeId, Math.floor(records.length * LEAST));
    }
    this.#least.set("uploads", Math.floor(uploads.uploads().length * LEAST));
  }

  /**
   * A hook for the demo's server: before each page of records or uploads is answered, so much is done.
   *
   * @param count How many things to do. At 20 requests a second, 3 make 60 changes a second, or more.
   */
  hook(count: number): (request: Request, url: URL) => undefined {
    return (_request, { pathname, searchParams }) => {
      if (pathname !== "/items" && pathname !== "/uploads") return;
      const [typeIds, ids] = ["filter[type]", "filter[ids]"].map((name) => {
        return searchParams.get(name)?.split(",") ?? [];
      });
      if (typeIds!.length + ids!.length > 0) {
        this.#asked = {
          typeIds: typeIds!,
          ids: ids!,
          version: searchParams.get("version") === "published" ? "published" : "current",
          offset: Number(searchParams.get("page[offset]") ?? 0),
          limit: Number(searchParams.get("page[limit]") ?? 30),
        };
      }
      this.edit(count);
    };
  }

  /**
   * Works.
   *
   * @param count How many things to do.
   */
  edit(count: number): void {
    const kinds = Object.entries(this.#mix) as [keyof EditMix, number][];
    const sum = kinds.reduce((sum, [, weight]) => sum + weight, 0);
    for (let i = 0; i < count; i++) {
      let left = this.#draw() / 2 ** 32 * sum;
      const [kind] = kinds.find(([, weight]) => (left -= weight) < 0) ?? kinds[0]!;
      this.do(kind);
    }
  }

  /**
   * Does one thing, if it can be done.
   *
   * @param kind What to do.
   */
  do(kind: keyof EditMix): void {
    this.done[kind]++;
    const { items, uploads } = this.#project.primary;
    const record = this.#any(items.records());
    const upload = this.#any(uploads.uploads());
    switch (kind) {
      case "update":
        return this.#update(record);
      case "redate":
        return this.#redate(record, this.#any(items.records()));
      case "create":
        return this.#create(record);
      case "delete":
        return this.#delete(record);
      case "swap":
        this.#create(record);
        return this.#delete(record);
      case "publish":
        return this.#publish(record);
      case "unpublish":
        return this.#unpublish(record);
      case "burst":
        return this.#burst();
      case "border":
        return this.#border();
      case "purge":
        return this.#purgeRecords();
      case "upload":
        return this.#addUpload();
      case "describe":
        if (upload) uploads.update(upload.id, { notes: `r${++this.#revision}`, author: "Osric" });
        return;
      case "replace":
        if (upload) this.#project.replaceFile(upload.id, this.#file());
        return;
      case "discard":
        return this.#discard(upload);
      case "exchange":
        this.#addUpload();
        return this.#discard(upload);
    }
  }

  #update(record: StoredItem | undefined): void {
    if (!record) return;
    this.#project.primary.items.update(record.current.id, this.#revised(record.current, false));
  }

  #redate(record: StoredItem | undefined, other: StoredItem | undefined): void {
    const createdAt = other?.current.meta?.created_at;
    if (!record || typeof createdAt !== "string") return;
    const attributes = this.#revised(record.current, false);
    this.#project.primary.items.update(record.current.id, attributes, createdAt);
  }

  #create(like: StoredItem | undefined): void {
    if (!like) return;
    const { current } = like;
    const attributes = this.#revised(current, true);
    const { id } = this.#project.primary.items.create(
      current.relationships.item_type.data.id,
      { ...current.attributes, ...attributes },
    );
    if (like.published) this.#project.primary.items.publish(id);
  }

  #delete(record: StoredItem | undefined): void {
    if (!record) return;
    const { items } = this.#project.primary;
    const typeId = typeOf(record);
    const count = items.records().filter((one) => typeOf(one) === typeId).length;
    if (count > (this.#least.get(typeId) ?? 0)) items.delete(record.current.id);
  }

  #publish(record: StoredItem | undefined): void {
    if (record) this.#project.primary.items.publish(record.current.id);
  }

  #unpublish(record: StoredItem | undefined): void {
    if (record?.published) this.#project.primary.items.unpublish(record.current.id);
  }

  #burst(): void {
    const { items } = this.#project.primary;
    const drafts = items.records().filter(({ published }) => !published);
    const open = items.records().filter(({ published }) => published);
    for (let i = 0; i < Math.min(20, drafts.length, open.length); i++) {
      this.#publish(drafts.splice(this.#draw() % drafts.length, 1)[0]);
      this.#unpublish(open.splice(this.#draw() % open.length, 1)[0]);
    }
  }

  /**
   * Goes for a record whose move matters most: the last that was read, the next, or the last of the page; or
   * one of those that are asked for by their ids.
   */
  #border(): void {
    const page = this.#asked;
    if (!page) return;
    const { items } = this.#project.primary;
    const from = pick([-1, 0, page.limit - 1, page.limit], this.#draw());
    const id = page.ids.length > 0
      ? pick(page.ids, this.#draw())
      : this.#listed(page, Math.max(0, page.offset + from), 1)[0]?.id;
    const record = items.records().find(({ current }) => current.id === id);
    const action = this.#draw() % 4;
    if (action === 0) this.#delete(record);
    else if (action === 1) {
      this.#create(record);
      this.#delete(record);
    } else if (action === 2) this.#update(record);
    else if (page.version === "published") this.#unpublish(record);
    else this.#publish(record);
  }

  #purgeRecords(): void {
    const page = this.#asked;
    if (!page || page.typeIds.length === 0) return;
    const { items } = this.#project.primary;
    const typeId = pick(page.typeIds, this.#draw());
    const records = items.records().filter((record) => typeOf(record) === typeId);
    const count = Math.min(this.#purge, records.length - (this.#least.get(typeId) ?? 0));
    const start = this.#draw() % 2 === 0 ? 0 : Math.max(0, page.offset - count);
    const some = this.#listed({ ...page, typeIds: [typeId] }, start, Math.max(0, count));
    for (const { id } of some) items.delete(id);
  }

  #addUpload(): void {
    this.#project.addUpload(this.#file());
  }

  #discard(upload: Upload | undefined): void {
    const count = this.#project.primary.uploads.uploads().length;
    if (upload && count > (this.#least.get("uploads") ?? 0)) {
      this.#project.deleteUpload(upload.id);
    }
  }

  #file(): { filename: string; bytes: Uint8Array<ArrayBuffer>; mimeType: string } {
    const name = `revision-${++this.#revision}.txt`;
    return { filename: name, bytes: new TextEncoder().encode(name), mimeType: "text/plain" };
  }

  #listed({ typeIds, version }: Asked, offset: number, limit: number): readonly Item[] {
    return this.#project.primary.items.list({
      typeIds,
      version,
      blocksToo: false,
      filters: [],
      orderBy: BY_CREATION,
      offset,
      limit,
    }).page;
  }

  /** New values of all texts, those in blocks too, that tell of the same revision. */
  #revised(item: Item, isNew: boolean): JsonObject {
    const newId = () => entityId(`block ${this.#seed} ${this.#drawn++}`);
    const growth = pick(["same", "less", "more"] as const, this.#draw());
    return revised(item, { schema: this.#schema, number: ++this.#revision, growth, isNew, newId });
  }

  #any<T>(values: readonly T[]): T | undefined {
    return values[this.#draw() % Math.max(1, values.length)];
  }

  #draw(): number {
    return draw(this.#seed, this.#drawn++);
  }
}

function typeOf({ current }: StoredItem): string {
  return current.relationships.item_type.data.id;
}

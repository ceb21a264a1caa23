import type { Field, ItemType, JsonObject, Resource, Site, Upload } from "../content/resource.ts";
import { SchemaIndex } from "../content/schema_index.ts";
import { entityId } from "./entity_id.ts";
import { MemoryItems } from "./memory_items.ts";
import type { StoredItem } from "./stored_item.ts";
import { MemoryUploads } from "./memory_uploads.ts";
import type { DemoEnvironment } from "./project.ts";

/** What a {@linkcode MemoryEnvironment} starts with. */
export interface MemoryContent {
  /** The environment itself. */
  readonly resource: Resource;
  /** The project as this environment has it. */
  readonly site: Site;
  /** Models and block models, in the order that the API lists them. */
  readonly itemTypes: readonly ItemType[];
  /** All fields. */
  readonly fields: readonly Field[];
  /** All fieldsets. */
  readonly fieldsets: readonly Resource[];
  /** Everything else that is listed whole, by URL path. */
  readonly settings: ReadonlyMap<string, readonly Resource[] | Resource>;
  /** The records, oldest first. */
  readonly records: readonly StoredItem[];
  /** The uploads, oldest first. */
  readonly uploads: readonly Upload[];
}

/** A change of an environment: what there is of a record or an upload from then on. */
export type MemoryChange =
  & {
    /** The environment's id. */
    readonly environment: string;
    /** When it happened, as the project's clock tells it, in ISO 8601. */
    readonly at: string;
    /** The record's or upload's id. */
    readonly id: string;
  }
  & (
    | {
      /** What changed. */
      readonly type: "item";
      /** The record with its versions; `undefined` once it is deleted. */
      readonly item: StoredItem | undefined;
    }
    | {
      /** What changed. */
      readonly type: "upload";
      /** The upload; `undefined` once it is deleted. */
      readonly upload: Upload | undefined;
    }
  );

/** The resources of a schema. */
interface SchemaParts {
  readonly itemTypes: readonly ItemType[];
  readonly fields: readonly Field[];
  readonly fieldsets: readonly Resource[];
}

/** What the environments of a project share. */
export interface MemoryShared {
  /** Tells the time of changes. */
  readonly clock: () => Date;
  /** Gives each new record, version and upload a number that no other one has. */
  readonly nextNumber: () => number;
  /** Called after each change, before anything else happens. */
  readonly changed: (change: MemoryChange) => void;
}

/** An environment held in memory. */
export class MemoryEnvironment implements DemoEnvironment {
  /** Everything else that is listed whole, by URL path. */
  readonly settings: Map<string, readonly Resource[] | Resource>;
  /** The records. */
  readonly items: MemoryItems;
  /** The uploads. */
  readonly uploads: MemoryUploads;
  /** The ids of records that somebody has open: they can't be written to. */
  readonly locked: Set<string> = new Set();
  /** The models whose records are checked again, each with the time it ends on `performance.now()`'s clock. */
  readonly checking: Map<string, number> = new Map();
  #resource: Resource;
  #site: Site;
  #parts: SchemaParts;
  #schema: SchemaIndex | undefined;
  readonly #shared: MemoryShared;
  #changedAt: string | undefined;

  /**
   * Takes over the content to begin with.
   *
   * @param content What is in the environment.
   * @param shared What all environments of the project share.
   */
  constructor(content: MemoryContent, shared: MemoryShared) {
    const { itemTypes, fields, fieldsets, site } = content;
    this.#parts = { itemTypes, fields, fieldsets };
    this.settings = new Map(content.settings);
    this.#resource = content.resource;
    this.#site = site;
    this.#shared = shared;
    this.items = new MemoryItems(content.records, {
      schema: () => this.schema,
      now: shared.clock,
      changed: (at, id, item) => {
        this.#changedAt = at;
        shared.changed({ environment: this.#resource.id, at, type: "item", id, item });
      },
      nextNumber: shared.nextNumber,
    });
    this.uploads = new MemoryUploads(content.uploads, {
      now: shared.clock,
      changed: (at, id, upload) => {
        this.#changedAt = at;
        shared.changed({ environment: this.#resource.id, at, type: "upload", id, upload });
      },
    });
  }

  /** Models and block models. */
  get itemTypes(): readonly ItemType[] {
    return this.#parts.itemTypes;
  }

  /** All fields. */
  get fields(): readonly Field[] {
    return this.#parts.fields;
  }

  /** All fieldsets. */
  get fieldsets(): readonly Resource[] {
    return this.#parts.fieldsets;
  }

  /** The schema, to look things up in: another one after each change of it. */
  get schema(): SchemaIndex {
    const { locales } = this.#site.attributes;
    return this.#schema ??= new SchemaIndex({ locales, ...this.#parts });
  }

  /**
   * Changes the schema.
   *
   * @param parts What takes the place of the models, the fields or the fieldsets there were.
   */
  setSchema(parts: Partial<SchemaParts>): void {
    this.#parts = { ...this.#parts, ...parts };
    this.#schema = undefined;
    this.items.schemaChanged();
    this.touch();
  }

  /**
   * Changes the project as this environment has it.
   *
   * @param site What takes its place.
   */
  setSite(site: Site): void {
    this.#site = site;
    this.#schema = undefined;
    this.items.schemaChanged();
    this.touch();
  }

  /**
   * Changes the environment's own resource.
   *
   * @param id Its id from now on.
   * @param meta Values of its `meta` from now on.
   */
  setResource(id: string, meta: JsonObject): void {
    this.#resource = { ...this.#resource, id, meta: { ...this.#resource.meta, ...meta } };
  }

  /** Remembers that something was changed just now. */
  touch(): void {
    this.#changedAt = this.#shared.clock().toISOString();
  }

  /**
   * An id that nothing in the project has.
   *
   * @param kind What it is for.
   */
  newId(kind: string): string {
    return entityId(`${kind} ${this.#shared.nextNumber()}`);
  }

  /** The environment itself, with the time of its last change. */
  get resource(): Resource {
    if (!this.#changedAt) return this.#resource;
    return {
      ...this.#resource,
      meta: { ...this.#resource.meta, last_data_change_at: this.#changedAt },
    };
  }

  /** The project as this environment has it, with the time of the last change. */
  get site(): Site {
    if (!this.#changedAt) return this.#site;
    return {
      ...this.#site,
      attributes: { ...this.#site.attributes, last_data_change_at: this.#changedAt },
    };
  }

  /** A copy that lives on its own: changes to one don't show in the other. */
  fork(resource: Resource): MemoryEnvironment {
    return new MemoryEnvironment({
      resource,
      site: this.site,
      itemTypes: this.itemTypes,
      fields: this.fields,
      fieldsets: this.fieldsets,
      settings: this.settings,
      records: this.items.records(),
      uploads: this.uploads.uploads(),
    }, this.#shared);
  }
}

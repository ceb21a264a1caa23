import type { Field, ItemType, JsonObject, Resource, Site, Upload } from "../content/resource.ts";
import { SchemaIndex } from "../content/schema_index.ts";
import { bytesAsset } from "./bytes_asset.ts";
import { entityId } from "./entity_id.ts";
import { MemoryItems, type StoredItem } from "./memory_items.ts";
import { MemoryUploads } from "./memory_uploads.ts";
import { newUpload } from "./new_upload.ts";
import type { DemoAsset, DemoEnvironment, DemoProject } from "./project.ts";

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

/** What the environments of a {@linkcode MemoryProject} share. */
export interface MemoryShared {
  /** Tells the time of changes. */
  readonly clock: () => Date;
  /** Gives each new record, version and upload a number that no other one has. */
  readonly nextNumber: () => number;
}

/** An environment held in memory. */
export class MemoryEnvironment implements DemoEnvironment {
  /** Models and block models. */
  readonly itemTypes: readonly ItemType[];
  /** All fields. */
  readonly fields: readonly Field[];
  /** All fieldsets. */
  readonly fieldsets: readonly Resource[];
  /** Everything else that is listed whole, by URL path. */
  readonly settings: Map<string, readonly Resource[] | Resource>;
  /** The records. */
  readonly items: MemoryItems;
  /** The uploads. */
  readonly uploads: MemoryUploads;
  readonly #resource: Resource;
  readonly #site: Site;
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
    this.itemTypes = itemTypes;
    this.fields = fields;
    this.fieldsets = fieldsets;
    this.settings = new Map(content.settings);
    this.#resource = content.resource;
    this.#site = site;
    this.#shared = shared;
    const now = () => shared.clock().toISOString();
    this.items = new MemoryItems(content.records, {
      schema: new SchemaIndex({ locales: site.attributes.locales, itemTypes, fields, fieldsets }),
      now,
      changed: (at) => this.#changedAt = at,
      nextNumber: shared.nextNumber,
    });
    this.uploads = new MemoryUploads(content.uploads, () => this.#changedAt = now());
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

/** How an upload is added to a {@linkcode MemoryProject}. */
export interface NewUpload {
  /** The file's name. */
  readonly filename: string;
  /** The file's bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The file's MIME type. */
  readonly mimeType: string;
  /** Attributes that replace the ones made up. */
  readonly attributes?: JsonObject | undefined;
}

/**
 * A project held in memory, which can be edited while it is served.
 *
 * @example
 * ```ts
 * import { sampleProject } from "./sample/sample_project.ts";
 *
 * const project = sampleProject();
 * const upload = project.addUpload({
 *   filename: "note.txt",
 *   bytes: new TextEncoder().encode("The lock opens at eight."),
 *   mimeType: "text/plain",
 * });
 * console.assert(project.asset(upload.attributes.path)?.size === 24);
 * ```
 */
export class MemoryProject implements DemoProject {
  /** The id of the primary environment. */
  readonly primaryEnvironment: string;
  /** The environments by id. */
  readonly environments: Map<string, MemoryEnvironment> = new Map();
  readonly #assets: Map<string, DemoAsset>;
  readonly #clock: () => Date;
  #number = 0;

  /**
   * Takes over the environments to begin with.
   *
   * @param environments The environments; the first is the primary one.
   * @param assets The bytes by path.
   * @param options How the project behaves.
   * @param options.clock Tells the time of changes. @default {() => new Date()}
   */
  constructor(
    environments: readonly [MemoryContent, ...MemoryContent[]],
    assets: ReadonlyMap<string, DemoAsset>,
    options: { readonly clock?: (() => Date) | undefined } = {},
  ) {
    this.primaryEnvironment = environments[0].resource.id;
    this.#clock = options.clock ?? (() => new Date());
    const shared = { clock: this.#clock, nextNumber: () => ++this.#number };
    for (const content of environments) {
      this.environments.set(content.resource.id, new MemoryEnvironment(content, shared));
    }
    this.#assets = new Map(assets);
  }

  /** The primary environment. */
  get primary(): MemoryEnvironment {
    return this.environments.get(this.primaryEnvironment)!;
  }

  /** The asset at a path, if there are bytes there. */
  asset(path: string): DemoAsset | undefined {
    return this.#assets.get(path);
  }

  /**
   * Puts bytes at a path, or takes them away.
   *
   * @param path An upload's `path`.
   * @param asset The bytes; `undefined` to have none there.
   */
  setAsset(path: string, asset: DemoAsset | undefined): void {
    if (asset) this.#assets.set(path, asset);
    else this.#assets.delete(path);
  }

  /**
   * Adds an upload with its bytes to the primary environment.
   *
   * @param file The file to add.
   */
  addUpload({ filename, bytes, mimeType, attributes }: NewUpload): Upload {
    const now = this.#clock();
    const asset = bytesAsset(bytes, mimeType);
    const path = `/${this.primary.site.id}/${Math.floor(now.getTime() / 1000)}-${filename}`;
    const upload = newUpload(entityId(`upload ${++this.#number}`), path, filename, asset, {
      created_at: now.toISOString(),
      updated_at: now.toISOString(),
      ...attributes,
    });
    this.#assets.set(upload.attributes.path, asset);
    this.primary.uploads.add(upload);
    return upload;
  }
}

import type { JsonObject, Upload } from "../content/resource.ts";
import { bytesAsset, type DemoAsset, type DemoProject } from "./project.ts";
import { entityId } from "./entity_id.ts";
import { type MemoryChange, type MemoryContent, MemoryEnvironment } from "./memory_environment.ts";
import { newUpload } from "./new_upload.ts";

/** The attributes of an upload that come from its file. */
export const FILE_ATTRIBUTES = [
  "size",
  "width",
  "height",
  "path",
  "format",
  "is_image",
  "url",
  "filename",
  "basename",
  "exif_info",
  "mime_type",
  "colors",
  "smart_tags",
  "duration",
  "frame_rate",
  "mux_playback_id",
  "mux_mp4_highest_res",
  "blurhash",
  "thumbhash",
  "md5",
] as const;

/** A file for a {@linkcode MemoryProject}. */
export interface NewFile {
  /** The file's name. */
  readonly filename: string;
  /** The file's bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The file's MIME type. */
  readonly mimeType: string;
}

/** How an upload is added to a {@linkcode MemoryProject}. */
export interface NewUpload extends NewFile {
  /** Attributes that replace the ones made up. */
  readonly attributes?: JsonObject | undefined;
}

/**
 * A project held in memory, which can be edited while it is served.
 *
 * @example
 * ```ts
 * import { sampleProject } from "../demo/sample/sample_project.ts";
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
  primaryEnvironment: string;
  /** The environments by id. */
  readonly environments: Map<string, MemoryEnvironment> = new Map();
  readonly #assets: Map<string, DemoAsset>;
  readonly #clock: () => Date;
  readonly #watchers: ((change: MemoryChange) => void)[] = [];
  #number: number;

  /**
   * Takes over the environments to begin with.
   *
   * @param environments The environments; the first is the primary one.
   * @param assets The bytes by path.
   * @param options How the project behaves.
   * @param options.clock Tells the time of changes. @default {() => new Date()}
   * @param options.lastNumber The {@linkcode lastNumber} of the project that the content comes from: new ids
   * are none that it has. @default {0}
   */
  constructor(
    environments: readonly [MemoryContent, ...MemoryContent[]],
    assets: ReadonlyMap<string, DemoAsset>,
    options: {
      readonly clock?: (() => Date) | undefined;
      readonly lastNumber?: number | undefined;
    } = {},
  ) {
    this.primaryEnvironment = environments[0].resource.id;
    this.#clock = options.clock ?? (() => new Date());
    this.#number = options.lastNumber ?? 0;
    const shared = {
      clock: this.#clock,
      nextNumber: () => ++this.#number,
      changed: (change: MemoryChange) => this.#watchers.forEach((watcher) => watcher(change)),
    };
    for (const content of environments) {
      this.environments.set(content.resource.id, new MemoryEnvironment(content, shared));
    }
    this.#assets = new Map(assets);
  }

  /** How many ids it gave to new records, versions and uploads. */
  get lastNumber(): number {
    return this.#number;
  }

  /** The primary environment. */
  get primary(): MemoryEnvironment {
    return this.environments.get(this.primaryEnvironment)!;
  }

  /** The time by the project's clock. */
  now(): Date {
    return this.#clock();
  }

  /**
   * Calls a function after each change from now on, before anybody can see what changed.
   *
   * @param watcher Called with each change, in all environments.
   */
  watch(watcher: (change: MemoryChange) => void): void {
    this.#watchers.push(watcher);
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
    const upload = newUpload(
      entityId(`upload ${++this.#number}`),
      this.#newPath(filename, now),
      filename,
      asset,
      { created_at: now.toISOString(), updated_at: now.toISOString(), ...attributes },
    );
    this.#assets.set(upload.attributes.path, asset);
    this.primary.uploads.add(upload);
    return upload;
  }

  /**
   * Puts another file in the place of an upload's, in the primary environment. It gets a new address, and
   * there is nothing at the old one any more.
   *
   * @param id The upload's id.
   * @param file The new file.
   * @throws {TypeError} If there is no such upload.
   * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload/update}
   */
  replaceFile(id: string, { filename, bytes, mimeType }: NewFile): Upload {
    const { uploads } = this.primary;
    const before = uploads.get(id);
    const asset = bytesAsset(bytes, mimeType);
    const path = this.#newPath(filename, this.#clock());
    const { attributes } = newUpload(id, path, filename, asset);
    const upload = uploads.update(
      id,
      Object.fromEntries(FILE_ATTRIBUTES.map((name) => [name, attributes[name]!])),
    );
    this.#assets.set(path, asset);
    if (before) this.#assets.delete(before.attributes.path);
    return upload;
  }

  /**
   * Deletes an upload of the primary environment, and its bytes.
   *
   * @param id The upload's id.
   * @throws {TypeError} If there is no such upload.
   */
  deleteUpload(id: string): void {
    const path = this.primary.uploads.get(id)?.attributes.path;
    this.primary.uploads.delete(id);
    if (path !== undefined) this.#assets.delete(path);
  }

  /** A path that no asset has: the second it came in, and its name. */
  #newPath(filename: string, now: Date): string {
    for (let second = Math.floor(now.getTime() / 1000);; second++) {
      const path = `/${this.primary.site.id}/${second}-${filename}`;
      if (!this.#assets.has(path)) return path;
    }
  }
}

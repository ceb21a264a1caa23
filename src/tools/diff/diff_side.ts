import type { Page, Resource, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { EXIT, SluiceError } from "../../error.ts";
import {
  readEntries,
  recordFolders,
  type SnapshotBatches,
  snapshotBatches,
} from "../../snapshot/batches.ts";
import { ByteCheck } from "../../snapshot/checked_reading.ts";
import { findSnapshot, type FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import { readJson, readSnapshotSchema } from "../../snapshot/read_schema.ts";
import type { Storage } from "../../storage/storage.ts";
import { shownAddress } from "../../text/printable.ts";

/** A snapshot that is compared with another one. */
export interface SnapshotSource {
  /** Where it is. */
  readonly storage: Storage;
  /** What names it, as for {@linkcode catSnapshot}, or the snapshot itself. */
  readonly snapshot: string | FoundSnapshot;
  /** Only snapshots of this project are looked at. @default {undefined} for those of all */
  readonly project?: string | undefined;
  /** Only snapshots of this environment are looked at. @default {undefined} for those of all */
  readonly environment?: string | undefined;
}

/** A snapshot that is being read, and whose bytes are checked meanwhile. */
export class DiffSide {
  /** What names it. */
  readonly name: string;
  /** Its address, as it is shown. */
  readonly address: string;
  /** What the manifest says of it; `undefined` without one. */
  readonly manifest: Manifest | undefined;
  /** Its schema. */
  readonly schema: SchemaIndex;
  /** The paths of its objects. */
  readonly paths: readonly string[];
  readonly #prefix: string;
  readonly #folders: SnapshotBatches["folders"];
  readonly #objects: Objects;

  /**
   * Opens a snapshot.
   *
   * @param source Which one.
   * @param onBytes Called with what is read, and with what is to be read besides.
   * @param signal Aborts the reading of what it says of itself.
   * @throws {SluiceError} If there is no such snapshot, or it has no records.
   * @throws {StorageError} If it can't be read.
   * @throws {SyntaxError} If it isn't one.
   */
  static async open(
    { storage, snapshot, project, environment }: SnapshotSource,
    onBytes: (read: number, expected: number) => void,
    signal: AbortSignal,
  ): Promise<DiffSide> {
    const found = typeof snapshot === "string"
      ? await findSnapshot(storage, snapshot, { project, environment, signal })
      : snapshot;
    const { prefix } = found;
    const { folders, manifest } = await snapshotBatches(storage, prefix, signal);
    const address = shownAddress(`${storage.url}/${prefix}`);
    if (manifest?.options.tables === "only") {
      throw new SluiceError(
        `${address} was exported as tables only: it has no records to compare.`,
        EXIT.usage,
      );
    }
    const sizes = new Map<string, number>();
    if (manifest) { for (const { path, size } of manifest.objects) sizes.set(path, size); }
    else {
      for await (const page of storage.list(`${prefix}/`, { signal })) {
        for (const { key, size } of page) sizes.set(key.slice(prefix.length + 1), size);
      }
    }
    const objects = new Objects(storage, { prefix, manifest, sizes, address, onBytes });
    const schema = await readSnapshotSchema(objects, prefix, signal);
    return new DiffSide({ name: found.name, address, manifest, schema, prefix, folders, objects });
  }

  private constructor(
    { name, address, manifest, schema, prefix, folders, objects }:
      & Pick<DiffSide, "name" | "address" | "manifest" | "schema">
      & {
        readonly prefix: string;
        readonly folders: SnapshotBatches["folders"];
        readonly objects: Objects;
      },
  ) {
    this.name = name;
    this.address = address;
    this.manifest = manifest;
    this.schema = schema;
    this.paths = [...objects.sizes.keys()];
    this.#prefix = prefix;
    this.#folders = folders;
    this.#objects = objects;
  }

  /** The batches of uploads. */
  get uploads(): readonly string[] {
    return (this.#folders.get("uploads") ?? []).map(({ path }) => path);
  }

  /**
   * The batches of a model's records.
   *
   * @param apiKey The model; `undefined` if there is none.
   * @param version Which versions.
   */
  records(apiKey: string | undefined, version: Version): readonly string[] {
    if (apiKey === undefined) return [];
    const folders = recordFolders(apiKey, version);
    return folders.flatMap((folder) => (this.#folders.get(folder) ?? []).map(({ path }) => path));
  }

  /**
   * Whether the records of a model are in the snapshot, as far as it had the model.
   *
   * @param apiKey The model; `undefined` if there is none.
   * @param version Which versions.
   */
  hasRecords(apiKey: string | undefined, version: Version): boolean {
    if (apiKey === undefined || this.manifest === undefined) return true;
    if (this.records(apiKey, version).length > 0) return true;
    const { records } = this.manifest;
    return Object.hasOwn(records, apiKey) && records[apiKey]?.[version] !== undefined;
  }

  /**
   * Whether a kind of resources is in the snapshot.
   *
   * @param name The resource's name, such as `uploads`.
   */
  hasResource(name: string): boolean {
    const resource = this.manifest?.resources[name];
    return this.manifest === undefined || (resource !== undefined && "count" in resource);
  }

  /** Says that objects are to be read. */
  expect(paths: readonly string[]): void {
    this.#objects.expect(paths);
  }

  /**
   * Reads the entries of a batch.
   *
   * @param path The batch's path.
   * @param signal Aborts it.
   * @throws {SluiceError} If its bytes aren't those that the manifest tells of.
   */
  entries(path: string, signal: AbortSignal): AsyncGenerator<Page<Resource>, void> {
    return readEntries<Resource>(this.#objects, `${this.#prefix}/${path}`, signal);
  }

  /**
   * Reads an object of JSON.
   *
   * @param path The object's path.
   * @param signal Aborts it.
   * @throws {SluiceError} If its bytes aren't those that the manifest tells of.
   */
  async json(path: string, signal: AbortSignal): Promise<unknown> {
    return await readJson(this.#objects, `${this.#prefix}/${path}`, signal);
  }
}

/** What of a {@linkcode DiffSide} is compared: others may tell it, too. */
export type ReadableSide = Pick<DiffSide, keyof DiffSide>;

/**
 * Opens a snapshot for comparisons, unless it is open already.
 *
 * @param source Which one.
 * @param signal Aborts it.
 */
export async function readableSide(
  source: SnapshotSource | ReadableSide,
  signal: AbortSignal,
): Promise<ReadableSide> {
  return "entries" in source ? source : await DiffSide.open(source, () => {}, signal);
}

/** What an {@linkcode Objects} needs to know. */
interface ObjectsOptions {
  readonly prefix: string;
  readonly manifest: Manifest | undefined;
  readonly sizes: ReadonlyMap<string, number>;
  readonly address: string;
  readonly onBytes: (read: number, expected: number) => void;
}

/** Reads objects of a snapshot, and compares their bytes with what its manifest says of them. */
class Objects implements Pick<Storage, "get" | "list"> {
  readonly sizes: ReadonlyMap<string, number>;
  readonly #storage: Storage;
  readonly #options: ObjectsOptions;
  readonly #digests: ReadonlyMap<string, string>;

  constructor(storage: Storage, options: ObjectsOptions) {
    this.sizes = options.sizes;
    this.#storage = storage;
    this.#options = options;
    const objects = options.manifest?.objects ?? [];
    this.#digests = new Map(objects.map(({ path, sha256 }) => [path, sha256]));
  }

  expect(paths: readonly string[]): void {
    this.#options.onBytes(0, paths.reduce((sum, path) => sum + (this.sizes.get(path) ?? 0), 0));
  }

  readonly list: Storage["list"] = (prefix, options) => this.#storage.list(prefix, options);

  async get(
    key: string,
    options?: Parameters<Storage["get"]>[1],
  ): ReturnType<Storage["get"]> {
    const { prefix, address, onBytes } = this.#options;
    const path = key.slice(prefix.length + 1);
    const expected = this.#digests.get(path);
    const check = new ByteCheck({ size: undefined, algorithm: "sha256", digest: expected }, () => {
      return new SluiceError(
        `${address}/${path} isn't what was exported: verify the snapshot, and compare another one.`,
        EXIT.usage,
      );
    });
    const bytes = await this.#storage.get(key, options);
    return bytes.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          check.add(chunk);
          onBytes(chunk.length, 0);
          controller.enqueue(chunk);
        },
        flush: () => check.end(),
      }),
    );
  }
}

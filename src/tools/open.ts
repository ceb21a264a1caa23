import type {
  Field,
  Item,
  ItemType,
  Page,
  Resource,
  Site,
  Upload,
  Version,
} from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import {
  findSnapshot,
  type FindSnapshotOptions,
  type FoundSnapshot,
} from "../snapshot/find_snapshot.ts";
import type { Manifest } from "../snapshot/manifest.ts";
import { readJson, readSnapshotSchema } from "../snapshot/read_schema.ts";
import type { ObjectInfo, Storage } from "../storage/storage.ts";
import { isObject } from "../text/json.ts";
import { assetOf, type SnapshotAsset, type SnapshotAssetFile } from "./open/assets.ts";
import { SnapshotContent } from "./open/content.ts";
import { assertModel, assertRecords, type LocaleOptions, localize } from "./open/records.ts";
import { type IndexUse, Lookup } from "./open/lookup.ts";
import type { SnapshotRecord } from "./open/scan.ts";
import { settingsOf } from "./open/settings.ts";
import { type SnapshotTable, type SnapshotTablePart, tablesOf } from "./open/tables.ts";

export type {
  IndexUse,
  SnapshotAsset,
  SnapshotAssetFile,
  SnapshotRecord,
  SnapshotTable,
  SnapshotTablePart,
};

/** Options of {@linkcode openSnapshot}. */
export interface OpenSnapshotOptions extends Omit<FindSnapshotOptions, "signal"> {
  /**
   * How records and uploads are found by their ids. `auto`: by the snapshot's index, or one beside it; without
   * either, by reading all batches, each time anew. `memory` makes an index in that case, which takes at most 60
   * bytes for each version of a record and for each upload; `beside` also writes it beside the snapshot, for
   * later. `none` always reads the batches. @default {"auto"}
   */
  readonly index?: IndexUse | undefined;
  /** Aborts the opening. */
  readonly signal?: AbortSignal | undefined;
}

/** What each method of {@linkcode Snapshot} takes. */
export interface SnapshotReadOptions {
  /** Aborts it, or the stream. */
  readonly signal?: AbortSignal | undefined;
}

/** How records are read. */
export interface SnapshotRecordOptions extends SnapshotReadOptions, LocaleOptions {}

/** A model or block model. */
export interface SnapshotModel {
  /** The model, as the API sent it: its `api_key` and settings. */
  readonly model: ItemType;
  /** Its fields, in the order that editors see. */
  readonly fields: readonly Field[];
  /** Its fieldsets, in that order. */
  readonly fieldsets: readonly Resource[];
}

/**
 * Opens a snapshot, or a Project Export of DatoCMS, for reading: the same methods for each layout. Nothing is
 * asked of DatoCMS.
 *
 * What is read to its end is compared with the digest that the manifest has of it, and so is the manifest itself:
 * other bytes fail, a stream of them at their end. Opening takes the listings that find the snapshot, and a request
 * for its manifest; without one, another listing.
 *
 * @param storage Where the snapshots are, and the asset files.
 * @param snapshot What names it: an id, a date, `latest`, `latest:<environment>`, with `<project>/`,
 * `<environment>/` or both before it if need be; or one that was found.
 * @param options In which project and environment, and the signal.
 * @throws {SluiceError} If there is no such snapshot, or its manifest isn't the one that was sealed.
 * @throws {StorageError} If the storage can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage, openSnapshot } from "@sluice/datocms";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")!, storage, tables: false });
 * const snapshot = await openSnapshot(storage, "latest");
 * for await (const page of snapshot.records("article", { version: "published", locale: "en" })) {
 *   for (const { id, attributes } of page) console.log(id, attributes.title);
 * }
 * ```
 */
export async function openSnapshot(
  storage: Storage,
  snapshot: string | FoundSnapshot,
  { signal = new AbortController().signal, index, ...where }: OpenSnapshotOptions = {},
): Promise<Snapshot> {
  const found = typeof snapshot === "string"
    ? await findSnapshot(storage, snapshot, { ...where, signal })
    : snapshot;
  return new Snapshot(await SnapshotContent.open(storage, found, signal), index);
}

/** A snapshot that {@linkcode openSnapshot} has opened. It holds nothing that has to be closed. */
export class Snapshot {
  /** What names it, and no other one: `<project>/[<environment>/]<id>`. */
  readonly name: string;
  /** Its address. */
  readonly address: string;
  /** What it says of itself; `undefined` if it has no manifest, as a Project Export of DatoCMS. */
  readonly manifest: Manifest | undefined;
  readonly #content: SnapshotContent;
  readonly #lookup: Lookup;
  #schema: SchemaIndex | undefined;

  /**
   * Use {@linkcode openSnapshot}.
   *
   * @param content What it consists of.
   * @param index How records and uploads are found by their ids.
   */
  constructor(content: SnapshotContent, index: IndexUse = "auto") {
    this.name = content.found.name;
    this.address = content.address;
    this.manifest = content.manifest;
    this.#content = content;
    this.#lookup = new Lookup(content, index);
  }

  /**
   * The project: its name, locales and settings.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If it can't be read.
   */
  async site({ signal }: SnapshotReadOptions = {}): Promise<Site> {
    const content = this.#content;
    return await content.read(signal, async (signal) => {
      const site = await readJson(content.objects, content.key("site.json"), signal);
      if (isObject(site) && isObject(site.data)) return site.data as unknown as Site;
      throw new SyntaxError("Expected a project in site.json");
    });
  }

  /**
   * The models and block models, by `api_key`. They are read once.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If they can't be read.
   */
  async models(options: SnapshotReadOptions = {}): Promise<readonly SnapshotModel[]> {
    const schema = await this.schema(options);
    return schema.itemTypes.map((model) => ({
      model,
      fields: schema.fields(model.id),
      fieldsets: schema.fieldsets(model.id),
    }));
  }

  /**
   * The schema as the functions of `@sluice/datocms/transform` take it. It is read once.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If it can't be read.
   */
  async schema({ signal }: SnapshotReadOptions = {}): Promise<SchemaIndex> {
    const content = this.#content;
    const { found: { prefix }, objects } = content;
    return this.#schema ??= await content.read(signal, (signal) => {
      const list = (start: string) => {
        return ReadableStream.from<readonly ObjectInfo[]>([
          content.sizes.entries()
            .map(([path, size]) => ({ key: content.key(path), size }))
            .filter(({ key }) => key.startsWith(start)).toArray(),
        ]);
      };
      return readSnapshotSchema({ get: (...read) => objects.get(...read), list }, prefix, signal);
    });
  }

  /**
   * The records of a model, in pages, in the order of their creation.
   *
   * @param model The model's `api_key`.
   * @param options Which versions (`current` unless `published` is asked for), in which locale, and what aborts
   * the stream.
   * @return A stream that fails with a {@linkcode SluiceError} if there is no such model or locale, if the version
   * wasn't exported, or at the end of a batch that isn't as it was written.
   */
  records(
    model: string,
    { version = "current", signal, ...locales }: SnapshotRecordOptions & {
      readonly version?: Version | undefined;
    } = {},
  ): ReadableStream<Page<Item>> {
    const content = this.#content;
    return content.stream(
      signal,
      async function* (this: Snapshot, signal: AbortSignal) {
        const schema = await this.schema({ signal });
        const localized = localize(schema, locales);
        assertModel(content, schema, model, version);
        for (const path of content.recordBatches(model, version)) {
          for await (const page of content.entries<Item>(path, signal)) {
            yield localized === undefined ? page : page.map(localized);
          }
        }
      }.bind(this),
    );
  }

  /**
   * A record by its id, in both versions.
   *
   * @param id The record's id.
   * @param options In which locale, and what aborts it.
   * @return `undefined` if the snapshot has no such record.
   * @throws {SluiceError} If there is no such locale, or a batch isn't as it was written.
   */
  async record(
    id: string,
    { signal, ...locales }: SnapshotRecordOptions = {},
  ): Promise<SnapshotRecord | undefined> {
    const content = this.#content;
    return await content.read(signal, async (signal) => {
      assertRecords(content);
      const schema = locales.locale === undefined ? undefined : await this.schema({ signal });
      const localized = schema && localize(schema, locales);
      const models = this.manifest
        ? Object.keys(this.manifest.records)
        : (await this.schema({ signal })).models.map(({ attributes }) => attributes.api_key);
      const found = await this.#lookup.record(id, models, signal);
      if (found === undefined || localized === undefined) return found;
      const { current, published } = found;
      return {
        ...found,
        current: current && localized(current),
        published: published && localized(published),
      };
    });
  }

  /**
   * The uploads, in pages, in the order of their creation.
   *
   * @param options What aborts the stream.
   * @return A stream that fails with a {@linkcode SluiceError} at the end of a batch that isn't as it was written.
   */
  uploads({ signal }: SnapshotReadOptions = {}): ReadableStream<Page<Upload>> {
    const content = this.#content;
    return content.stream(signal, async function* (signal) {
      for (const path of content.uploadBatches) {
        yield* content.entries<Upload>(path, signal);
      }
    });
  }

  /**
   * An upload by its id.
   *
   * @param id The upload's id.
   * @param options What aborts it.
   * @return `undefined` if the snapshot has no such upload.
   * @throws {SluiceError} If a batch isn't as it was written.
   */
  async upload(id: string, { signal }: SnapshotReadOptions = {}): Promise<Upload | undefined> {
    const content = this.#content;
    return await content.read(signal, (signal) => this.#lookup.upload(id, signal));
  }

  /**
   * An upload by its id, with its file.
   *
   * @param id The upload's id.
   * @param options What aborts it.
   * @return `undefined` if the snapshot has no such upload.
   * @throws {SluiceError} If a batch or the list of files isn't as it was written.
   */
  async asset(id: string, options: SnapshotReadOptions = {}): Promise<SnapshotAsset | undefined> {
    const content = this.#content;
    const upload = await this.upload(id, options);
    if (upload === undefined) return undefined;
    return await content.read(options.signal, (signal) => {
      return assetOf(content, this.#lookup, upload, signal);
    });
  }

  /**
   * The tables, each with its columns and rows; none if it was exported without them.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If their description can't be read.
   */
  async tables({ signal }: SnapshotReadOptions = {}): Promise<readonly SnapshotTable[]> {
    const content = this.#content;
    return await content.read(signal, (signal) => tablesOf(content, signal));
  }

  /**
   * The resources of a kind other than models, records and uploads.
   *
   * @param name The kind, such as `roles`, `menu_items`, `workflows` or `plugins`.
   * @param options What aborts it.
   * @return `undefined` if the snapshot hasn't them; its manifest may say why.
   * @throws {SluiceError} If they can't be read.
   */
  async settings(
    name: string,
    { signal }: SnapshotReadOptions = {},
  ): Promise<readonly Resource[] | undefined> {
    const content = this.#content;
    return await content.read(signal, (signal) => settingsOf(content, name, signal));
  }
}

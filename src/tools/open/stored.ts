import type { Item, Page, Resource, Site, Upload, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import { readJson, readSnapshotSchema } from "../../snapshot/read_schema.ts";
import type { ObjectInfo } from "../../storage/storage.ts";
import { isObject } from "../../text/json.ts";
import { assetOf, type SnapshotAsset } from "./assets.ts";
import type { SnapshotContent } from "./content.ts";
import { type IndexUse, Lookup } from "./lookup.ts";
import { assertModel, assertRecords, localize } from "./records.ts";
import type { SnapshotRecord } from "./scan.ts";
import { settingsOf } from "./settings.ts";
import {
  modelsOf,
  type Snapshot,
  type SnapshotModel,
  type SnapshotReadOptions,
  type SnapshotRecordOptions,
} from "./snapshot.ts";
import { type SnapshotTable, tablesOf } from "./tables.ts";

/** A snapshot in a folder of its own, in any layout. */
export class StoredSnapshot implements Snapshot {
  readonly name: string;
  readonly address: string;
  readonly manifest: Manifest | undefined;
  readonly document = undefined;
  readonly #content: SnapshotContent;
  readonly #lookup: Lookup;
  #schema: SchemaIndex | undefined;

  /**
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

  async site({ signal }: SnapshotReadOptions = {}): Promise<Site> {
    const content = this.#content;
    return await content.read(signal, async (signal) => {
      const site = await readJson(content.objects, content.key("site.json"), signal);
      if (isObject(site) && isObject(site.data)) return site.data as unknown as Site;
      throw new SyntaxError("Expected a project in site.json");
    });
  }

  async models(options: SnapshotReadOptions = {}): Promise<readonly SnapshotModel[]> {
    return modelsOf(await this.schema(options));
  }

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

  records(
    model: string,
    { version = "current", signal, ...locales }: SnapshotRecordOptions & {
      readonly version?: Version | undefined;
    } = {},
  ): ReadableStream<Page<Item>> {
    const content = this.#content;
    return content.stream(
      signal,
      async function* (this: StoredSnapshot, signal: AbortSignal) {
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

  uploads({ signal }: SnapshotReadOptions = {}): ReadableStream<Page<Upload>> {
    const content = this.#content;
    return content.stream(signal, async function* (signal) {
      for (const path of content.uploadBatches) {
        yield* content.entries<Upload>(path, signal);
      }
    });
  }

  async upload(id: string, { signal }: SnapshotReadOptions = {}): Promise<Upload | undefined> {
    const content = this.#content;
    return await content.read(signal, (signal) => this.#lookup.upload(id, signal));
  }

  async asset(id: string, options: SnapshotReadOptions = {}): Promise<SnapshotAsset | undefined> {
    const content = this.#content;
    const upload = await this.upload(id, options);
    if (upload === undefined) return undefined;
    return await content.read(options.signal, (signal) => {
      return assetOf(content, this.#lookup, upload, signal);
    });
  }

  async tables({ signal }: SnapshotReadOptions = {}): Promise<readonly SnapshotTable[]> {
    const content = this.#content;
    return await content.read(signal, (signal) => tablesOf(content, signal));
  }

  async settings(
    name: string,
    { signal }: SnapshotReadOptions = {},
  ): Promise<readonly Resource[] | undefined> {
    const content = this.#content;
    return await content.read(signal, (signal) => settingsOf(content, name, signal));
  }
}

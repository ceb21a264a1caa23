import type { Item, Page, Resource, Site, Upload, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { schemaOf } from "../../snapshot/read_schema.ts";
import { readSingleDocument, type SingleMeta } from "../../snapshot/single_document.ts";
import type { Storage } from "../../storage/storage.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import type { SnapshotAsset } from "./assets.ts";
import { readAt, streamAt } from "./reading.ts";
import { assertKnown, localize } from "./records.ts";
import type { SnapshotRecord } from "./scan.ts";
import {
  modelsOf,
  type Snapshot,
  type SnapshotModel,
  type SnapshotReadOptions,
  type SnapshotRecordOptions,
} from "./snapshot.ts";
import type { SnapshotTable } from "./tables.ts";

/** Lists of a document that are read when they are asked for. */
type LongPart = "uploads" | "contents";

/**
 * Whether this is the key of a single document: no name of a snapshot ends like one.
 *
 * @param key The key, or name.
 */
export function isDocumentKey(key: string): boolean {
  return /\.json(?:\.gz)?$/.test(key);
}

/** A single document of a snapshot. Models are held in memory; all else is read when it is asked for. */
export class DocumentSnapshot implements Snapshot {
  readonly name: string;
  readonly address: string;
  readonly manifest = undefined;
  readonly document: SingleMeta;
  readonly #storage: Storage;
  readonly #project: Site;
  readonly #schema: SchemaIndex;

  private constructor(
    storage: Storage,
    key: string,
    { meta, project, models }: {
      readonly meta: SingleMeta;
      readonly project: Resource | null;
      readonly models: readonly unknown[];
    },
  ) {
    this.name = key;
    this.address = addressOf(storage, key);
    this.document = meta;
    this.#storage = storage;
    this.#project = project as Site;
    this.#schema = schemaOf(
      { key, file: project },
      models.values().map((file) => ({ key, file })),
    );
  }

  /**
   * Opens a single document: reads it to its end.
   *
   * @param storage Where it is.
   * @param key Its key.
   * @param signal Aborts it.
   * @throws {SluiceError} If it isn't there, isn't a single document, or has no end.
   * @throws {StorageError} If it can't be read.
   */
  static async open(
    storage: Storage,
    key: string,
    signal: AbortSignal,
  ): Promise<DocumentSnapshot> {
    return await readAt(addressOf(storage, key), signal, async (signal) => {
      const bytes = await storage.get(key, { signal });
      let meta: SingleMeta | undefined;
      let project: Resource | null = null;
      const models: unknown[] = [];
      const may = (part: string) => part === "models";
      for await (const each of readSingleDocument(bytes, { may, signal })) {
        if (each.part === "meta") meta = each.value;
        else if (each.part === "project") project = each.value;
        else if (each.part === "models") models.push(...each.entries);
      }
      // It comes first, or nothing is read.
      return new DocumentSnapshot(storage, key, { meta: meta!, project, models });
    });
  }

  async site({ signal }: SnapshotReadOptions = {}): Promise<Site> {
    return await readAt(this.address, signal, () => Promise.resolve(this.#project));
  }

  async models(options: SnapshotReadOptions = {}): Promise<readonly SnapshotModel[]> {
    return modelsOf(await this.schema(options));
  }

  async schema({ signal }: SnapshotReadOptions = {}): Promise<SchemaIndex> {
    return await readAt(this.address, signal, () => Promise.resolve(this.#schema));
  }

  records(
    model: string,
    { version, signal, ...locales }: SnapshotRecordOptions & {
      readonly version?: Version | undefined;
    } = {},
  ): ReadableStream<Page<Item>> {
    return streamAt(
      this.address,
      signal,
      async function* (this: DocumentSnapshot, signal: AbortSignal) {
        const { view } = this.document;
        const { id } = assertKnown(this.name, this.#schema, model);
        if (version !== undefined && version !== view) {
          throw new SluiceError(
            `${this.address} has the ${view} versions of records only: ask for these, or make a ` +
              `document of the ${version} ones.`,
            EXIT.usage,
          );
        }
        const localized = localize(this.#schema, locales);
        const quoted = JSON.stringify(id);
        const pages = this.#entries<Item>("contents", (text) => text.includes(quoted), signal);
        for await (const page of pages) {
          const own = page.filter((item) => this.#schema.itemTypeOf(item)?.id === id);
          if (own.length > 0) yield localized === undefined ? own : own.map(localized);
        }
      }.bind(this),
    );
  }

  async record(
    id: string,
    { signal, ...locales }: SnapshotRecordOptions = {},
  ): Promise<SnapshotRecord | undefined> {
    return await readAt(this.address, signal, async (signal) => {
      const localized = localize(this.#schema, locales) ?? ((item: Item) => item);
      const item = await this.#find<Item>("contents", id, signal);
      if (item === undefined) return undefined;
      const model = this.#schema.itemTypeOf(item);
      if (model === undefined) throw new SyntaxError(`A record's model isn't in the document`);
      const versions = { current: undefined, published: undefined };
      return {
        model: model.attributes.api_key,
        ...versions,
        [this.document.view]: localized(item),
      };
    });
  }

  uploads({ signal }: SnapshotReadOptions = {}): ReadableStream<Page<Upload>> {
    return streamAt(this.address, signal, (signal) => {
      return this.#entries<Upload>("uploads", () => true, signal);
    });
  }

  async upload(id: string, { signal }: SnapshotReadOptions = {}): Promise<Upload | undefined> {
    return await readAt(this.address, signal, (signal) => {
      return this.#find<Upload>("uploads", id, signal);
    });
  }

  async asset(id: string, options: SnapshotReadOptions = {}): Promise<SnapshotAsset | undefined> {
    const upload = await this.upload(id, options);
    if (upload === undefined) return undefined;
    const reason =
      "a single document has no files of assets: open the snapshot that it was made of";
    return { upload, file: undefined, reason };
  }

  async tables({ signal }: SnapshotReadOptions = {}): Promise<readonly SnapshotTable[]> {
    return await readAt(this.address, signal, () => {
      throw new SluiceError(
        `${this.address} is a single document, which has no tables: open the snapshot that it was ` +
          "made of.",
        EXIT.usage,
      );
    });
  }

  async settings(
    _name: string,
    { signal }: SnapshotReadOptions = {},
  ): Promise<readonly Resource[] | undefined> {
    return await readAt(this.address, signal, () => Promise.resolve(undefined));
  }

  /** The entry of a list that has an id; what comes after it isn't read. */
  async #find<T extends Resource>(
    part: LongPart,
    id: string,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const quoted = JSON.stringify(id);
    // What mentions it, as a link, isn't it.
    for await (const page of this.#entries<T>(part, (text) => text.includes(quoted), signal)) {
      const found = page.find((entry) => entry.id === id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Those entries of a list whose text may be wanted, in pages, and maybe others. */
  async *#entries<T>(
    part: LongPart,
    may: (text: string) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Page<T>, void> {
    const bytes = await this.#storage.get(this.name, { signal });
    const wanted = (each: string, text: string) => each === part && may(text);
    for await (const each of readSingleDocument(bytes, { may: wanted, signal })) {
      if (each.part === "meta") this.#assertSame(each.value);
      if (each.part === part) yield each.entries as unknown as Page<T>;
    }
  }

  #assertSame(meta: SingleMeta): void {
    if (JSON.stringify(meta) === JSON.stringify(this.document)) return;
    throw new SluiceError(
      `${this.address} is another document than the one that was opened: open it again.`,
      EXIT.failed,
      { code: "snapshot_damaged", facts: { address: this.address } },
    );
  }
}

function addressOf(storage: Storage, key: string): string {
  return shownAddress(`${storage.url}/${printable(key)}`);
}

import type {
  Field,
  Item,
  ItemType,
  Page,
  Resource,
  Site,
  Upload,
  Version,
} from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import type { SingleMeta } from "../../snapshot/single_document.ts";
import type { SnapshotAsset } from "./assets.ts";
import type { LocaleOptions } from "./records.ts";
import type { SnapshotRecord } from "./scan.ts";
import type { SnapshotTable } from "./tables.ts";

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
 * A snapshot, or a single document of one, that was opened for reading. It holds nothing that has to be closed.
 */
export interface Snapshot {
  /**
   * What names it, and no other one: `<project>/[<environment>/]<id>`. Of a single document, its key in the storage.
   */
  readonly name: string;
  /** Its address. */
  readonly address: string;
  /** What it says of itself; `undefined` if it has no manifest, as a Project Export of DatoCMS. */
  readonly manifest: Manifest | undefined;
  /**
   * What a single document says of itself: which version of records is in it, and of which snapshot; `undefined` if
   * it isn't one.
   */
  readonly document: SingleMeta | undefined;

  /**
   * The project: its name, locales and settings.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If it can't be read.
   */
  site(options?: SnapshotReadOptions): Promise<Site>;

  /**
   * The models and block models, by `api_key`. They are read once.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If they can't be read.
   */
  models(options?: SnapshotReadOptions): Promise<readonly SnapshotModel[]>;

  /**
   * The schema as the functions of `@sluice/datocms/transform` take it. It is read once.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If it can't be read.
   */
  schema(options?: SnapshotReadOptions): Promise<SchemaIndex>;

  /**
   * The records of a model, in pages, in the order of their creation.
   *
   * @param model The model's `api_key`.
   * @param options Which versions (`current` unless `published` is asked for; of a single document, those that are
   * in it), in which locale, and what aborts the stream.
   * @return A stream that fails with a {@linkcode SluiceError} if there is no such model or locale, if the version
   * isn't there, or at the end of a batch that isn't as it was written.
   */
  records(
    model: string,
    options?: SnapshotRecordOptions & { readonly version?: Version | undefined },
  ): ReadableStream<Page<Item>>;

  /**
   * A record by its id, in both versions; of a single document, in the one that is there.
   *
   * @param id The record's id.
   * @param options In which locale, and what aborts it.
   * @return `undefined` if the snapshot has no such record.
   * @throws {SluiceError} If there is no such locale, or a batch isn't as it was written.
   */
  record(id: string, options?: SnapshotRecordOptions): Promise<SnapshotRecord | undefined>;

  /**
   * The uploads, in pages, in the order of their creation.
   *
   * @param options What aborts the stream.
   * @return A stream that fails with a {@linkcode SluiceError} at the end of a batch that isn't as it was written.
   */
  uploads(options?: SnapshotReadOptions): ReadableStream<Page<Upload>>;

  /**
   * An upload by its id.
   *
   * @param id The upload's id.
   * @param options What aborts it.
   * @return `undefined` if the snapshot has no such upload.
   * @throws {SluiceError} If a batch isn't as it was written.
   */
  upload(id: string, options?: SnapshotReadOptions): Promise<Upload | undefined>;

  /**
   * An upload by its id, with its file; a single document has none, and says so.
   *
   * @param id The upload's id.
   * @param options What aborts it.
   * @return `undefined` if the snapshot has no such upload.
   * @throws {SluiceError} If a batch or the list of files isn't as it was written.
   */
  asset(id: string, options?: SnapshotReadOptions): Promise<SnapshotAsset | undefined>;

  /**
   * The tables, each with its columns and rows; none if it was exported without them.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If their description can't be read, or it is a single document, which can't have any.
   */
  tables(options?: SnapshotReadOptions): Promise<readonly SnapshotTable[]>;

  /**
   * The resources of a kind other than models, records and uploads.
   *
   * @param name The kind, such as `roles`, `menu_items`, `workflows` or `plugins`.
   * @param options What aborts it.
   * @return `undefined` if the snapshot hasn't them, as a single document; its manifest may say why.
   * @throws {SluiceError} If they can't be read.
   */
  settings(name: string, options?: SnapshotReadOptions): Promise<readonly Resource[] | undefined>;
}

/**
 * The models of a schema, each with its fields.
 *
 * @param schema The schema.
 */
export function modelsOf(schema: SchemaIndex): SnapshotModel[] {
  return schema.itemTypes.map((model) => ({
    model,
    fields: schema.fields(model.id),
    fieldsets: schema.fieldsets(model.id),
  }));
}

import type { Item, Page, Resource, Site, Upload, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { type ReadableSide, readableSide } from "../../tools/diff/diff_side.ts";
import type { SnapshotSource } from "../../tools/diff.ts";
import type { Snapshot, SnapshotModel } from "../../tools/open.ts";
import { choose, type Chosen } from "./choose.ts";
import type { Along, RestoreChoice } from "./choice.ts";
import { assertFits, mergedSchema } from "./chosen_schema.ts";
import type { Loss } from "../phases.ts";
import { ExpectedRecords } from "./expected_records.ts";
import { type ChosenSettings, chosenSettings } from "./chosen_settings.ts";

/** What a target is made of: a snapshot, and the target as it is. */
export interface ExpectedInput {
  /** The snapshot. */
  readonly snapshot: Snapshot;
  /** The same, for comparisons. */
  readonly wanted: SnapshotSource | ReadableSide;
  /** The target as it is. */
  readonly target: Snapshot;
  /** The same, for comparisons. */
  readonly present: SnapshotSource | ReadableSide;
  /** What an earlier run has begun to bring along. */
  readonly along?: Along | undefined;
  /** Aborts the reading. */
  readonly signal: AbortSignal;
}

/** Where the entries of a listing are read. */
interface Listing {
  /** Whether they are the snapshot's. */
  readonly isChosen: boolean;
  readonly path: string;
  readonly version: Version;
  /** The model's id; `undefined` for uploads. */
  readonly model: string | undefined;
}

/**
 * What a target is to be once a part of a snapshot was restored: a snapshot of its own, which has the chosen part as
 * it was, and all else as the target has it now. To plan, to write and to verify it takes nothing but what a whole
 * snapshot takes; what isn't chosen doesn't differ, so that it isn't written, and is found out if it changes.
 */
export class Expected {
  /** It as a snapshot. */
  readonly snapshot: Snapshot;
  /** The same, for comparisons. */
  readonly side: ReadableSide;
  /** What was chosen. */
  readonly chosen: Chosen;
  readonly #input: ExpectedInput;
  readonly #wanted: ReadableSide;
  readonly #present: ReadableSide;
  readonly #schema: SchemaIndex;
  readonly #settings: ChosenSettings;
  readonly #site: Site;
  readonly #records: ExpectedRecords;
  readonly #collections: ReadonlySet<string> | undefined;
  readonly #listings = new Map<string, Listing>();

  /**
   * Finds out what a choice comes to.
   *
   * @param choice What was asked for.
   * @param input The snapshot and the target.
   * @throws {SluiceError} If the snapshot doesn't have what was asked for, or it doesn't fit into the target.
   */
  static async of(choice: RestoreChoice, input: ExpectedInput): Promise<Expected> {
    const { snapshot, target, signal } = input;
    const chosen = await choose(choice, input);
    const [own, now] = [await snapshot.schema({ signal }), await target.schema({ signal })];
    const site = await (chosen.kinds.has("settings") ? snapshot : target).site({ signal });
    const { locales } = site.attributes;
    const schema = mergedSchema(own, now, chosen.itemTypes, { locales, models: chosen.models });
    assertFits(own, schema, chosen.models);
    const records = await ExpectedRecords.of(chosen, schema, input);
    const settings = await chosenSettings(chosen, input);
    const wanted = await readableSide(input.wanted, signal);
    const present = await readableSide(input.present, signal);
    return new Expected(input, {
      chosen,
      site,
      schema,
      records,
      settings,
      wanted,
      present,
    });
  }

  private constructor(input: ExpectedInput, of: {
    readonly chosen: Chosen;
    readonly site: Site;
    readonly schema: SchemaIndex;
    readonly records: ExpectedRecords;
    readonly settings: ChosenSettings;
    readonly wanted: ReadableSide;
    readonly present: ReadableSide;
  }) {
    this.#input = input;
    this.chosen = of.chosen;
    this.#schema = of.schema;
    this.#site = of.site;
    this.#settings = of.settings;
    this.#records = of.records;
    this.#wanted = of.wanted;
    this.#present = of.present;
    const collections = of.settings.get("upload_collections");
    this.#collections = collections && new Set(collections.map(({ id }) => id));
    this.snapshot = this.#asSnapshot();
    this.side = this.#asSide();
  }

  /** What is lost beside what the planner tells. */
  get losses(): readonly Loss[] {
    return [...this.chosen.losses, ...this.#records.losses];
  }

  /** What the user should know, in sentences. */
  get notes(): readonly string[] {
    const { linked } = this.#records;
    if (linked === 0) return [];
    const who = linked === 1
      ? "1 other record gets its links"
      : `${linked} other records get their links`;
    return [`${who} to what comes back.`];
  }

  /**
   * Whether something of a record can't be foretold: what validators say of a mixture of two versions.
   *
   * @param id The record.
   * @param path What of it.
   */
  isUnknown(id: string, path: string): boolean {
    if (this.chosen.copies?.originalOf(id) !== undefined) {
      return /^(?:creator|meta\/created_at|meta\/is_\w*valid)$/.test(path);
    }
    return /^meta\/is_\w*valid$/.test(path) && this.#records.isChanged(id);
  }

  /**
   * How many records of a model there are to be.
   *
   * @param apiKey The model.
   */
  countOf(apiKey: string): number {
    const id = this.#schema.models.find(({ attributes }) => attributes.api_key === apiKey)?.id;
    if (id === undefined) return 0;
    const [own, now] = [this.#wanted, this.#present].map(({ schema }) => {
      return schema.itemType(id)?.attributes.api_key ?? "";
    });
    const there = this.#present.manifest?.records[now!]?.current?.count ?? 0;
    return there + (this.chosen.models.get(own!) ?? 0);
  }

  #isChosen(id: string): boolean {
    return this.chosen.records.numberOf(id) !== undefined;
  }

  #asSnapshot(): Snapshot {
    const { snapshot, target } = this.#input;
    const ofUpload = (id: string) => {
      return this.chosen.uploads.numberOf(id) !== undefined ? snapshot : target;
    };
    return {
      name: snapshot.name,
      address: snapshot.address,
      manifest: snapshot.manifest,
      document: undefined,
      site: () => Promise.resolve(this.#site),
      schema: () => Promise.resolve(this.#schema),
      models: () =>
        Promise.resolve(this.#schema.itemTypes.map((model): SnapshotModel => ({
          model,
          fields: this.#schema.fields(model.id),
          fieldsets: this.#schema.fieldsets(model.id),
        }))),
      records: (model, { version = "current", signal } = {}) => {
        return ReadableStream.from(this.#recordPages(model, version, signal));
      },
      record: async (id, { signal = this.#input.signal } = {}) => {
        const isChosen = this.#isChosen(id);
        const source = this.chosen.copies?.originalOf(id) ?? id;
        const record = await (isChosen ? snapshot : target).record(source, { signal });
        const item = record?.current ?? record?.published;
        if (record === undefined || item === undefined) return undefined;
        const { id: type } = item.relationships.item_type.data;
        const model = this.#schema.itemType(type)?.attributes.api_key ?? record.model;
        const made = async (one: Item | undefined, version: Version) =>
          one && await this.#records.item(one, version, isChosen, signal);
        return {
          model,
          current: await made(record.current, "current"),
          // Copies are drafts.
          published: source === id ? await made(record.published, "published") : undefined,
        };
      },
      uploads: ({ signal } = {}) => ReadableStream.from(this.#uploadPages(signal)),
      upload: async (id, options) => {
        const upload = await ofUpload(id).upload(id, options);
        return upload && this.#upload(upload);
      },
      asset: async (id, options) => {
        const asset = await ofUpload(id).asset(id, options);
        return asset && { ...asset, upload: this.#upload(asset.upload) };
      },
      tables: () => Promise.resolve([]),
      settings: (name) => Promise.resolve(this.#settings.get(name)),
    };
  }

  #asSide(): ReadableSide {
    const { chosen } = this;
    const [wanted, present] = [this.#wanted, this.#present];
    const { manifest } = present;
    const listed = (
      isChosen: boolean,
      version: Version,
      paths: readonly string[],
      model?: string,
    ) =>
      paths.map((path) => {
        const key = `${isChosen ? "snapshot" : "target"}/${version}/${path}`;
        this.#listings.set(key, { isChosen, path, version, model });
        return key;
      });
    const keysOf = (apiKey: string | undefined) => {
      const id = this.#schema.models.find(({ attributes }) => attributes.api_key === apiKey)?.id;
      const [own, now] = [wanted, present].map(({ schema }) => {
        return id === undefined ? undefined : schema.itemType(id)?.attributes.api_key;
      });
      return { id, own, now, comesBack: own !== undefined && chosen.models.has(own) };
    };
    return {
      name: wanted.name,
      address: wanted.address,
      manifest,
      schema: this.#schema,
      paths: ["site.json", ...this.#settings.keys().map((name) => `settings/${name}.json`)],
      uploads: [
        ...chosen.uploads.size > 0 ? listed(true, "current", wanted.uploads) : [],
        ...listed(false, "current", present.uploads),
      ],
      records: (apiKey, version) => {
        const { id, own, now, comesBack } = keysOf(apiKey);
        return [
          ...comesBack ? listed(true, version, wanted.records(own, version), id) : [],
          ...listed(false, version, present.records(now, version), id),
        ];
      },
      hasRecords: (apiKey, version) => {
        const { own, now, comesBack } = keysOf(apiKey);
        return (comesBack && wanted.hasRecords(own, version)) || present.hasRecords(now, version);
      },
      hasResource: (name) => this.#settings.has(name) || present.hasResource(name),
      expect: () => {},
      entries: (path, signal) => this.#entries(path, signal),
      json: (path) => {
        const name = /^settings\/([^/]+)\.json$/.exec(path)?.[1];
        return Promise.resolve({
          data: name === undefined ? this.#site : this.#settings.get(name) ?? [],
        });
      },
    };
  }

  async *#recordPages(
    apiKey: string,
    version: Version,
    signal: AbortSignal = this.#input.signal,
  ): AsyncGenerator<Page<Item>, void> {
    for (const path of this.side.records(apiKey, version)) {
      yield* this.#entries(path, signal) as AsyncGenerator<Page<Item>, void>;
    }
  }

  async *#uploadPages(
    signal: AbortSignal = this.#input.signal,
  ): AsyncGenerator<Page<Upload>, void> {
    for (const path of this.side.uploads) {
      yield* this.#entries(path, signal) as AsyncGenerator<Page<Upload>, void>;
    }
  }

  async *#entries(key: string, signal: AbortSignal): AsyncGenerator<Page<Resource>, void> {
    const { isChosen, path, version, model } = this.#listings.get(key)!;
    const chosen = model === undefined ? this.chosen.uploads : this.chosen.records;
    for await (const page of (isChosen ? this.#wanted : this.#present).entries(path, signal)) {
      const own = page.filter(({ id }) => {
        const isCopied = model !== undefined && this.chosen.copies?.copyOf(id) !== undefined;
        // Copies are drafts; what they are of stays.
        if (isCopied && isChosen) return version === "current";
        return (chosen.numberOf(id) !== undefined) === isChosen;
      });
      if (own.length === 0) continue;
      if (model === undefined) yield own.map((upload) => this.#upload(upload as Upload));
      else {
        const items: Item[] = [];
        for (const item of own) {
          items.push(await this.#records.item(item as Item, version, isChosen, signal));
        }
        yield items;
      }
    }
  }

  /** An upload as it is to be: in no collection that isn't there. */
  #upload(upload: Upload): Upload {
    const { relationships } = upload;
    const data = relationships?.upload_collection?.data;
    if (!data || !("id" in data) || (this.#collections?.has(data.id) ?? true)) return upload;
    return { ...upload, relationships: { ...relationships, upload_collection: { data: null } } };
  }
}

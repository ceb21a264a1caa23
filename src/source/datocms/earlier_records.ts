import { createdAt } from "../../content/attributes.ts";
import { mapBlocks } from "../../content/blocks.ts";
import type { Item, Json, JsonObject, Page, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { modelIdOf } from "./block_names.ts";

/** Some records as they were read earlier. */
export interface EarlierPage {
  /** The records, with their blocks. */
  readonly records: Page<Item>;
  /** The size of each in bytes, about. */
  readonly bytes: number;
}

/** The records of a model as they were read earlier. */
export interface EarlierRecords {
  /** The ids of the block models that were as they are now: only these may be in what is reused. */
  readonly blockModels: ReadonlySet<string>;
  /**
   * Reads them, by creation; what ends early, or is in another order, is only reused less.
   *
   * @param version Which version of them.
   * @param signal Ends the reading.
   */
  read(version: Version, signal: AbortSignal): AsyncIterable<EarlierPage>;
}

/** What of a record is as it was. */
export interface Reused {
  /** The current version, with its blocks. */
  readonly current: Item;
  /** The published version; `undefined` if it has to be read. */
  readonly published: Item | undefined;
  /** Their size in bytes, about. */
  readonly bytes: number;
}

/** Records of one moment that are remembered, and their size in bytes, about: at most. */
const OF_A_MOMENT = { records: 5000, bytes: 8 * 1024 * 1024 };

/** Attributes that change when other records do, so that a record's version doesn't tell. */
const PLACE = new Set(["position", "parent_id"]);

/** Finds earlier records of a model again, for rows that come by creation. */
export class EarlierJoin {
  readonly #schema: SchemaIndex;
  readonly #model: string;
  readonly #blockModels: ReadonlySet<string>;
  readonly #versions: Readonly<Record<Version, EarlierCursor>>;
  readonly #byModel = new Map<string, ReadonlyMap<string, FieldType>>();

  /**
   * Reads nothing yet.
   *
   * @param schema The project's schema.
   * @param model The model's id.
   * @param earlier Its records as they were.
   * @param signal Ends their reading.
   */
  constructor(schema: SchemaIndex, model: string, earlier: EarlierRecords, signal: AbortSignal) {
    this.#schema = schema;
    this.#model = model;
    this.#blockModels = earlier.blockModels;
    this.#versions = {
      current: new EarlierCursor(() => earlier.read("current", signal)),
      published: new EarlierCursor(() => earlier.read("published", signal)),
    };
  }

  /**
   * What can be reused of a record: its current version if that is still the same one, and its published version
   * if nothing at all is known to have changed. What isn't in its blocks is as its row has it.
   *
   * @param row The record's row.
   * @param withPublished Whether its published version is needed, too.
   * @return `undefined` if it has to be read.
   */
  async find(row: Item, withPublished: boolean): Promise<Reused | undefined> {
    const time = createdAt(row);
    const earlier = await this.#versions.current.find(row.id, time);
    const current = earlier && this.#reused(row, earlier.item);
    if (current === undefined) return undefined;
    const isUnchanged = withPublished && isSame(row, current, earlier!.item);
    const published = isUnchanged ? await this.#versions.published.find(row.id, time) : undefined;
    const bytes = earlier!.bytes + (published?.bytes ?? 0);
    return { current, published: published?.item, bytes };
  }

  /** Ends the reading. */
  async cancel(): Promise<void> {
    await this.#versions.current.cancel();
    await this.#versions.published.cancel();
  }

  /** A row with the blocks of an earlier record, if that is of the same version, and differs in nothing else. */
  #reused(row: Item, earlier: Item): Item | undefined {
    const version = row.meta?.current_version;
    if (typeof version !== "string" || earlier.meta?.current_version !== version) return undefined;
    if (modelIdOf(earlier) !== this.#model || !isObject(earlier.attributes)) return undefined;
    if (!isObject(row.attributes) || !hasSameKeys(row.attributes, earlier.attributes)) {
      return undefined;
    }
    if (!hasSameKeys(row, earlier)) return undefined;
    const attributes = this.#withBlocks(row.attributes, earlier.attributes);
    if (attributes === undefined) return undefined;
    return Object.fromEntries(
      Object.keys(earlier).map((key) => {
        return [key, key === "attributes" ? attributes : row[key as keyof Item]];
      }),
    ) as unknown as Item;
  }

  #withBlocks(row: JsonObject, earlier: JsonObject): JsonObject | undefined {
    const fields = this.#fieldTypes(this.#model);
    const entries: [string, Json][] = [];
    for (const [key, value] of Object.entries(earlier)) {
      const field = fields.get(key);
      const mapped = field === undefined ? { value, isWhole: true } : this.#reduced(value, field);
      if (!mapped.isWhole) return undefined;
      const isFree = field === undefined && PLACE.has(key);
      if (!isFree && !isEqual(mapped.value, row[key])) return undefined;
      entries.push([key, mapped.value === value ? row[key]! : value]);
    }
    return Object.fromEntries(entries);
  }

  /** A field's value with ids in place of its blocks, and whether all of them are known at every depth. */
  #reduced(value: Json, field: FieldType): { readonly value: Json; readonly isWhole: boolean } {
    let isWhole = true;
    const reduce = (one: Json) =>
      mapBlocks(one, field.type, (block) => {
        if (typeof block === "string" || !this.#isWhole(block)) isWhole = false;
        return typeof block === "string" ? block : block.id;
      });
    const reduced = field.localized && isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([locale, one]) => [locale, reduce(one)]))
      : reduce(value);
    return { value: reduced, isWhole };
  }

  #isWhole(block: Item): boolean {
    const model = modelIdOf(block);
    if (model === undefined || !this.#blockModels.has(model)) return false;
    if (!isObject(block.attributes)) return false;
    const fields = this.#fieldTypes(model);
    return Object.entries(block.attributes).every(([key, value]) => {
      const field = fields.get(key);
      return field === undefined || this.#reduced(value, field).isWhole;
    });
  }

  #fieldTypes(model: string): ReadonlyMap<string, FieldType> {
    let types = this.#byModel.get(model);
    if (types === undefined) {
      types = new Map(
        this.#schema.fields(model)
          .map(({ attributes: { api_key: key, field_type: type, localized } }) => {
            return [key, { type, localized: localized === true }] as const;
          }),
      );
      this.#byModel.set(model, types);
    }
    return types;
  }
}

interface FieldType {
  readonly type: string;
  readonly localized: boolean;
}

/** Whether a record is what it was in all that its row tells, and says when it was changed and published. */
function isSame(row: Item, current: Item, earlier: Item): boolean {
  const { meta } = row;
  if (typeof meta?.published_at !== "string" || typeof meta.updated_at !== "string") return false;
  return JSON.stringify(current) === JSON.stringify(earlier);
}

function hasSameKeys(a: object, b: object): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key));
}

function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

interface Found {
  readonly item: Item;
  readonly bytes: number;
}

/** Finds earlier records by when they were created, and by their ids among those of one moment. */
class EarlierCursor {
  readonly #open: () => AsyncIterable<EarlierPage>;
  #pages: AsyncIterator<EarlierPage> | undefined;
  #page: EarlierPage = { records: [], bytes: 0 };
  #at = 0;
  #isEnded = false;
  /** What was created at the moment that was asked for last, and wasn't found yet. */
  readonly #moment = new Map<string, Found>();
  #momentBytes = 0;
  #time = -Infinity;

  constructor(open: () => AsyncIterable<EarlierPage>) {
    this.#open = open;
  }

  async find(id: string, time: number): Promise<Found | undefined> {
    // Neither what tells no time nor what comes out of order is found.
    if (!(time >= this.#time)) return undefined;
    if (time > this.#time) this.#forget(time);
    for (;;) {
      const found = this.#moment.get(id);
      if (found !== undefined) {
        this.#moment.delete(id);
        this.#momentBytes -= found.bytes;
        return found;
      }
      const next = await this.#peek();
      if (next === undefined) return undefined;
      const nextTime = createdAt(next);
      if (nextTime > time) return undefined;
      this.#at++;
      if (nextTime !== time) continue;
      const { bytes } = this.#page;
      this.#moment.set(next.id, { item: next, bytes });
      this.#momentBytes += bytes;
      const { records, bytes: most } = OF_A_MOMENT;
      if (this.#moment.size > records || this.#momentBytes > most) await this.cancel();
    }
  }

  async cancel(): Promise<void> {
    this.#isEnded = true;
    this.#forget(this.#time);
    this.#page = { records: [], bytes: 0 };
    this.#at = 0;
    const pages = this.#pages;
    this.#pages = undefined;
    await pages?.return?.();
  }

  #forget(time: number): void {
    this.#moment.clear();
    this.#momentBytes = 0;
    this.#time = time;
  }

  async #peek(): Promise<Item | undefined> {
    while (this.#at >= this.#page.records.length) {
      if (this.#isEnded) return undefined;
      this.#pages ??= this.#open()[Symbol.asyncIterator]();
      const { done, value } = await this.#pages.next();
      if (done) {
        await this.cancel();
        return undefined;
      }
      this.#page = value;
      this.#at = 0;
    }
    return this.#page.records[this.#at];
  }
}

import { withReferences } from "../../content/item_references.ts";
import type { Item, Json, JsonObject, Page, Resource, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import type { Snapshot } from "../../tools/open.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import type { Loss } from "../phases.ts";
import { itemsInSchema } from "../records/in_schema.ts";
import { RecordContent } from "../records/record_content.ts";
import type { ChoiceInput, Chosen } from "./choose.ts";
import { withValues } from "./field_values.ts";
import { type Places, placesOf } from "./places.ts";
import { LinksBack } from "./referrers.ts";

/** A record's versions. */
interface Versions {
  readonly current: Item | undefined;
  readonly published: Item | undefined;
  /** Whether they aren't as the target has them. */
  readonly isChanged: boolean;
}

/** The records of a target once some of a snapshot came back. */
export class ExpectedRecords {
  readonly #chosen: Chosen;
  readonly #workflows: readonly Resource[];
  readonly #snapshot: Snapshot;
  readonly #target: Snapshot;
  readonly #content: RecordContent;
  /** The snapshot's schema. */
  readonly #wanted: SchemaIndex;
  /** What the target's schema is going to be. */
  readonly #schema: SchemaIndex;
  readonly #inSchema: (item: Item) => Item;
  /** Where records are, by the model's id: of those models whose records have places, and some come back. */
  readonly #places = new Map<string, Places>();
  /** Records of the target of which something changes, but that don't come back. */
  readonly #changed = new IdNumbers();
  readonly #links: LinksBack;
  /** The last one of those. */
  #last: { readonly id: string; readonly versions: Promise<Versions> } | undefined;

  /**
   * Finds out where records are among each other.
   *
   * @param chosen What comes back.
   * @param schema What the target's schema is going to be.
   * @param input The snapshot and the target.
   */
  static async of(
    chosen: Chosen,
    schema: SchemaIndex,
    { snapshot, target, signal }: ChoiceInput,
  ): Promise<ExpectedRecords> {
    const [own, now] = [await snapshot.schema({ signal }), await target.schema({ signal })];
    const workflows = await target.settings("workflows", { signal }) ?? [];
    const records = new ExpectedRecords(chosen, {
      workflows,
      snapshot,
      target,
      wanted: own,
      present: now,
      schema,
    });
    for (const { id, attributes: { api_key: key, sortable, tree } } of own.models) {
      if (!chosen.models.has(key) || (sortable !== true && tree !== true)) continue;
      const there = now.itemType(id)?.attributes.api_key;
      const found = await placesOf(
        chosen.copies?.behind(snapshot.records(key, { signal })) ??
          snapshot.records(key, { signal }),
        there === undefined ? nothing() : target.records(there, { signal }),
        (id) => chosen.records.numberOf(id) !== undefined,
      );
      records.#places.set(id, found);
    }
    await records.#findChanged(signal);
    return records;
  }

  /** Links that records lost, and that don't come back. */
  readonly losses: Loss[] = [];

  /** Whether only something of a record comes back. */
  isChanged(id: string): boolean {
    return this.#changed.numberOf(id) !== undefined;
  }

  /** How many records get links back. */
  linked = 0;

  /** Finds out which records change that don't come back as a whole. */
  async #findChanged(signal: AbortSignal): Promise<void> {
    const { partly, records, referrers, there } = this.#chosen;
    for (const id of partly) this.#changed.add(id);
    for (const id of referrers) {
      if (records.numberOf(id) !== undefined || there.numberOf(id) === undefined) continue;
      const { isChanged } = await this.#versions(id, signal, (loss) => this.losses.push(loss));
      if (!isChanged) continue;
      this.#changed.add(id);
      this.linked++;
    }
  }

  /** Both versions of a record of which only something comes back. */
  async #versions(
    id: string,
    signal: AbortSignal,
    onLoss: (loss: Loss) => void = () => {},
  ): Promise<Versions> {
    const [now, before] = [
      await this.#target.record(id, { signal }),
      await this.#snapshot.record(id, { signal }),
    ];
    const [current, published] = [now?.current, now?.published].map((one) => {
      return one && this.#inSchema(one);
    });
    if (!current || !before?.current) return { current, published, isChanged: false };
    const { id: type } = current.relationships.item_type.data;
    const hasDrafts = this.#schema.itemType(type)?.attributes.draft_mode_active === true;
    let [own, open] = [current, published];
    if (this.#chosen.partly.numberOf(id) !== undefined) {
      own = withValues(current, before.current, this.#chosen.values, this.#schema);
      if (!hasDrafts && published) open = { ...published, attributes: own.attributes };
    } else {
      own = this.#links.restored(current, before.current, onLoss);
      const source = before.published ?? before.current;
      // What isn't as it was in both is told once.
      open = published && this.#links.restored(published, source, () => {});
    }
    const isSame = (a: Item | undefined, b: Item | undefined) => {
      return a === b || (a !== undefined && b !== undefined && this.#isSame(a, b));
    };
    if (isSame(own, current) && isSame(open, published)) {
      return { current, published, isChanged: false };
    }
    const isUpdated = open !== undefined && !isSame(own, open);
    const meta: JsonObject = {
      ...current.meta?.status === "published" && isUpdated ? { status: "updated" } : {},
      // Only what was refused before may be refused now.
      is_current_version_valid: [current, before.current].every((one) => {
        return one.meta?.is_current_version_valid !== false;
      }),
    };
    return {
      current: { ...own, meta: { ...own.meta, ...meta } },
      published: open && { ...open, meta: { ...open.meta, ...meta } },
      isChanged: true,
    };
  }

  #isSame(a: Item, b: Item): boolean {
    const [from, to] = [a, b].map((one) => this.#content.values(one, () => true));
    const { id: type } = a.relationships.item_type.data;
    return Object.keys(this.#content.difference(type, from!, to!)).length === 0;
  }

  /** A version of a record of which only something comes back. */
  async #partlyRestored(item: Item, version: Version, signal: AbortSignal): Promise<Item> {
    if (this.#last?.id !== item.id) {
      this.#last = { id: item.id, versions: this.#versions(item.id, signal) };
    }
    return (await this.#last.versions)[version] ?? item;
  }

  private constructor(chosen: Chosen, { workflows, snapshot, target, wanted, present, schema }: {
    readonly workflows: readonly Resource[];
    readonly snapshot: Snapshot;
    readonly target: Snapshot;
    readonly wanted: SchemaIndex;
    readonly present: SchemaIndex;
    readonly schema: SchemaIndex;
  }) {
    this.#chosen = chosen;
    this.#workflows = workflows;
    this.#snapshot = snapshot;
    this.#target = target;
    this.#content = new RecordContent(schema);
    this.#links = new LinksBack(schema, (id) => chosen.records.numberOf(id) !== undefined);
    this.#wanted = wanted;
    this.#schema = schema;
    this.#inSchema = itemsInSchema(present, schema);
  }

  /**
   * A version of a record as it is to be.
   *
   * @param item The version: the snapshot's, if the record comes back, or else the target's.
   * @param version Which one.
   * @param isChosen Whether the record comes back.
   * @param signal Aborts the reading of what else it takes.
   */
  async item(
    item: Item,
    version: Version,
    isChosen: boolean,
    signal: AbortSignal,
  ): Promise<Item> {
    const own = isChosen
      ? await this.#restored(item, version, signal)
      : this.isChanged(item.id)
      ? await this.#partlyRestored(item, version, signal)
      : this.#inSchema(item);
    const places = this.#places.get(item.relationships.item_type.data.id);
    if (places === undefined) return own;
    const position = places.positions.get(own.id);
    // Records that aren't in a tree have nobody below them, which nobody says.
    const hasChildren = typeof own.meta?.has_children === "boolean"
      ? { has_children: places.parents.has(own.id) }
      : {};
    return {
      ...own,
      attributes: position === undefined ? own.attributes : { ...own.attributes, position },
      meta: { ...own.meta, ...hasChildren },
    };
  }

  /** A version of a record that comes back, with what the target's schema has besides. */
  async #restored(item: Item, version: Version, signal: AbortSignal): Promise<Item> {
    const { copies } = this.#chosen;
    if (copies?.copyOf(item.id) !== undefined) {
      return this.#dropped(copies.of(item, this.#schema, this.#workflows));
    }
    const { id: type } = item.relationships.item_type.data;
    const fields = this.#schema.fields(type);
    const known = new Set(this.#wanted.fields(type).map(({ id }) => id));
    const others = fields.filter(({ id }) => !known.has(id));
    let own = item;
    if (others.length > 0 && this.#chosen.there.numberOf(item.id) !== undefined) {
      const record = await this.#target.record(item.id, { signal });
      const now = record?.[version] ?? record?.current;
      const locales = localesOf(item, this.#wanted);
      const attributes: JsonObject = { ...item.attributes };
      for (const { attributes: { api_key: key, localized } } of others) {
        const value = now && getOwn(this.#inSchema(now).attributes, key) || null;
        setOwn(attributes, key, localized ? inLocales(value, locales) : value);
      }
      own = { ...item, attributes };
    }
    return this.#dropped(own);
  }

  /** A record without references to what isn't there, if these are dropped. */
  #dropped(own: Item): Item {
    if (!this.#chosen.dropsLinks) return own;
    const isThere = (id: string) =>
      this.#chosen.records.numberOf(id) !== undefined ||
      this.#chosen.there.numberOf(id) !== undefined;
    const kept = withReferences(own, this.#schema, ({ type, id }) => {
      if (type === "item") return isThere(id);
      return this.#chosen.uploads.numberOf(id) !== undefined ||
        this.#chosen.thereUploads.numberOf(id) !== undefined;
    });
    const { parent_id: parent } = kept.attributes;
    if (typeof parent !== "string" || isThere(parent)) return kept;
    return { ...kept, attributes: { ...kept.attributes, parent_id: null } };
  }
}

/** The locales that a record has values in. */
function localesOf({ attributes, relationships }: Item, schema: SchemaIndex): readonly string[] {
  for (const field of schema.fields(relationships.item_type.data.id)) {
    const value = attributes[field.attributes.api_key];
    if (field.attributes.localized && isObject(value)) return Object.keys(value);
  }
  return schema.locales;
}

function inLocales(value: Json, locales: readonly string[]): JsonObject {
  const all: JsonObject = {};
  for (const locale of locales) {
    setOwn(all, locale, isObject(value) ? getOwn(value, locale) ?? null : null);
  }
  return all;
}

async function* nothing(): AsyncGenerator<Page<Item>, void> {}

import { referencesOf } from "../../content/item_references.ts";
import type { Item, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import { nearest } from "../../text/nearest.ts";
import { fewNames, printable } from "../../text/printable.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { Loss } from "../phases.ts";
import { someRecords } from "../some_records.ts";
import type { Along, RestoreChoice, RestoreKind } from "./choice.ts";
import { chosenTypes } from "./chosen_schema.ts";
import { Copies } from "./copies.ts";
import { assertHasValues, chosenValues, isOfValues, type ValueChoice } from "./field_values.ts";
import { referrersOf } from "./referrers.ts";

/** What of a snapshot comes into a target: ids. */
export interface Chosen {
  /** The kinds of things that were chosen. */
  readonly kinds: ReadonlySet<RestoreKind>;
  /** The records that come back, or their copies; those that others link to among them. */
  readonly records: IdNumbers;
  /** The uploads that come back. */
  readonly uploads: IdNumbers;
  /** The models and block models that are as in the snapshot, by their ids. */
  readonly itemTypes: ReadonlySet<string>;
  /** Whether the schema is that of some models only. */
  readonly isOfModels: boolean;
  /**
   * The models of the records that come back, by their `api_key` in the snapshot, and how many of them the target
   * lacks.
   */
  readonly models: ReadonlyMap<string, number>;
  /** The records of the target. */
  readonly there: IdNumbers;
  /** The uploads of the target. */
  readonly thereUploads: IdNumbers;
  /** The records of the target of which only some values come back. */
  readonly partly: IdNumbers;
  /** Which values these are. */
  readonly values: ValueChoice;
  /** The records of the target that linked to those that come back. */
  readonly referrers: IdNumbers;
  /** The copies that are made; `undefined` if the chosen records come back themselves. */
  readonly copies: Copies | undefined;
  /** What comes along with the chosen records. */
  readonly along: Along;
  /** Whether what a record links to, but isn't there, is dropped. */
  readonly dropsLinks: boolean;
  /** What is lost by that. */
  readonly losses: readonly Loss[];
}

/** What it is decided on. */
export interface ChoiceInput {
  /** The snapshot. */
  readonly snapshot: Snapshot;
  /** The target as it is. */
  readonly target: Snapshot;
  /** What an earlier run has begun to bring along: it comes, whether it is there or not. */
  readonly along?: Along | undefined;
  /** Aborts it. */
  readonly signal: AbortSignal;
}

const VERSIONS = ["current", "published"] as const satisfies readonly Version[];

/**
 * Finds out what a choice comes to: which records, what they link to, which uploads and models.
 *
 * At most 30 bytes are held for each record and upload that comes back or that the target has.
 *
 * @param choice What was asked for.
 * @param input The snapshot and the target.
 * @throws {SluiceError} If the snapshot doesn't have what was asked for.
 */
export async function choose(choice: RestoreChoice, input: ChoiceInput): Promise<Chosen> {
  return await new Choosing(choice, input).choose();
}

class Choosing {
  readonly #choice: RestoreChoice;
  readonly #input: ChoiceInput;
  readonly #records = new IdNumbers();
  readonly #uploads = new IdNumbers();
  readonly #there = new IdNumbers();
  readonly #thereUploads = new IdNumbers();
  readonly #models = new Map<string, number>();
  readonly #copies: Copies | undefined;
  readonly #partly = new IdNumbers();
  readonly #along = { records: [] as string[], uploads: [] as string[] };
  readonly #losses: Loss[] = [];
  readonly #waiting: string[] = [];

  constructor(choice: RestoreChoice, input: ChoiceInput) {
    this.#choice = choice;
    this.#input = input;
    this.#copies = choice.copy ? new Copies(input.snapshot.name) : undefined;
  }

  async choose(): Promise<Chosen> {
    const { only = [], models, excludeModels, records, sample } = this.#choice;
    const { snapshot, target, signal } = this.#input;
    const kinds = new Set(only);
    const schema = await snapshot.schema({ signal });
    const keys = modelKeys(schema, this.#choice);
    await this.#readTarget();
    if (kinds.has("assets") && (models ?? excludeModels ?? records ?? sample) === undefined) {
      for await (const page of snapshot.uploads({ signal })) {
        for (const { id } of page) this.#uploads.add(id);
      }
    }
    if (kinds.has("records")) {
      const ids = sample === undefined ? records : await this.#drawn(sample, keys);
      if (ids !== undefined) await this.#chooseRecords(ids, schema);
      else await this.#chooseModels(keys, schema);
      if (this.#copies !== undefined) assertCopyable(this.#models.keys(), schema);
      assertHasValues(this.#choice, this.#models.keys(), schema);
      const { along } = this.#input;
      this.#waiting.push(...along?.records ?? []);
      for (const id of along?.uploads ?? []) this.#bring(id);
      await this.#followLinks(schema);
    }
    const isBack = (id: string) => this.#records.numberOf(id) !== undefined;
    const referrers = this.#choice.withReferrers
      ? await referrersOf(snapshot, isBack, signal)
      : new IdNumbers();
    const isOfModels = (models ?? excludeModels ?? records) !== undefined;
    const own = kinds.has("records") && records !== undefined ? new Set(this.#models.keys()) : keys;
    const itemTypes = kinds.has("schema")
      ? chosenTypes(schema, await target.schema({ signal }), isOfModels ? own : undefined)
      : new Set<string>();
    return {
      kinds,
      records: this.#records,
      uploads: this.#uploads,
      itemTypes,
      isOfModels,
      models: this.#models,
      there: this.#there,
      thereUploads: this.#thereUploads,
      partly: this.#partly,
      values: { field: this.#choice.field, locales: this.#choice.locales },
      referrers,
      copies: this.#copies,
      along: this.#along,
      dropsLinks: this.#choice.withLinks === "none",
      losses: this.#losses,
    };
  }

  async #readTarget(): Promise<void> {
    const { target, signal } = this.#input;
    for (const { attributes: { api_key: key } } of (await target.schema({ signal })).models) {
      for await (const page of target.records(key, { signal })) {
        for (const { id } of page) this.#there.add(id);
      }
    }
    for await (const page of target.uploads({ signal })) {
      for (const { id } of page) this.#thereUploads.add(id);
    }
  }

  async #drawn(
    { size, seed }: NonNullable<RestoreChoice["sample"]>,
    keys: Iterable<string>,
  ): Promise<string[]> {
    const { snapshot, signal } = this.#input;
    const records = await someRecords(snapshot, keys, { most: size, seed }, signal);
    return records.map(({ id }) => id);
  }

  async #chooseRecords(ids: readonly string[], schema: SchemaIndex): Promise<void> {
    const { snapshot, signal } = this.#input;
    const isPartly = isOfValues(this.#choice);
    if (!isPartly) { for (const id of ids) this.#take(id); }
    for (const id of ids) {
      const record = await snapshot.record(id, { signal });
      if (record?.current === undefined) throw await this.#unknown(id, schema);
      if (isPartly && this.#there.numberOf(id) === undefined) {
        throw unknown(`The target has no record ${printable(id, 60)}: restore all of it.`);
      }
      this.#count(id, record.model);
      if (isPartly) this.#takeValues(record.current, schema);
      else for (const version of this.#versions) this.#follow(record[version], schema);
    }
  }

  /** Takes a record, or a copy of it. */
  #take(id: string): void {
    this.#records.add(this.#copies?.add(id) ?? id);
  }

  /** The versions of a chosen record that are taken: drafts have one. */
  get #versions(): readonly Version[] {
    return this.#copies === undefined ? VERSIONS : ["current"];
  }

  /** Takes some values of a record that the target has. */
  #takeValues(item: Item, schema: SchemaIndex): void {
    this.#partly.add(item.id);
    this.#follow(chosenValues(item, this.#choice, schema), schema);
  }

  /** Records are found by their ids: whoever mistypes one is told the nearest. */
  async #unknown(id: string, schema: SchemaIndex): Promise<SluiceError> {
    const { snapshot, signal } = this.#input;
    const close: string[] = [];
    for (const { attributes: { api_key: key } } of schema.models) {
      for await (const page of snapshot.records(key, { signal })) {
        const one = nearest(id, page.map((record) => record.id));
        if (one !== undefined) close.push(one);
      }
    }
    const best = nearest(id, close);
    return unknown(
      `The snapshot has no record ${JSON.stringify(printable(id, 60))}${
        best === undefined ? "" : `: the nearest is ${printable(best, 60)}`
      }. Its records have ids such as \`sluice find\` shows them.`,
    );
  }

  async #chooseModels(keys: ReadonlySet<string>, schema: SchemaIndex): Promise<void> {
    const { snapshot, signal } = this.#input;
    const isPartly = isOfValues(this.#choice);
    for (const key of keys) {
      for await (const page of snapshot.records(key, { signal })) {
        for (const item of page) {
          if (!isPartly) this.#take(item.id);
          else if (this.#there.numberOf(item.id) !== undefined) this.#takeValues(item, schema);
          else continue;
          this.#count(item.id, key);
        }
      }
    }
    if (isPartly) return;
    for (const key of keys) {
      for (const version of this.#versions) {
        for await (const page of snapshot.records(key, { version, signal })) {
          for (const item of page) this.#follow(item, schema);
        }
      }
    }
  }

  /** Takes what records link to, and what that links to, as far as it has to come back, too. */
  async #followLinks(schema: SchemaIndex): Promise<void> {
    const { snapshot, signal } = this.#input;
    for (let id = this.#waiting.pop(); id !== undefined; id = this.#waiting.pop()) {
      if (this.#records.numberOf(id) !== undefined) continue;
      const record = await snapshot.record(id, { signal });
      // What the snapshot lacks, too, is told by the planner.
      if (record?.current === undefined) continue;
      this.#records.add(id);
      this.#along.records.push(id);
      this.#count(id, record.model);
      for (const version of VERSIONS) this.#follow(record[version], schema);
    }
  }

  /** Brings an upload along. */
  #bring(id: string): void {
    if (this.#uploads.numberOf(id) !== undefined) return;
    this.#uploads.add(id);
    this.#along.uploads.push(id);
  }

  #count(id: string, model: string): void {
    const own = this.#copies?.copyOf(id) ?? id;
    const missing = this.#there.numberOf(own) === undefined ? 1 : 0;
    this.#models.set(model, (this.#models.get(model) ?? 0) + missing);
  }

  #follow(item: Item | undefined, schema: SchemaIndex): void {
    if (item === undefined) return;
    const { withLinks = "missing" } = this.#choice;
    const told = new Set<string>();
    const follow = (type: "item" | "upload", id: string) => {
      const [own, there] = type === "item"
        ? [this.#records, this.#there]
        : [this.#uploads, this.#thereUploads];
      if (own.numberOf(id) !== undefined) return;
      if (type === "item" && this.#copies?.copyOf(id) !== undefined) return;
      const isThere = there.numberOf(id) !== undefined;
      if (isThere && withLinks !== "all" && !(type === "upload" && this.#takesAssets)) return;
      if (withLinks === "none" && !isThere) {
        if (told.has(`${type} ${id}`)) return;
        told.add(`${type} ${id}`);
        this.#losses.push(leftLink(item.id, type, id));
      } else if (type === "upload") this.#bring(id);
      else this.#waiting.push(id);
    };
    for (const { type, id } of referencesOf(item, schema)) follow(type, id);
    const { parent_id: parent } = item.attributes;
    if (typeof parent === "string") follow("item", parent);
  }

  /** Whether uploads that are there are restored, too. */
  get #takesAssets(): boolean {
    return this.#choice.only?.includes("assets") ?? false;
  }
}

/** There can't be two of what there is one of. */
function assertCopyable(keys: Iterable<string>, { models }: SchemaIndex): void {
  const own = new Set(keys);
  const only = models.find(({ attributes: { api_key: key, singleton } }) => {
    return singleton === true && own.has(key);
  });
  if (only === undefined) return;
  const name = printable(only.attributes.api_key, 60);
  throw unknown(`The model ${name} has one record only, which can't be copied.`);
}

/** The models that are meant, by their `api_key`. */
function modelKeys(
  { models }: SchemaIndex,
  { models: named, excludeModels }: RestoreChoice,
): ReadonlySet<string> {
  const all = models.map(({ attributes: { api_key } }) => api_key);
  for (const name of [...named ?? [], ...excludeModels ?? []]) {
    if (all.includes(name)) continue;
    const close = nearest(name, all);
    throw unknown(
      `The snapshot has no model ${JSON.stringify(printable(name, 60))}: ${
        close === undefined ? `it has ${fewNames(all)}` : `the nearest is ${close}`
      }.`,
    );
  }
  if (named !== undefined) return new Set(named);
  return new Set(all).difference(new Set(excludeModels));
}

function unknown(message: string): SluiceError {
  return new SluiceError(message, EXIT.usage, { code: "restore_choice" });
}

function leftLink(id: string, type: "item" | "upload", target: string): Loss {
  const what = type === "item" ? "record" : "asset";
  return {
    code: "link_left",
    message: `The record ${printable(id, 60)} loses its reference to the ${what} ${
      printable(target, 60)
    }, which isn't there and isn't restored along.`,
    type: "item",
    id,
  };
}

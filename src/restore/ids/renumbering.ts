import type { Item, Page, Resource, Upload, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import { type ReadableSide, readableSide } from "../../tools/diff/diff_side.ts";
import type { Storage } from "../../storage/storage.ts";
import type { ReadSnapshot } from "../changed_snapshot.ts";
import { KINDS } from "../schema/kinds.ts";
import { writeLines } from "../write_lines.ts";
import { derivedId, renamedItem } from "./renamed_item.ts";

/** Something that has a numeric id, as DatoCMS gave them until October 2023. */
export interface Numbered {
  /** The API's name of its type: records and blocks are both `item`. */
  readonly type: string;
  /** Its id. */
  readonly id: string;
  /** Whether it is a block. */
  readonly isBlock: boolean;
}

/** A numeric id, and what takes its place. */
export interface NewIdOf {
  /** The API's name of the type: records and blocks are both `item`. */
  readonly type: string;
  /** The id in the snapshot. */
  readonly old: string;
  /** The id in the target. */
  readonly new: string;
}

/** The types of what is made under the id that it had. */
const TYPES: ReadonlySet<string> = new Set([...Object.keys(KINDS), "item", "upload"]);
const VERSIONS = ["current", "published"] as const satisfies readonly Version[];

/** Whether an id is a number. */
export function isNumeric(id: string): boolean {
  return /^\d+$/.test(id);
}

/**
 * Whether anything in a snapshot has a numeric id: all of it is read, up to the first one.
 *
 * @param of The snapshot.
 * @param signal Aborts the reading.
 */
export async function hasNumericIds(of: ReadSnapshot, signal: AbortSignal): Promise<boolean> {
  for await (const _ of numbered(of, signal)) return true;
  return false;
}

/**
 * What the numeric ids of a snapshot become in a target that doesn't have them, as DatoCMS makes nothing under them any
 * more: version 4 UUIDs that follow from the project, the type and the number by SHA-256, so that they are the same
 * whenever something is restored again. What the target has keeps its number.
 *
 * Held are 30 bytes for each numeric id of the target, and 60 for each one of the snapshot that gets another one,
 * blocks apart, whose ids are derived whenever they are needed.
 */
export class Renumbering {
  /** How many ids are replaced, by type; blocks count as `block`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly #project: string;
  readonly #there: ReadonlyMap<string, IdNumbers>;
  /** Those that are replaced, and at the same numbers what takes their place. */
  readonly #replaced: ReadonlyMap<string, { readonly old: IdNumbers; readonly new: IdNumbers }>;
  readonly #of: ReadSnapshot;

  private constructor(of: {
    readonly counts: ReadonlyMap<string, number>;
    readonly project: string;
    readonly there: ReadonlyMap<string, IdNumbers>;
    readonly replaced: ReadonlyMap<string, { readonly old: IdNumbers; readonly new: IdNumbers }>;
    readonly from: ReadSnapshot;
  }) {
    this.counts = of.counts;
    this.#project = of.project;
    this.#there = of.there;
    this.#replaced = of.replaced;
    this.#of = of.from;
  }

  /**
   * Finds out which ids are replaced.
   *
   * @param from The snapshot.
   * @param target The target as it is.
   * @param signal Aborts the reading.
   * @return `undefined` if the target has all numeric ids of the snapshot.
   */
  static async of(
    from: ReadSnapshot,
    target: ReadSnapshot,
    signal: AbortSignal,
  ): Promise<Renumbering | undefined> {
    const there = new Map<string, IdNumbers>();
    for await (const { type, id } of numbered(target, signal)) idsOf(there, type).add(id);
    const { id: project } = await from.snapshot.site({ signal });
    const replaced = new Map<string, { readonly old: IdNumbers; readonly new: IdNumbers }>();
    const counts = new Map<string, number>();
    const count = (type: string) => counts.set(type, (counts.get(type) ?? 0) + 1);
    for await (const { type, id, isBlock } of numbered(from, signal)) {
      if (there.get(type)?.numberOf(id) !== undefined) continue;
      if (isBlock) {
        count("block");
        continue;
      }
      let own = replaced.get(type);
      if (own === undefined) {
        own = { old: new IdNumbers(), new: new IdNumbers() };
        replaced.set(type, own);
      }
      if (own.old.numberOf(id) !== undefined) continue;
      own.old.add(id);
      own.new.add(derivedId(project, type, id));
      count(type);
    }
    if (counts.size === 0) return undefined;
    return new Renumbering({ counts, project, there, replaced, from });
  }

  /**
   * What an id becomes.
   *
   * @param type The API's name of the type: blocks are an `item`, too.
   * @param id The id in the snapshot.
   */
  newId(type: string, id: string): string {
    if (!isNumeric(id) || !TYPES.has(type)) return id;
    if (this.#there.get(type)?.numberOf(id) !== undefined) return id;
    return derivedId(this.#project, type, id);
  }

  /**
   * What an id was; blocks apart.
   *
   * @param type The API's name of the type.
   * @param id The id in the target.
   */
  oldId(type: string, id: string): string {
    const own = this.#replaced.get(type);
    const number = own?.new.numberOf(id);
    return number === undefined ? id : own!.old.idOf(number);
  }

  /** Whether an id is replaced; of blocks that isn't known. */
  isReplaced(type: string, id: string): boolean {
    return this.#replaced.get(type)?.old.numberOf(id) !== undefined;
  }

  /** Each id that is replaced: those of blocks last, as they are read anew. */
  async *all(signal: AbortSignal): AsyncGenerator<NewIdOf, void> {
    for (const [type, { old, new: own }] of this.#replaced) {
      for (let n = 0; n < old.size; n++) yield { type, old: old.idOf(n), new: own.idOf(n) };
    }
    if (!this.counts.has("block")) return;
    for await (const { type, id, isBlock } of numbered(this.#of, signal)) {
      const next = isBlock ? this.newId(type, id) : id;
      if (next !== id) yield { type, old: id, new: next };
    }
  }

  /**
   * Writes all of them beside a restore's journal: `new_ids.ndjson`, a line for each.
   *
   * @param storage Where.
   * @param journal The journal's folder.
   * @param signal Aborts it.
   * @throws {StorageError} If it can't be written.
   */
  async write(storage: Storage, journal: string, signal: AbortSignal): Promise<void> {
    await writeLines(storage, `${journal}/new_ids.ndjson`, this.all(signal), signal);
  }
}

function idsOf(all: Map<string, IdNumbers>, type: string): IdNumbers {
  let own = all.get(type);
  if (own === undefined) {
    own = new IdNumbers();
    all.set(type, own);
  }
  return own;
}

/** All that has a numeric id; what both versions of a record hold comes once. */
async function* numbered(
  { snapshot, source }: ReadSnapshot,
  signal: AbortSignal,
): AsyncGenerator<Numbered, void> {
  const schema = await snapshot.schema({ signal });
  const one = ({ type, id }: Resource) => isNumeric(id) ? [{ type, id, isBlock: false }] : [];
  for (const model of schema.itemTypes) {
    yield* one(model);
    for (const field of schema.fields(model.id)) yield* one(field);
    for (const fieldset of schema.fieldsets(model.id)) yield* one(fieldset);
  }
  for (const { resource } of Object.values(KINDS)) {
    if (resource === undefined) continue;
    for (const each of await snapshot.settings(resource, { signal }) ?? []) yield* one(each);
  }
  const side = await readableSide(source, signal);
  for (const path of side.uploads) {
    for await (const page of side.entries(path, signal) as AsyncGenerator<Page<Upload>>) {
      for (const upload of page) yield* one(upload);
    }
  }
  for (const { attributes: { api_key: key } } of schema.models) {
    yield* numberedRecords(side, key, schema, signal);
  }
}

/** Records of a model, and their blocks. */
async function* numberedRecords(
  side: ReadableSide,
  model: string,
  schema: SchemaIndex,
  signal: AbortSignal,
): AsyncGenerator<Numbered, void> {
  // Held for one model: blocks stand in both versions of a record, and seldom differ.
  const seen = new IdNumbers();
  for (const version of VERSIONS) {
    for (const path of side.records(model, version)) {
      for await (const page of side.entries(path, signal) as AsyncGenerator<Page<Item>>) {
        for (const item of page) {
          const found: Numbered[] = [];
          const note = (isBlock: boolean) => (id: string) => {
            if (isNumeric(id) && seen.numberOf(id) === undefined) {
              seen.add(id);
              found.push({ type: "item", id, isBlock });
            }
            return id;
          };
          note(false)(item.id);
          renamedItem(item, schema, { record: (id) => id, block: note(true) });
          yield* found;
        }
      }
    }
  }
}

import type { Field, ItemType } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";

/** Something of the earlier schema, and what it is in the later one. */
export interface Pair<T> {
  /** The earlier one; `undefined` if it was added. */
  readonly before: T | undefined;
  /** The later one; `undefined` if it was removed. */
  readonly after: T | undefined;
}

/**
 * Pairs what has the same id, and of the rest what has the same name.
 *
 * @param before The earlier ones.
 * @param after The later ones.
 * @param nameOf What an unpaired one is known by.
 * @return First the later ones in their order, then those that were removed.
 */
export function pairUp<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (one: T) => unknown,
): Pair<T>[] {
  const byId = new Map(before.map((one) => [one.id, one]));
  const known = new Set(after.map(({ id }) => id));
  const byName = new Map(
    before.filter(({ id }) => !known.has(id)).map((one) => [nameOf(one), one]),
  );
  const found = new Set<T>();
  const pairs = after.map((one): Pair<T> => {
    const other = byId.get(one.id) ?? byName.get(nameOf(one));
    if (other === undefined || found.has(other)) return { before: undefined, after: one };
    found.add(other);
    return { before: other, after: one };
  });
  const gone = before.filter((one) => !found.has(one));
  return [...pairs, ...gone.map((one) => ({ before: one, after: undefined }))];
}

/** Two schemas, and what of one is what of the other: by id, so that a name may change, or else by name. */
export class SchemaPair {
  /** The earlier schema. */
  readonly before: SchemaIndex;
  /** The later schema. */
  readonly after: SchemaIndex;
  /** Models and block models. */
  readonly itemTypes: readonly Pair<ItemType>[];
  readonly #partners = new Map<string, string>();
  readonly #fields = new Map<string, readonly Pair<Field>[]>();

  /**
   * @param before The earlier schema.
   * @param after The later schema.
   */
  constructor(before: SchemaIndex, after: SchemaIndex) {
    this.before = before;
    this.after = after;
    this.itemTypes = pairUp(
      before.itemTypes,
      after.itemTypes,
      ({ attributes: { api_key: key, modular_block: isBlock } }) => `${isBlock} ${key}`,
    );
    for (const { before, after } of this.itemTypes) {
      if (before && after) this.#partners.set(before.id, after.id);
    }
  }

  /**
   * Whether two ids are those of one model.
   *
   * @param before Its id in the earlier schema.
   * @param after Its id in the later one.
   */
  isOne(before: string, after: string): boolean {
    return (this.#partners.get(before) ?? before) === after;
  }

  /**
   * The fields of a model or block model.
   *
   * @param before Its id in the earlier schema.
   * @param after Its id in the later one.
   */
  fields(before: string | undefined, after: string | undefined): readonly Pair<Field>[] {
    const key = JSON.stringify([before, after]);
    let pairs = this.#fields.get(key);
    if (pairs === undefined) {
      pairs = pairUp(
        before === undefined ? [] : this.before.fields(before),
        after === undefined ? [] : this.after.fields(after),
        ({ attributes }) => attributes.api_key,
      );
      this.#fields.set(key, pairs);
    }
    return pairs;
  }
}

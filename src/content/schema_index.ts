import { relatedId } from "./attributes.ts";
import { isObject } from "../text/json.ts";
import type { Field, Item, ItemType, Resource } from "./resource.ts";

/** Field types whose values hold blocks. */
const BLOCK_FIELD_TYPES = new Set(["rich_text", "single_block", "structured_text"]);

/**
 * Answers questions about a project's schema: which models and block models there are, which fields
 * they have in which order, and which of them hold blocks.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "./schema_index.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * console.assert(schema.models.length === 0);
 * ```
 */
export class SchemaIndex {
  /** The project's locales; the first is the main one. */
  readonly locales: readonly string[];
  /** Models, ordered by `api_key`. */
  readonly models: readonly ItemType[];
  /** Block models, ordered by `api_key`. */
  readonly blockModels: readonly ItemType[];
  readonly #byId = new Map<string, ItemType>();
  readonly #fields = new Map<string, Field[]>();
  readonly #fieldsets = new Map<string, Resource[]>();

  /**
   * Indexes a schema.
   *
   * @param schema The project's locales, and the resources of its schema in any order.
   */
  constructor(schema: {
    readonly locales: readonly string[];
    readonly itemTypes: readonly ItemType[];
    readonly fields: readonly Field[];
    readonly fieldsets: readonly Resource[];
  }) {
    this.locales = schema.locales;
    const sorted = schema.itemTypes.toSorted(byApiKey);
    this.models = sorted.filter((model) => !model.attributes.modular_block);
    this.blockModels = sorted.filter((model) => model.attributes.modular_block);
    for (const model of sorted) this.#byId.set(model.id, model);
    for (const field of schema.fields) push(this.#fields, itemTypeOf(field), field);
    for (const fields of this.#fields.values()) fields.sort(byPosition);
    for (const fieldset of schema.fieldsets) push(this.#fieldsets, itemTypeOf(fieldset), fieldset);
    for (const fieldsets of this.#fieldsets.values()) fieldsets.sort(byPosition);
  }

  /** Models and block models, ordered by `api_key`. */
  get itemTypes(): readonly ItemType[] {
    return [...this.#byId.values()];
  }

  /**
   * The model or block model with this id.
   *
   * @param id An item type's id.
   */
  itemType(id: string): ItemType | undefined {
    return this.#byId.get(id);
  }

  /**
   * The model or block model that a record or block belongs to.
   *
   * @param item A record or block.
   */
  itemTypeOf(item: Item): ItemType | undefined {
    return this.#byId.get(item.relationships.item_type.data.id);
  }

  /**
   * The fields of a model or block model, in the order that editors see.
   *
   * @param itemTypeId An item type's id.
   */
  fields(itemTypeId: string): readonly Field[] {
    return this.#fields.get(itemTypeId) ?? [];
  }

  /**
   * The fieldsets of a model or block model.
   *
   * @param itemTypeId An item type's id.
   */
  fieldsets(itemTypeId: string): readonly Resource[] {
    return this.#fieldsets.get(itemTypeId) ?? [];
  }

  /**
   * Whether records of this model may hold blocks, so that only the API's nested mode shows them whole.
   *
   * @param itemTypeId An item type's id.
   */
  holdsBlocks(itemTypeId: string): boolean {
    return this.fields(itemTypeId).some((field) => mayHoldBlocks(field));
  }
}

/**
 * Whether a field's value may hold blocks: modular content and single block fields always, structured
 * text unless its validators allow neither blocks nor inline blocks.
 *
 * @param field The field to ask about.
 */
export function mayHoldBlocks(field: Field): boolean {
  const { field_type: type, validators } = field.attributes;
  if (!BLOCK_FIELD_TYPES.has(type)) return false;
  if (type !== "structured_text") return true;
  return !(allowsNone(validators, "structured_text_blocks") &&
    allowsNone(validators, "structured_text_inline_blocks"));
}

/** A validator that isn't there tells nothing: only an empty list of models rules blocks out. */
function allowsNone(validators: unknown, name: string): boolean {
  const validator = isObject(validators) ? validators[name] : undefined;
  // Projects older than inline blocks have no such validator, and no such blocks either.
  if (!isObject(validator)) return name === "structured_text_inline_blocks";
  return Array.isArray(validator.item_types) && validator.item_types.length === 0;
}

function itemTypeOf(resource: Resource): string {
  return relatedId(resource, "item_type") ?? "";
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function byApiKey(a: ItemType, b: ItemType): number {
  return a.attributes.api_key < b.attributes.api_key ? -1 : 1;
}

function byPosition(a: Resource, b: Resource): number {
  return positionOf(a) - positionOf(b);
}

function positionOf({ attributes }: Resource): number {
  const position = attributes?.position;
  return typeof position === "number" ? position : 0;
}

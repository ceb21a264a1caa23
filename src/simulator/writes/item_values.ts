import { ApiError } from "../../cma_server/answer.ts";
import { mapBlocks } from "../../content/blocks.ts";
import type { Field, Item, ItemType, Json, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import { ref } from "../schema_builder.ts";
import { hasShape, normalized } from "./value_shapes.ts";
import {
  checkAttributes,
  checkEntityId,
  invalidField,
  invalidFormat,
  type WriteCall,
} from "./write_call.ts";

/** The validators that name the models which a field takes. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  link: ["item_item_type"],
  links: ["items_item_type"],
  rich_text: ["rich_text_blocks"],
  single_block: ["single_block_blocks"],
  structured_text: ["structured_text_blocks", "structured_text_inline_blocks"],
};

/** Where a value stands, for errors that tell of it. */
interface Place {
  /** The record's field. */
  readonly field: string;
  /** The value's locale. */
  readonly locale?: string;
}

/** Reads the values that a client sends for one record. */
export class ItemValues {
  readonly #call: WriteCall;
  readonly #record: string;
  readonly #used = new Set<string>();
  readonly #problems: ApiError[] = [];

  /**
   * Reads nothing yet.
   *
   * @param call The request.
   * @param record The record's id.
   */
  constructor(call: WriteCall, record: string) {
    this.#call = call;
    this.#record = record;
  }

  /**
   * What a record holds once what was sent is put in its place, in nested form.
   *
   * @param model The record's model.
   * @param given The attributes that were sent.
   * @param before The record's current version, if there is one.
   * @throws {ApiError} If something isn't as it must be whatever the validators.
   */
  read(model: ItemType, given: JsonObject, before: Item | undefined): JsonObject {
    const fields = this.#call.schema.fields(model.id);
    const { sortable, tree } = model.attributes;
    checkAttributes(given, (name) => {
      if (name === "position") return sortable === true || tree === true;
      if (name === "parent_id") return tree === true;
      return fields.some(({ attributes }) => attributes.api_key === name);
    });
    const localized = fields.filter(({ attributes }) => attributes.localized);
    const attributes: JsonObject = {};
    for (const field of fields) {
      const key = field.attributes.api_key;
      const value = getOwn(given, key);
      const old = getOwn(before?.attributes, key) ?? null;
      if (value !== undefined) {
        setOwn(attributes, key, this.#field(field, value, old, { field: key }));
      } else if (before) setOwn(attributes, key, old);
      else if (!field.attributes.localized) setOwn(attributes, key, null);
    }
    this.#checkLocales(model, localized, attributes);
    if (this.#problems.length > 0) {
      const [first, ...others] = this.#problems;
      throw new ApiError(422, first!.code, { ...first!.options, others });
    }
    return attributes;
  }

  /** All localized fields of a record must have the same locales; those that weren't sent get them. */
  #checkLocales(model: ItemType, localized: readonly Field[], attributes: JsonObject): void {
    if (localized.length === 0) return;
    const sets = localized.flatMap(({ attributes: { api_key: key } }) => {
      const value = attributes[key];
      return isObject(value) ? [{ key, locales: Object.keys(value).sort() }] : [];
    });
    if (sets.length === 0) {
      throw new ApiError(422, "MISSING_LOCALES", {
        details: { fields: localized.map((field) => field.attributes.api_key) },
      });
    }
    const { locales } = sets[0]!;
    const odd = sets.find((set) => set.locales.join() !== locales.join());
    const all = model.attributes.all_locales_required === true;
    const missing = all ? this.#call.schema.locales.filter((one) => !locales.includes(one)) : [];
    if (odd || missing.length > 0 || locales.length === 0) {
      this.#problems.push(invalidField(odd?.key ?? sets[0]!.key, "VALIDATION_INVALID_LOCALES", {
        locales: odd?.locales ?? locales,
        expected: all ? [...this.#call.schema.locales] : locales,
      }));
    }
    for (const { attributes: { api_key: key } } of localized) {
      if (isObject(attributes[key])) continue;
      setOwn(attributes, key, Object.fromEntries(locales.map((locale) => [locale, null])));
    }
  }

  #field(field: Field, value: Json, old: Json, place: Place): Json {
    if (!field.attributes.localized) return this.#value(field, value, old, place);
    if (!isObject(value)) {
      this.#problem(place, "VALIDATION_INVALID_LOCALES", {
        message: "must be an object of locales",
      });
      return value;
    }
    const locales: JsonObject = {};
    for (const [locale, each] of Object.entries(value)) {
      if (!this.#call.schema.locales.includes(locale)) {
        this.#problem({ ...place, locale }, "VALIDATION_INVALID_LOCALES", { locale });
      }
      const before = isObject(old) ? getOwn(old, locale) ?? null : null;
      setOwn(locales, locale, this.#value(field, each, before, { ...place, locale }));
    }
    return locales;
  }

  #value(field: Field, value: Json, old: Json, place: Place): Json {
    if (value === null) return null;
    const { field_type: type } = field.attributes;
    if (!hasShape(type, value)) {
      this.#problem(place, "VALIDATION_INVALID_FORMAT", { field_type: type });
      return value;
    }
    this.#checkReferences(field, value, place);
    const there = new Map<string, Item>();
    mapBlocks(old, type, (block) => {
      if (typeof block !== "string") there.set(block.id, block);
      return block as unknown as Json;
    });
    const allowed = allowedModels(field);
    const blocks = mapBlocks(
      value,
      type,
      (block) => this.#block(block, there, allowed, place) as unknown as Json,
    );
    return normalized(type, blocks);
  }

  /** What is linked to must be there and of a model that the field takes; files must be there. */
  #checkReferences(field: Field, value: Json, place: Place): void {
    const { field_type: type, validators } = field.attributes;
    const { items, uploads } = this.#call.environment;
    const linked = type === "link" ? [value] : type === "links" ? value as Json[] : [];
    const isText = type === "structured_text";
    const ids = isText ? linkedIn((value as JsonObject).document ?? null) : linked;
    const validator = isObject(validators) ? validators.structured_text_links : undefined;
    const allowed = isText ? modelsOf(validator) : allowedModels(field);
    for (const id of ids) {
      const model = items.record(String(id))?.current.relationships.item_type.data.id;
      if (model === undefined || (allowed && !allowed.includes(model))) {
        const code = isText ? "structured_text_links" : ALLOWED[type]![0]!;
        this.#problem(place, `VALIDATION_${code.toUpperCase()}`, { item: id });
      }
    }
    const files = type === "file" ? [value] : type === "gallery" ? value as Json[] : [];
    const image = type === "seo" ? (value as JsonObject).image ?? null : null;
    for (const id of [...files.map((file) => (file as JsonObject).upload_id!), image]) {
      if (id !== null && !uploads.get(String(id))) {
        this.#problem(place, "VALIDATION_INVALID_UPLOAD", { upload_id: id });
      }
    }
  }

  #block(
    block: Item | string,
    there: ReadonlyMap<string, Item>,
    allowed: readonly string[] | undefined,
    place: Place,
  ): Item | string {
    const id = typeof block === "string" ? block : block.id as string | undefined;
    const old = id === undefined ? undefined : there.get(id);
    if (id !== undefined) {
      if (this.#used.has(id)) this.#problem(place, "VALIDATION_UNIQUENESS", { block: id });
      this.#used.add(id);
    }
    if (typeof block === "string") {
      if (!old) this.#problem(place, "VALIDATION_INVALID_BLOCK", { block });
      return old ?? block;
    }
    if ((block as Partial<Item>).meta !== undefined) {
      throw invalidFormat(`data.attributes.${place.field}`, "blocks have no meta");
    }
    const { schema } = this.#call;
    const type = (block.relationships as Partial<Item["relationships"]> | undefined)
      ?.item_type?.data.id ?? old?.relationships.item_type.data.id;
    const model = schema.itemType(type ?? "");
    if (!model?.attributes.modular_block || (allowed && !allowed.includes(model.id))) {
      this.#problem(place, "VALIDATION_INVALID_BLOCK", { item_type: type ?? null });
      return block;
    }
    if (old && old.relationships.item_type.data.id !== model.id) {
      throw new ApiError(422, "ITEM_TYPE_CANNOT_BE_CHANGED", { details: { block: old.id } });
    }
    const fields = schema.fields(model.id);
    const given = block.attributes ?? {};
    checkAttributes(given, (name) => fields.some((one) => one.attributes.api_key === name));
    const attributes: JsonObject = {};
    for (const field of fields) {
      const key = field.attributes.api_key;
      const before = getOwn(old?.attributes, key) ?? null;
      const value = getOwn(given, key);
      setOwn(
        attributes,
        key,
        value === undefined ? before : this.#field(field, value, before, place),
      );
    }
    return {
      id: old?.id ?? this.#newBlockId(id, place),
      type: "item",
      attributes,
      relationships: { item_type: { data: ref("item_type", model.id) } },
    };
  }

  #newBlockId(id: string | undefined, place: Place): string {
    const { blockIds, environment } = this.#call;
    if (id === undefined || blockIds === "replaced") return environment.newId("block");
    if (blockIds === "refused") this.#problem(place, "VALIDATION_INVALID_BLOCK", { block: id });
    checkEntityId(id);
    const owner = environment.items.index().ownerOf(id);
    if (environment.items.record(id) || (owner !== undefined && owner !== this.#record)) {
      this.#problem(place, "VALIDATION_UNIQUENESS", { block: id });
    }
    return id;
  }

  #problem(place: Place, code: string, details: JsonObject): void {
    const locale = place.locale === undefined ? {} : { locale: place.locale };
    this.#problems.push(invalidField(place.field, code, { ...locale, ...details }));
  }
}

/** The ids of the models that a field takes; `undefined` if it takes any. */
function allowedModels({ attributes: { field_type, validators } }: Field): string[] | undefined {
  const names = ALLOWED[field_type] ?? [];
  const lists = names.map((name) => modelsOf(isObject(validators) ? validators[name] : undefined))
    .filter((list) => list !== undefined);
  return lists.length > 0 ? lists.flat() : undefined;
}

function modelsOf(validator: Json | undefined): string[] | undefined {
  const models = isObject(validator) ? validator.item_types : undefined;
  return Array.isArray(models) ? models.map(String) : undefined;
}

/** The ids of the records that a structured text links to, but for those in its blocks. */
function linkedIn(node: Json): Json[] {
  if (!isObject(node)) return [];
  const own = node.type === "itemLink" || node.type === "inlineItem" ? [node.item ?? null] : [];
  return [...own, ...Array.isArray(node.children) ? node.children.flatMap(linkedIn) : []];
}

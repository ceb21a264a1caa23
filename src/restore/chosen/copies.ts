import { relatedId } from "../../content/attributes.ts";
import type { Item, Json, JsonObject, Page, Resource } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import { derivedId, renamedItem } from "../ids/renamed_item.ts";

/** Copies of records of a snapshot: under ids of their own, as drafts. */
export class Copies {
  readonly #snapshot: string;
  readonly #copies = new Map<string, string>();
  readonly #originals = new Map<string, string>();

  /** @param snapshot The snapshot's name: two of it have copies of their own. */
  constructor(snapshot: string) {
    this.#snapshot = snapshot;
  }

  /**
   * Takes a record to be copied.
   *
   * @param id Its id.
   * @return The copy's id.
   */
  add(id: string): string {
    const copy = derivedId("copy", this.#snapshot, id);
    this.#copies.set(id, copy);
    this.#originals.set(copy, id);
    return copy;
  }

  /** The ids of records and of their copies. */
  get ids(): ReadonlyMap<string, string> {
    return this.#copies;
  }

  /** The id of a record's copy. */
  copyOf(id: string): string | undefined {
    return this.#copies.get(id);
  }

  /** The id of the record that a copy is of. */
  originalOf(id: string): string | undefined {
    return this.#originals.get(id);
  }

  /**
   * A copy of a record: links among those that are copied lead to the copies, blocks have ids of their own, and unique
   * texts an ending.
   *
   * @param item The current version of the record.
   * @param schema The schema.
   * @param workflows The workflows, in whose first stage it is.
   */
  of(item: Item, schema: SchemaIndex, workflows: readonly Resource[]): Item {
    const own = renamedItem(item, schema, {
      record: (id) => this.#copies.get(id) ?? id,
      block: (id) => derivedId("copy", this.#snapshot, id),
    });
    const attributes: JsonObject = { ...own.attributes };
    const type = schema.itemTypeOf(item);
    for (const { attributes: field } of schema.fields(type?.id ?? "")) {
      const { api_key: key, validators, localized } = field;
      if (!isObject(validators) || !Object.hasOwn(validators, "unique")) continue;
      const value = getOwn(attributes, key) ?? null;
      if (localized && isObject(value)) {
        const locales: JsonObject = {};
        for (const [locale, each] of Object.entries(value)) setOwn(locales, locale, another(each));
        setOwn(attributes, key, locales);
      } else setOwn(attributes, key, another(value));
    }
    const { item_type } = own.relationships;
    const { stage, has_children = null } = own.meta ?? {};
    const meta = {
      status: "draft",
      stage: typeof stage === "string" ? firstStage(type, workflows) : null,
      has_children,
    };
    return { id: own.id, type: own.type, attributes, relationships: { item_type }, meta };
  }

  /** Pages of records with copies behind those that they are of. */
  async *behind(pages: AsyncIterable<Page<Item>>): AsyncGenerator<Page<Item>, void> {
    for await (const page of pages) {
      yield page.flatMap((item) => {
        const id = this.#copies.get(item.id);
        if (id === undefined) return [item];
        const { parent_id: parent = null, position } = item.attributes;
        const parent_id = typeof parent === "string" ? this.#copies.get(parent) ?? parent : null;
        const next = typeof position === "number" ? position + 0.5 : 0.5;
        return [item, { ...item, id, attributes: { parent_id, position: next } }];
      });
    }
  }
}

/** What a unique value becomes. */
function another(value: Json): Json {
  return typeof value === "string" && value !== "" ? `${value}-copy` : null;
}

function firstStage(type: Resource | undefined, workflows: readonly Resource[]): string | null {
  const id = type && relatedId(type, "workflow");
  const { stages } = workflows.find((one) => one.id === id)?.attributes ?? {};
  const all = Array.isArray(stages) ? stages.filter(isObject) : [];
  const stage = all.find(({ initial }) => initial === true) ?? all[0];
  return typeof stage?.id === "string" ? stage.id : null;
}

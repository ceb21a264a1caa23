import { referencesOf } from "../../content/item_references.ts";
import type { Item, Json, JsonObject, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { IdNumbers } from "../../text/id_numbers.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import { printable } from "../../text/printable.ts";
import { isSame } from "../../tools/diff/compare_json.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { Loss } from "../phases.ts";
import { RecordContent } from "../records/record_content.ts";

const VERSIONS = ["current", "published"] as const satisfies readonly Version[];

/**
 * The records that link to others in a snapshot.
 *
 * @param snapshot The snapshot.
 * @param isTarget Whether a record is one of those that are linked to.
 * @param signal Aborts the reading.
 * @return Their ids: those that are linked to are among them only if they link to each other.
 */
export async function referrersOf(
  snapshot: Snapshot,
  isTarget: (id: string) => boolean,
  signal: AbortSignal,
): Promise<IdNumbers> {
  const found = new IdNumbers();
  const schema = await snapshot.schema({ signal });
  for (const { attributes: { api_key: key } } of schema.models) {
    for (const version of VERSIONS) {
      for await (const page of snapshot.records(key, { version, signal })) {
        for (const item of page) {
          const links = referencesOf(item, schema);
          if (links.some(({ type, id }) => type === "item" && isTarget(id))) found.add(item.id);
        }
      }
    }
  }
  return found;
}

/** Puts links back that records lost when what they link to was deleted. */
export class LinksBack {
  readonly #schema: SchemaIndex;
  readonly #content: RecordContent;
  readonly #isBack: (id: string) => boolean;

  /**
   * @param schema The schema, the same of the snapshot and the target.
   * @param isBack Whether a record comes back.
   */
  constructor(schema: SchemaIndex, isBack: (id: string) => boolean) {
    this.#schema = schema;
    this.#content = new RecordContent(schema);
    this.#isBack = isBack;
  }

  /**
   * A version of a record with its links back, in each field that is as in the snapshot but for them; lists of links
   * get them back however they were changed.
   *
   * @param now The target's version.
   * @param before The snapshot's.
   * @param onLoss Called with each link that doesn't come back.
   * @return The same object if nothing changes.
   */
  restored(now: Item, before: Item, onLoss: (loss: Loss) => void): Item {
    const { id: type } = before.relationships.item_type.data;
    const without = this.#content.values(before, ({ type, id }) => {
      return type !== "item" || !this.#isBack(id);
    });
    const [all, present] = [
      this.#content.values(before, () => true),
      this.#content.values(now, () => true),
    ];
    let own = now;
    for (
      const { attributes: { api_key: key, field_type, localized } } of this.#schema.fields(type)
    ) {
      const value = getOwn(now.attributes, key);
      const locales = localized && isObject(value) ? Object.keys(value) : [undefined];
      for (const locale of locales) {
        const [stripped, whole, there, raw] = [without, all, present, before.attributes]
          .map((of) => valueIn(of, key, locale)) as [Json, Json, Json, Json];
        if (isSame(stripped, whole)) continue;
        const [lost, kept] = [before, now].map((item) => this.#links(item, key, locale));
        if (lost!.isSubsetOf(kept!)) continue;
        const next = isSame(there, stripped)
          ? raw
          : field_type === "links"
          ? inserted(there, raw, lost!)
          : undefined;
        if (next !== undefined) own = withValue(own, key, locale, next);
        else onLoss(changedSince(now.id, key));
      }
    }
    return own;
  }

  /** Those that come back and that a value links to. */
  #links(item: Item, key: string, locale: string | undefined): Set<string> {
    const attributes: JsonObject = {};
    const value = valueIn(item.attributes, key, locale);
    setOwn(attributes, key, locale === undefined ? value : { [locale]: value });
    return new Set(
      referencesOf({ ...item, attributes }, this.#schema)
        .flatMap(({ type, id }) => type === "item" && this.#isBack(id) ? [id] : []),
    );
  }
}

function valueIn(of: JsonObject, key: string, locale: string | undefined): Json {
  const value = getOwn(of, key) ?? null;
  return locale === undefined || !isObject(value) ? value : getOwn(value, locale) ?? null;
}

/** A list of links with those that it lost, each behind the one that it was behind. */
function inserted(value: Json, before: Json, lost: ReadonlySet<string>): Json {
  if (!Array.isArray(before)) return value;
  const list = Array.isArray(value) ? [...value] : [];
  for (const [i, id] of before.entries()) {
    if (typeof id !== "string" || !lost.has(id) || list.includes(id)) continue;
    const previous = before.slice(0, i).findLast((one) => list.includes(one));
    list.splice(previous === undefined ? 0 : list.indexOf(previous) + 1, 0, id);
  }
  return list;
}

function withValue(item: Item, key: string, locale: string | undefined, value: Json): Item {
  const attributes: JsonObject = { ...item.attributes };
  const all = getOwn(attributes, key);
  if (locale === undefined || !isObject(all)) setOwn(attributes, key, value);
  else {
    const locales: JsonObject = { ...all };
    setOwn(locales, locale, value);
    setOwn(attributes, key, locales);
  }
  return { ...item, attributes };
}

function changedSince(id: string, field: string): Loss {
  return {
    code: "link_left",
    message: `The record ${printable(id, 60)} doesn't get a link back in the field ${
      printable(field, 60)
    }, which was changed since.`,
    type: "item",
    id,
  };
}

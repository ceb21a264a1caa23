import type { Item, ItemType } from "../../content/resource.ts";
import type { ItemReference, KeepReference } from "../../content/item_references.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import type { Loss } from "../phases.ts";
import type { RecordContent } from "./record_content.ts";

/** Uploads that a target won't have as the snapshot has them. */
export interface LackingUploads {
  /** The ids of those that it won't have at all. */
  readonly missingUploads: ReadonlySet<string>;
  /** The ids of those that have another file there. */
  readonly replacedUploads: ReadonlySet<string>;
}

/**
 * Whether a field may be refused without one of its references.
 *
 * @param reference The reference.
 */
export function isNeeded({ field }: ItemReference): boolean {
  return hasAny(field, ["required", "size", "required_seo_fields"]);
}

/**
 * Whether a field may be refused with another file than the one it referred to.
 *
 * @param reference The reference to it.
 */
export function isOfFiles({ field }: ItemReference): boolean {
  return hasAny(field, ["extension", "file_size", "image_dimensions", "image_aspect_ratio"]);
}

function hasAny(
  { attributes: { validators } }: ItemReference["field"],
  names: readonly string[],
): boolean {
  return isObject(validators) && names.some((name) => Object.hasOwn(validators, name));
}

/**
 * Whether the validators of a record's model refuse one of its versions.
 *
 * @param current The current version.
 * @param published The public one, if there is one.
 * @param model The model.
 * @param schema The snapshot's schema.
 */
export function isRefused(
  current: Item,
  published: Item | undefined,
  { type, savesInvalid }: { readonly type: ItemType; readonly savesInvalid: boolean },
  schema: SchemaIndex,
): boolean {
  const { is_current_version_valid: isValid, is_published_version_valid: isPublicValid } =
    current.meta ?? {};
  if (isPublicValid === false && published !== undefined) return true;
  if (isValid === false && !savesInvalid) return true;
  if (type.attributes.all_locales_required !== true) return false;
  return [current, published].some((item) =>
    item !== undefined && schema.fields(type.id).some(({ attributes: { api_key, localized } }) => {
      const value = item.attributes[api_key];
      return localized && isObject(value) &&
        schema.locales.some((locale) => !Object.hasOwn(value, locale));
    })
  );
}

/**
 * What is lost with a reference that is dropped.
 *
 * @param id The record's id.
 * @param reference The reference.
 * @param isKnown Whether it is to a record that the snapshot has.
 */
export function droppedReference(
  id: string,
  { type, id: target, field }: ItemReference,
  isKnown: boolean,
): Loss {
  const isUpload = type === "upload";
  const name = printable(target, 60);
  const what = isUpload
    ? `the asset ${name}, whose file the snapshot doesn't have`
    : isKnown
    ? `the draft ${name}, as its model has no drafts`
    : `the record ${name}, which the snapshot doesn't have`;
  return {
    code: isUpload ? "asset_file_missing" : isKnown ? "link_to_draft" : "link_target_missing",
    message: `The record ${printable(id, 60)} loses its reference to ${what}, in the field ${
      printable(field.attributes.api_key, 60)
    }.`,
    type: "item",
    id,
  };
}

/**
 * The references that are dropped from a record, each once.
 *
 * @param versions Its versions.
 * @param content Finds references.
 * @param keep Whether one stays.
 * @param isBad Whether validators refuse one that stays.
 * @return The record's id and each reference; and whether validators want one of them.
 */
export function droppedFrom(
  versions: readonly (Item | undefined)[],
  content: RecordContent,
  keep: KeepReference,
  isBad: (reference: ItemReference) => boolean,
): { readonly references: Iterable<[id: string, ItemReference]>; readonly isNeeding: boolean } {
  const found = new Map<string, [string, ItemReference]>();
  let isNeeding = false;
  for (const item of versions) {
    if (item === undefined) continue;
    for (const reference of content.references(item)) {
      const isKept = keep(reference);
      isNeeding ||= isKept ? isBad(reference) : isNeeded(reference);
      if (isKept) continue;
      const key = `${reference.type} ${reference.id}`;
      if (!found.has(key)) found.set(key, [item.id, reference]);
    }
  }
  return { references: found.values(), isNeeding };
}

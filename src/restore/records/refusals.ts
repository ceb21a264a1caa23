import type { Item, ItemType } from "../../content/resource.ts";
import type { ItemReference } from "../../content/item_references.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";

/**
 * Whether a field may be refused without one of its references.
 *
 * @param reference The reference.
 */
export function isNeeded({ field: { attributes: { validators } } }: ItemReference): boolean {
  if (!isObject(validators)) return false;
  return ["required", "size", "required_seo_fields"].some((name) =>
    Object.hasOwn(validators, name)
  );
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

import { isObject, type Json, type JsonObject } from "../../text/json.ts";
import { setOwn } from "../../text/own.ts";
import { isSame } from "../../tools/diff/compare_json.ts";

/** What there is for each locale. */
const BY_LOCALE = ["alt", "title", "custom_data"] as const;
/** What there is once for an asset. */
const ONCE = ["focal_point", "poster_time"] as const;

/**
 * Default metadata of an upload in the form that a project has. There are two: by locale, each with all of it; and,
 * once a project was switched over, by what it is, with one focal point for all locales.
 *
 * @param metadata The metadata, in either form.
 * @param isByName Whether the project has the second form.
 * @param locales The project's locales, the main one first.
 * @see {@link https://www.datocms.com/product-updates/non-localized-focal-points}
 */
export function metadataIn(
  metadata: Json | undefined,
  isByName: boolean,
  locales: readonly string[],
): JsonObject {
  if (!isObject(metadata)) return {};
  if (isByNames(metadata) === isByName) return metadata;
  return isByName ? byName(metadata, locales) : byLocale(metadata, locales);
}

/**
 * Whether default metadata says the same, whatever its form.
 *
 * @param a Some metadata.
 * @param b Other metadata.
 * @param locales The project's locales, the main one first.
 */
export function isSameMetadata(
  a: Json | undefined,
  b: Json | undefined,
  locales: readonly string[],
): boolean {
  return isSame(canonicalMetadata(a, locales), canonicalMetadata(b, locales));
}

/**
 * Default metadata in one form, without what is empty.
 *
 * @param metadata The metadata, in either form.
 * @param locales The project's locales, the main one first.
 */
export function canonicalMetadata(
  metadata: Json | undefined,
  locales: readonly string[],
): JsonObject {
  const said: JsonObject = {};
  for (const [name, value] of Object.entries(metadataIn(metadata, true, locales))) {
    const isOnce = ONCE.some((one) => one === name);
    const left = !isOnce && isObject(value)
      ? Object.fromEntries(
        Object.entries(value).filter(([, each]) => !isEmpty(each)).sort(([a], [b]) =>
          a < b ? -1 : 1
        ),
      )
      : value;
    if (!isEmpty(left)) said[name] = left;
  }
  return Object.fromEntries(Object.entries(said).sort(([a], [b]) => a < b ? -1 : 1));
}

/** A locale may be called like nothing of this: all are languages. */
function isByNames(metadata: JsonObject): boolean {
  return [...BY_LOCALE, ...ONCE].some((name) => Object.hasOwn(metadata, name));
}

function isEmpty(value: Json): boolean {
  return value === null || (isObject(value) && Object.keys(value).length === 0);
}

function byName(metadata: JsonObject, locales: readonly string[]): JsonObject {
  const named: JsonObject = {};
  for (const name of BY_LOCALE) {
    const values: JsonObject = {};
    for (const [locale, own] of Object.entries(metadata)) {
      if (isObject(own)) setOwn(values, locale, own[name] ?? null);
    }
    named[name] = values;
  }
  const [main] = locales.filter((locale) => isObject(metadata[locale]));
  const entries = [main === undefined ? [] : metadata[main]!, Object.values(metadata)].flat();
  for (const name of ONCE) {
    const values = entries.map((own) => isObject(own) ? own[name] ?? null : null);
    const value = values.find((one) => one !== null) ?? null;
    if (value !== null || name === "focal_point") named[name] = value;
  }
  return named;
}

function byLocale(metadata: JsonObject, locales: readonly string[]): JsonObject {
  const names = BY_LOCALE.flatMap((name) => {
    const values = metadata[name];
    return isObject(values) ? Object.keys(values) : [];
  });
  const localized: JsonObject = {};
  for (const locale of new Set([...locales, ...names])) {
    const own: JsonObject = {};
    for (const name of BY_LOCALE) {
      const values = metadata[name];
      const value = isObject(values) && Object.hasOwn(values, locale) ? values[locale]! : null;
      own[name] = name === "custom_data" ? value ?? {} : value;
    }
    for (const name of ONCE) {
      if (name === "focal_point" || Object.hasOwn(metadata, name)) {
        own[name] = metadata[name] ?? null;
      }
    }
    setOwn(localized, locale, own);
  }
  return localized;
}

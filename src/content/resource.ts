import type { Json, JsonObject } from "../text/json.ts";

export type { Json, JsonObject };

/** A JSON:API resource identifier: which resource, without its content. */
export interface ResourceIdentifier {
  /** The resource's id. */
  readonly id: string;
  /** The resource's type. */
  readonly type: string;
}

/** What a JSON:API relationship holds. */
export interface Relationship {
  /** Which resource or resources, if any. */
  readonly data: ResourceIdentifier | readonly ResourceIdentifier[] | null;
}

/**
 * A JSON:API resource as the Content Management API sends it.
 *
 * Only what Sluice relies on is typed; everything else is carried through untouched, because real
 * answers have attributes that the documentation doesn't list and lack some that it does.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api}
 */
export interface Resource {
  /** The resource's id. */
  readonly id: string;
  /** The resource's type. */
  readonly type: string;
  /** Its content. */
  readonly attributes?: JsonObject;
  /** What it refers to. */
  readonly relationships?: { readonly [name: string]: Relationship };
  /** What is known about it. */
  readonly meta?: JsonObject;
}

/** A page: one answer of a listing. Pages, never single resources, are the chunks of our streams. */
export type Page<T = Resource> = readonly T[];

/**
 * A record, or a block inside a record (DatoCMS calls both `item`).
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item}
 */
export interface Item extends Resource {
  /** Always `item`. */
  readonly type: "item";
  /** The values of its fields, by `api_key`. */
  readonly attributes: JsonObject;
  /** Its model, and who made it. */
  readonly relationships: {
    readonly item_type: { readonly data: ResourceIdentifier };
    readonly [name: string]: Relationship;
  };
}

/**
 * A model or block model.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item-type}
 */
export interface ItemType extends Resource {
  /** Always `item_type`. */
  readonly type: "item_type";
  /** Its name and settings. */
  readonly attributes: JsonObject & { readonly api_key: string; readonly modular_block: boolean };
}

/**
 * A field of a model or block model.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/field}
 */
export interface Field extends Resource {
  /** Always `field`. */
  readonly type: "field";
  /** Its name, type and settings. */
  readonly attributes: JsonObject & {
    readonly api_key: string;
    readonly field_type: string;
    readonly localized: boolean;
  };
  /** Its model. */
  readonly relationships: {
    readonly item_type: { readonly data: ResourceIdentifier };
    readonly [name: string]: Relationship;
  };
}

/**
 * The metadata of an asset.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload}
 */
export interface Upload extends Resource {
  /** Always `upload`. */
  readonly type: "upload";
  /** Its address and metadata. */
  readonly attributes: JsonObject & { readonly url: string; readonly path: string };
}

/**
 * The project itself.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/site}
 */
export interface Site extends Resource {
  /** Always `site`. */
  readonly type: "site";
  /** Its name, locales and settings. */
  readonly attributes: JsonObject & { readonly locales: string[] };
}

/** Which version of a record: the latest one, or the one that is public. */
export type Version = "current" | "published";

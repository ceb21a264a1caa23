import type { Item, Page, Resource, Upload, Version } from "../content/resource.ts";

/** What is there, or comes. */
export type Awaitable<T> = T | Promise<T>;

/** A rule of an `order_by` parameter: `_updated_at_DESC` is `{ column: "_updated_at", direction: "DESC" }`. */
export interface OrderRule {
  /** A meta column (`id`, `_created_at`, `position`, …) or a field's `api_key`. */
  readonly column: string;
  /** The direction. Empty values come last in ascending order, first in descending order. */
  readonly direction: "ASC" | "DESC";
}

/**
 * What a filter may compare with. `text` is a text anywhere in the resource, `any` is met by what meets one of
 * several lists of conditions.
 */
export type FilterOperator =
  | "eq"
  | "neq"
  | "in"
  | "not_in"
  | "gt"
  | "gte"
  | "lt"
  | "lte"
  | "exists"
  | "matches"
  | "not_matches"
  | "is_blank"
  | "is_present"
  | "all_in"
  | "any_in"
  | "near"
  | "text"
  | "any";

/** A condition of a `filter[fields]` parameter: `filter[fields][_status][eq]=draft`. */
export interface Filter {
  /** A meta column (`id`, `_status`, `_updated_at`, …) or a field's `api_key`. */
  readonly column: string;
  /** How the column is compared. */
  readonly operator: FilterOperator;
  /** What it is compared with: always text, as it comes in a URL; lists for `in` and `not_in`. */
  readonly value: string | readonly string[];
  /** What else says how it is compared: `pattern` and `case_sensitive`; `latitude`, `longitude` and `radius`. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /** The lists of conditions of `any`. */
  readonly groups?: readonly (readonly Filter[])[] | undefined;
}

/** What every paged listing is asked for. */
export interface ListQuery {
  /** Only resources with these ids. */
  readonly ids?: readonly string[] | undefined;
  /** Only resources that meet all of these conditions. */
  readonly filters: readonly Filter[];
  /** The order; without a rule, the newest come first (records: newest change; uploads: newest upload). */
  readonly orderBy: readonly OrderRule[];
  /** The locale that filters and orders look at; the main locale if not given. */
  readonly locale?: string | undefined;
  /** How many resources to leave out. */
  readonly offset: number;
  /** The most resources to return; may be 0. */
  readonly limit: number;
}

/** What a listing of records is asked for. */
export interface ItemQuery extends ListQuery {
  /** Only records (or blocks) of these models (or block models). */
  readonly typeIds?: readonly string[] | undefined;
  /** Which version of the records. */
  readonly version: Version;
  /** Whether blocks are listed along with records when `typeIds` isn't given. */
  readonly blocksToo: boolean;
}

/** A page of a listing, and how many resources the whole listing has. */
export interface Listing<T> {
  /** The number of resources of the whole listing. */
  readonly total: number;
  /** The resources at the asked offset. */
  readonly page: Page<T>;
}

/** Records, in nested form: blocks are whole objects wherever they stand. */
export interface ItemStore {
  /**
   * One page of a listing.
   *
   * @param query What to list.
   */
  list(query: ItemQuery): Awaitable<Listing<Item>>;
  /**
   * A record or block by its id.
   *
   * @param id The record's or block's id.
   * @param version Which version of it.
   */
  get(id: string, version: Version): Awaitable<Item | undefined>;
  /**
   * What is scheduled for a record: resources of type `scheduled_publication` and `scheduled_unpublishing`.
   *
   * @param id The record's id.
   */
  schedules(id: string): Awaitable<readonly Resource[]>;
}

/** The metadata of assets. */
export interface UploadStore {
  /**
   * One page of a listing.
   *
   * @param query What to list.
   */
  list(query: ListQuery): Awaitable<Listing<Upload>>;
  /**
   * An upload by its id.
   *
   * @param id The upload's id.
   */
  get(id: string): Awaitable<Upload | undefined>;
}

import {
  compareByRules,
  meets,
  type ReadColumn,
  type SortKey,
  sortKey,
} from "../../cma_server/listing.ts";
import type { Filter, Listing, ListQuery, OrderRule } from "../../cma_server/stores.ts";
import type { Resource } from "../../content/resource.ts";
import type { Json } from "../../text/json.ts";
import type { Kept } from "../kept.ts";
import type { Places } from "./places.ts";
import type { Scans } from "./scans.ts";

/** Resources that are listed together: of records, those of a model. */
export interface PlacedGroup<T extends Resource> {
  /** Where they are. */
  readonly places: Places;
  /** Reads their columns. */
  readonly read: ReadColumn<T>;
}

/** What is listed, and how. */
export interface PlacedListing<T extends Resource> {
  /** What tells the listing from others, but for its query. */
  readonly key: string;
  /** What is listed: later ones come first if nothing else tells. */
  readonly groups: readonly PlacedGroup<T>[];
  /** The order if none is asked for. */
  readonly order: OrderRule;
  /**
   * What stands in the listing in a resource's place: itself, its blocks, or both.
   *
   * @default {Itself}
   */
  readonly expand?: ((resource: T) => readonly T[]) | undefined;
  /** Bounds what is read through. */
  readonly scans: Scans;
  /** Listings that were found out, for their next pages. */
  readonly kept: Kept<PlacedChunk>;
  /** Aborts what several requests wait for. */
  readonly signal: AbortSignal;
}

/** A part of a listing: the places that stand there. */
export interface PlacedChunk {
  /** How many entries the whole listing has. */
  readonly total: number;
  /** Of each entry its resource, counted through all groups, and which part of that it is. */
  readonly places: Float64Array;
  /** The last entry. */
  readonly last: Entry | undefined;
}

interface Entry {
  readonly keys: readonly SortKey[];
  readonly sequence: number;
  readonly resource: number;
  readonly part: number;
}

/** Entries that a scan finds the places of. */
const CHUNK = 20_000;
/** Resources that are read at once. */
const STEP = 200;
/** Parts of a resource, at most: records have 500 blocks in all. */
const PARTS = 4096;
/** Texts are compared by this many of their first characters. */
const COMPARED = 512;
const TIMES: ReadonlySet<string> = new Set(["_created_at", "_updated_at"]);

/**
 * One page of a listing. By times and ids it is found among the places; else all of it is read, once for each
 * {@linkcode CHUNK} entries, and no more than those are held.
 *
 * @param listing What is listed.
 * @param query What of it, in which order.
 * @param signal Aborts the reading of the page.
 * @throws {ApiError} If too much is being read through.
 */
export async function listPlaced<T extends Resource>(
  listing: PlacedListing<T>,
  query: ListQuery,
  signal: AbortSignal,
): Promise<Listing<T>> {
  const { offset, limit, filters, orderBy, locale } = query;
  const rules = orderBy.length > 0 ? orderBy : [listing.order];
  const key = JSON.stringify([listing.key, filters, rules, locale]);
  const isByPlace = listing.expand === undefined &&
    rules.every(({ column }) => column === "id" || TIMES.has(column)) &&
    filters.every(({ column }) => TIMES.has(column));
  const chunk = (number: number): Promise<PlacedChunk> => {
    return listing.kept.get(`${key} ${number}`, async () => {
      if (isByPlace) return orderedPlaces(listing, filters, rules);
      const before = number === 0 ? undefined : await chunk(number - 1);
      return await listing.scans.run(() => scanned(listing, filters, rules, before));
    });
  };
  const size = isByPlace ? Infinity : CHUNK;
  let { total } = await chunk(0);
  const places: number[] = [];
  for (let at = offset; at < Math.min(total, offset + limit);) {
    const number = isByPlace ? 0 : Math.floor(at / size);
    const start = isByPlace ? 0 : number * size;
    const part = await chunk(number);
    total = part.total;
    const some = part.places.subarray(at - start, offset + limit - start);
    if (some.length === 0) break;
    places.push(...some);
    at += some.length;
  }
  return { total, page: await resourcesAt(listing, places, signal) };
}

/** The entries of a listing that is ordered and filtered by what is held of each place. */
function orderedPlaces<T extends Resource>(
  { groups }: PlacedListing<T>,
  filters: readonly Filter[],
  rules: readonly OrderRule[],
): PlacedChunk {
  const count = groups.reduce((sum, { places }) => sum + places.count, 0);
  const column = (name: string): Float64Array => {
    const values = new Float64Array(count);
    let start = 0;
    for (const { places } of groups) {
      const own = name === "id"
        ? places.ranks
        : name === "_created_at"
        ? places.created
        : places.updated;
      own.forEach((value, row) => values[start + row] = Number.isNaN(value) ? Infinity : value);
      start += places.count;
    }
    return values;
  };
  const columns = new Map<string, Float64Array>();
  for (const name of [...rules, ...filters].map((one) => one.column)) {
    if (!columns.has(name)) columns.set(name, column(name));
  }
  const read = ({ id }: Resource, name: string): Json => {
    const time = columns.get(name)![Number(id)]!;
    return time === Infinity ? null : new Date(time).toISOString();
  };
  let found = Float64Array.from({ length: count }, (_, at) => at);
  if (filters.length > 0) {
    found = found.filter((at) => meets({ id: String(at), type: "" }, filters, read));
  }
  const by = rules.map(({ column, direction }) => {
    return { values: columns.get(column)!, sign: direction === "ASC" ? 1 : -1 };
  });
  found.sort((a, b) => {
    for (const { values, sign } of by) {
      const [one, other] = [values[a]!, values[b]!];
      if (one !== other) return one < other ? -sign : sign;
    }
    return b - a;
  });
  for (let i = 0; i < found.length; i++) found[i]! *= PARTS;
  return { total: found.length, places: found, last: undefined };
}

/** The next entries of a listing, found by reading all of it. */
async function scanned<T extends Resource>(
  { groups, expand = (resource) => [resource], signal }: PlacedListing<T>,
  filters: readonly Filter[],
  rules: readonly OrderRule[],
  before: PlacedChunk | undefined,
): Promise<PlacedChunk> {
  const compare = (a: Entry, b: Entry) => {
    return compareByRules(a.keys, b.keys, rules) || b.sequence - a.sequence;
  };
  const after = before?.last;
  let best: Entry[] = [];
  let total = 0;
  let sequence = 0;
  let start = 0;
  for (const { places, read } of groups) {
    for (let from = 0; from < places.count; from += STEP) {
      for (
        const [i, resource] of (await places.rows.slice<T>(from, from + STEP, signal)).entries()
      ) {
        for (const [part, one] of expand(resource).entries()) {
          sequence++;
          if (!meets(one, filters, read)) continue;
          total++;
          const keys = rules.map(({ column }) => sortKey(comparable(read(one, column))));
          const entry = { keys, sequence, resource: start + from + i, part };
          if (after === undefined || compare(entry, after) > 0) best.push(entry);
        }
      }
      if (best.length > 2 * CHUNK) best = best.sort(compare).slice(0, CHUNK);
    }
    start += places.count;
  }
  best = best.sort(compare).slice(0, CHUNK);
  return {
    total,
    places: Float64Array.from(best, ({ resource, part }) => resource * PARTS + part),
    last: best.at(-1),
  };
}

function comparable(value: Json): Json {
  return typeof value === "string" ? value.slice(0, COMPARED) : value;
}

/** Reads what stands at some places, in their order. */
async function resourcesAt<T extends Resource>(
  { groups, expand }: PlacedListing<T>,
  places: readonly number[],
  signal: AbortSignal,
): Promise<T[]> {
  const page = new Array<T>(places.length);
  let start = 0;
  for (const { places: { rows, count } } of groups) {
    const own = new Map<number, number[]>();
    for (const [at, place] of places.entries()) {
      const row = Math.floor(place / PARTS) - start;
      if (row < 0 || row >= count) continue;
      own.set(row, [...own.get(row) ?? [], at]);
    }
    const wanted = [...own.keys()];
    const found = wanted.length === 0 ? [] : await rows.at<T>(wanted, signal);
    for (const [i, resource] of found.entries()) {
      const parts = expand?.(resource) ?? [resource];
      for (const at of own.get(wanted[i]!)!) page[at] = parts[places[at]! % PARTS]!;
    }
    start += count;
  }
  return page;
}

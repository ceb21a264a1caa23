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
import { type Batches, Places, type Wanted } from "../places.ts";
import type { OpenedSnapshot, Shelf } from "../shelf.ts";
import type { Times } from "../times.ts";

/** Resources that are listed together: of records, those of a model. */
export interface PlacedGroup<T extends Resource> {
  /** The batches that they are in. */
  readonly paths: Batches;
  /** Reads their columns. */
  readonly read: ReadColumn<T>;
}

/** What is listed, and how. */
export interface PlacedListing<T extends Resource> {
  /** What is kept of snapshots between requests. */
  readonly shelf: Shelf;
  /** The snapshot. */
  readonly opened: OpenedSnapshot;
  /** What tells the listing from others of the snapshot, but for its query. */
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
}

/** Entries that a scan finds the places of. */
const CHUNK = 20_000;
/** Texts are compared by this many of their first characters. */
const COMPARED = 512;
const TIMES: ReadonlySet<string> = new Set(["_created_at", "_updated_at"]);

/**
 * One page of a listing. By times and ids it is found among those that are held; else all of it is read, once for each
 * {@linkcode CHUNK} entries, and no more than those are held.
 *
 * @param listing What is listed.
 * @param query What of it, in which order.
 * @param signal Aborts the reading of the page.
 * @throws {ServeError} If too much is being read through.
 */
export async function listPlaced<T extends Resource>(
  { shelf, opened, groups, expand, order, ...listing }: PlacedListing<T>,
  { offset, limit, filters, orderBy, locale }: ListQuery,
  signal: AbortSignal,
): Promise<Listing<T>> {
  const rules = orderBy.length > 0 ? orderBy : [order];
  const key = JSON.stringify(["cma", listing.key, filters, rules, locale]);
  const isByTimes = expand === undefined &&
    rules.every(({ column }) => column === "id" || TIMES.has(column)) &&
    filters.every(({ column }) => TIMES.has(column));
  const batches = groups.map(({ paths }) => paths);
  const wanted: Wanted<T> = {
    groups: batches,
    entriesOf: expand ?? ((resource) => [resource]),
    matches: (one, group) => meets(one, filters, groups[group]!.read),
  };
  const chunk = (number: number): Promise<Places> => {
    return shelf.keptPlaces(opened, `${key} ${number}`, async () => {
      if (isByTimes) {
        const times: Times[] = [];
        for (const paths of batches) times.push(await shelf.times(opened, paths));
        return Places.ofRows(batches, orderedRows(times, filters, rules));
      }
      const before = number === 0 ? undefined : await chunk(number - 1);
      return await shelf.findPlaces(opened, {
        ...wanted,
        order: {
          keysOf: (one, group) => {
            const { read } = groups[group]!;
            return rules.map(({ column }) => sortKey(comparable(read(one, column))));
          },
          compare: (a: readonly SortKey[], b: readonly SortKey[]) => compareByRules(a, b, rules),
          isLaterFirst: true,
          most: CHUNK,
          after: before?.last,
        },
      });
    });
  };
  const size = isByTimes ? Infinity : CHUNK;
  const { total } = await chunk(0);
  const page: T[] = [];
  for (let at = offset; at < Math.min(total, offset + limit);) {
    const number = Math.floor(at / size);
    const start = number === 0 ? 0 : number * size;
    const range = [at - start, offset + limit - start] as const;
    const some = await shelf.slice(opened, await chunk(number), wanted, range, signal);
    if (some.length === 0) break;
    page.push(...some);
    at += some.length;
  }
  return { total, page };
}

/** The group and row of each resource that is listed, one after the other: in order, by what is held of each. */
function orderedRows(
  groups: readonly Times[],
  filters: readonly Filter[],
  rules: readonly OrderRule[],
): Uint32Array {
  const starts = groups.map((_, group) => {
    return groups.slice(0, group).reduce((sum, { count }) => sum + count, 0);
  });
  const count = groups.reduce((sum, { count }) => sum + count, 0);
  const groupOf = new Uint32Array(count);
  groups.forEach(({ count }, group) => groupOf.fill(group, starts[group], starts[group]! + count));
  const column = (name: string): Float64Array => {
    const values = new Float64Array(count);
    for (const [group, { ranks, created, updated }] of groups.entries()) {
      const own = name === "id" ? ranks : name === "_created_at" ? created : updated;
      own.forEach((value, row) => {
        values[starts[group]! + row] = Number.isNaN(value) ? Infinity : value;
      });
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
  let found = Uint32Array.from({ length: count }, (_, at) => at);
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
  const rows = new Uint32Array(2 * found.length);
  for (const [i, at] of found.entries()) {
    const group = groupOf[at]!;
    rows.set([group, at - starts[group]!], 2 * i);
  }
  return rows;
}

function comparable(value: Json): Json {
  return typeof value === "string" ? value.slice(0, COMPARED) : value;
}

import * as z from "zod";
import type { Item, Page, Version } from "../../content/resource.ts";
import { generatorStream } from "../../async/generator_stream.ts";
import { localize } from "../../tools/open/records.ts";
import { jsonAnswer, ndjsonAnswer, wantsLines } from "../answer.ts";
import { type Call, type NamedSnapshot, queryOf, snapshotOf } from "../call.ts";
import { cursorAt, positionOf } from "../cursor.ts";
import { invalid, notThere } from "../failure.ts";
import { recordHistory, recordList, resource } from "../schemas.ts";
import { shown } from "../shelf.ts";
import { snapshotIn } from "../../snapshot/find_snapshot.ts";
import { CANARY } from "../../snapshot/layout.ts";
import type { Wanted } from "../places.ts";
import { versionFor } from "../visibility.ts";
import { FILTER, parseRecordQuery } from "./record_query.ts";
import { cursor, environment, ofEnvironment, pageLimit, type Route, version } from "./route.ts";

/** Records that are read at once for lines in an order. */
const LINES = 100;

const locale = z.string().max(20).optional()
  .describe("Only this locale's value of localized fields");
const listQuery = z.strictObject({
  environment,
  model: z.string().max(200).optional().describe("Only of this model, by its api_key"),
  version,
  locale,
  filter: z.record(z.string(), z.string()).optional().describe(
    "Only records whose field is so, of one model: filter[title]=…, or filter[title][operator]=… with eq, neq, " +
      "in, exists, lt, lte, gt, gte; also id, _status, _created_at, _updated_at, _published_at",
  ),
  order: z.string().max(1000).optional().describe(
    "What records of one model are ordered by: fields, separated by commas, with - before one that descends",
  ),
  limit: pageLimit,
  cursor,
});
const oneQuery = z.strictObject({ environment, version, locale });
const historyQuery = z.strictObject({
  environment: ofEnvironment
    .describe("Of this environment. Default: the primary one"),
  version,
  limit: z.coerce.number().int().min(1).max(100).default(30).describe("Snapshots that are read"),
  cursor,
});

/** Records. */
export const RECORD_ROUTES: readonly Route[] = [
  {
    path: "/projects/:project/snapshots/:snapshot/records",
    summary:
      "Records, model by model, in the order of their creation; as lines, all that are asked for",
    scope: "read",
    query: listQuery,
    answers: { "application/json": recordList, "application/x-ndjson": resource },
    async answer(call) {
      const query = queryOf(call, listQuery, FILTER);
      const opened = await snapshotOf(call);
      const version = versionFor(call.scope, query.version);
      const view = await viewOf(call, opened, query.locale);
      const models = await modelsOf(call, opened, query.model, version);
      const found = await placesOf(call, opened, query, version);
      if (wantsLines(call.request)) {
        return ndjsonAnswer(
          found === undefined
            ? recordLines(call, opened, { models, version, view })
            : await foundLines(call, opened, { ...found, view }),
        );
      }
      return await jsonAnswer(call, opened, () => {
        return recordPage(call, opened, { ...query, models, version, view, found });
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/records/:id",
    summary: "A record, with its blocks",
    scope: "read",
    query: oneQuery,
    answers: { "application/json": resource },
    async answer(call) {
      const query = queryOf(call, oneQuery);
      const opened = await snapshotOf(call);
      const version = versionFor(call.scope, query.version);
      const view = await viewOf(call, opened, query.locale);
      const { id = "" } = call.params;
      return await jsonAnswer(call, opened, async () => {
        const record = await opened.snapshot.record(id, { signal: call.signal });
        const item = record?.[version];
        if (item === undefined) throw notThere(`${version} version of a record ${shown(id)} here`);
        return view(item);
      });
    },
  },
  {
    path: "/projects/:project/records/:id/history",
    summary: "A record in each of the snapshots that have it, the newest first",
    scope: "read",
    query: historyQuery,
    answers: { "application/json": recordHistory },
    async answer(call) {
      const query = queryOf(call, historyQuery);
      const version = versionFor(call.scope, query.version);
      return await jsonAnswer(call, undefined, () => historyOf(call, { ...query, version }));
    },
  },
];

/** What takes records to the locale that is asked for. */
async function viewOf(
  call: Call,
  { snapshot }: NamedSnapshot,
  locale: string | undefined,
): Promise<(item: Item) => Item> {
  if (locale === undefined) return (item) => item;
  const schema = await snapshot.schema({ signal: call.signal });
  if (!schema.locales.includes(locale)) {
    throw invalid("locale", `The project has no locale ${shown(locale)}.`);
  }
  return localize(schema, { locale })!;
}

/** The models whose records are asked for. */
async function modelsOf(
  call: Call,
  { snapshot, content: { manifest, isTablesOnly } }: NamedSnapshot,
  model: string | undefined,
  version: Version,
): Promise<readonly string[]> {
  if (isTablesOnly) throw notThere("record here: the snapshot was exported as tables only");
  const { models } = await snapshot.schema({ signal: call.signal });
  const keys = models.map(({ attributes }) => attributes.api_key);
  const has = (key: string) => {
    if (manifest === undefined) return true;
    return Object.hasOwn(manifest.records, key) && manifest.records[key]![version] !== undefined;
  };
  if (model === undefined) return keys.filter(has);
  if (!keys.includes(model)) throw notThere(`model of records ${shown(model)} in this snapshot`);
  if (has(model)) return [model];
  throw notThere(`${version} version of ${shown(model)} here: it was exported without`);
}

/** Which records are sent. */
interface SentRecords {
  readonly models: readonly string[];
  readonly version: Version;
  readonly view: (item: Item) => Item;
}

/** Those records that are looked for. */
interface FoundRecords {
  /** What names what is looked for. */
  readonly key: string;
  readonly wanted: Wanted<Item>;
}

/** What is looked for by fields, or in another order: the records of one model. */
async function placesOf(
  call: Call,
  { snapshot, content }: NamedSnapshot,
  { model, locale, order }: z.output<typeof listQuery>,
  version: Version,
): Promise<FoundRecords | undefined> {
  const { url: { searchParams }, signal } = call;
  const isFiltered = [...searchParams.keys()].some((name) => FILTER.test(name));
  if (!isFiltered && order === undefined) return undefined;
  const schema = await snapshot.schema({ signal });
  const id = schema.models.find(({ attributes }) => attributes.api_key === model)?.id;
  if (model === undefined || id === undefined) {
    throw invalid(
      "model",
      "Records are filtered and ordered within one model: name it with model.",
    );
  }
  const found = parseRecordQuery(searchParams, order, { schema, id, locale });
  return found && {
    key: JSON.stringify(["records", model, version, found.key]),
    wanted: {
      ...found.wanted,
      groups: [content.recordBatches(model, version)],
      entriesOf: (item) => [item],
    },
  };
}

async function recordPage(
  { service: { shelf, signer }, signal, url: { pathname } }: Call,
  opened: NamedSnapshot,
  { models, version, view, limit, cursor, model, locale, found }:
    & SentRecords
    & z.output<typeof listQuery>
    & { readonly found: FoundRecords | undefined },
): Promise<z.input<typeof recordList>> {
  const listing = JSON.stringify([pathname, opened.tag, model, version, locale, found?.key]);
  const from = cursor === undefined ? 0 : Number(positionOf(signer, listing, cursor));
  if (found !== undefined) {
    const places = await shelf.places(opened, found.key, found.wanted);
    const records = await shelf.slice(opened, places, found.wanted, [from, from + limit], signal);
    const next = from + records.length;
    return {
      records: records.map(view),
      total: places.count,
      ...(next < places.count && { nextCursor: cursorAt(signer, listing, next) }),
    };
  }
  const records: Item[] = [];
  let total = 0;
  for (const key of models) {
    const rows = await shelf.records(opened, key, version);
    const start = Math.max(0, from - total);
    const end = Math.min(rows.count, start + limit - records.length);
    if (start < end) records.push(...await rows.slice<Item>(start, end, signal));
    total += rows.count;
  }
  const next = from + records.length;
  return {
    records: records.map(view),
    total,
    ...(next < total && { nextCursor: cursorAt(signer, listing, next) }),
  };
}

/** All records, a page at a time: the next one is read when this one was sent. */
function recordLines(
  { signal }: Call,
  { snapshot }: NamedSnapshot,
  { models, version, view }: SentRecords,
): ReadableStream<Page<Item>> {
  return generatorStream(async function* (stop) {
    const either = AbortSignal.any([signal, stop.signal]);
    for (const model of models) {
      for await (const page of snapshot.records(model, { version, signal: either })) {
        yield page.map(view);
      }
    }
  });
}

/** The records that are looked for, a page at a time, in their order. */
async function foundLines(
  { service: { shelf }, signal }: Call,
  opened: NamedSnapshot,
  { key, wanted, view }: FoundRecords & Pick<SentRecords, "view">,
): Promise<ReadableStream<Page<Item>>> {
  const places = await shelf.places(opened, key, wanted);
  return generatorStream(async function* (stop) {
    const either = AbortSignal.any([signal, stop.signal]);
    for (let from = 0; from < places.count; from += LINES) {
      const page = await shelf.slice(opened, places, wanted, [from, from + LINES], either);
      yield page.map(view);
    }
  });
}

/** A record in each of the snapshots that have it. */
export async function historyOf(
  { params: { project = "", id = "" }, service: { shelf, signer }, signal }: Call,
  { environment, version, limit, cursor }: z.output<typeof historyQuery> & {
    readonly version: Version;
  },
): Promise<z.input<typeof recordHistory>> {
  const folders = await shelf.foldersOf(project);
  const folder = await folderOf();
  if (folder === undefined) {
    throw notThere(`environment ${shown(environment!)} of project ${shown(project)}`);
  }
  const listing = JSON.stringify(["history", project, id, environment, version]);
  const until = cursor === undefined ? Infinity : Number(positionOf(signer, listing, cursor));
  const seconds = folder.seconds.filter((one) => one < until).toSorted((a, b) => b - a);
  const history: z.input<typeof recordHistory>["history"] = [];
  let later: { readonly item: Item; readonly at: number } | undefined;
  for (const second of seconds.slice(0, limit)) {
    const found = snapshotIn(folder, second);
    if (await shelf.storage.stat(`${found.prefix}/${CANARY}`, { signal }) === undefined) continue;
    const { snapshot, content } = await shelf.open(found, signal);
    if (content.isTablesOnly) continue;
    const record = await snapshot.record(id, { signal });
    const item = record?.[version];
    if (record === undefined || item === undefined) continue;
    if (later !== undefined) history[later.at]!.changed = changedFields(item, later.item);
    history.push({
      snapshot: found.name,
      createdAt: content.manifest?.startedAt ?? new Date(second * 1000).toISOString(),
      model: record.model,
      version: textOr(item.meta?.current_version),
      status: textOr(item.meta?.status),
      updatedAt: textOr(item.meta?.updated_at),
      changed: null,
    });
    later = { item, at: history.length - 1 };
  }
  const last = seconds[limit - 1];
  const isMore = last !== undefined && seconds.length > limit;
  return { id, history, ...(isMore && { nextCursor: cursorAt(signer, listing, last) }) };

  async function folderOf() {
    if (environment === undefined) return folders.find((one) => one.environment === undefined);
    const own = folders.find((one) => one.environment === environment);
    if (own !== undefined) return own;
    const primary = await shelf.find(project, "latest", undefined, signal);
    const { content: { manifest } } = await shelf.open(primary, signal);
    const isPrimary = manifest?.environment.id === environment;
    return isPrimary ? folders.find((one) => one.environment === undefined) : undefined;
  }
}

/** The fields whose values differ. */
function changedFields(before: Item, after: Item): string[] {
  const keys = new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)]);
  return [...keys].filter((key) => {
    return JSON.stringify(before.attributes[key]) !== JSON.stringify(after.attributes[key]);
  });
}

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

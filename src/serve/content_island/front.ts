import * as z from "zod";
import { generatorStream } from "../../async/generator_stream.ts";
import { recordShape } from "../../content/record_shape.ts";
import type { Item } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { downloadSingle } from "../../tools/download/single.ts";
import {
  type IslandContent,
  islandContents,
  islandProject,
} from "../../transform/content_island.ts";
import { jsonAnswer, streamedJson } from "../answer.ts";
import { takeExport } from "../api/download.ts";
import type { FrontRoute } from "../api/route.ts";
import { type Call, type NamedSnapshot, queryOf } from "../call.ts";
import { notThere, ServeError } from "../failure.ts";
import { orderBy, Places, type Wanted } from "../places.ts";
import type { Shelf } from "../shelf.ts";
import type { ServeToken } from "../token.ts";
import {
  inLanguages,
  isAskedFor,
  type IslandQuery,
  orderKeyOf,
  parseIslandQuery,
} from "./query.ts";
import { RelatedContents } from "./related.ts";

/** What paths of Content Island's API begin with. */
const AT = "/api/1.0";
/** Contents that are read at once. */
const PAGE = 100;
const ENCODER = new TextEncoder();

/** The endpoints: which project it is, and in which view, follows from the token. */
export const ISLAND_ROUTES: readonly FrontRoute[] = [
  { method: "GET", path: `${AT}/project`, scope: "read", answer: project },
  { method: "GET", path: `${AT}/contents`, scope: "read", answer: contents },
  { method: "GET", path: `${AT}/contents/size`, scope: "read", answer: size },
  { method: "GET", path: `${AT}/content`, scope: "read", answer: content },
  { method: "GET", path: `${AT}/project/export`, scope: "read", answer: exported },
  ...(["POST", "PUT", "PATCH", "DELETE"] as const).map((method): FrontRoute => ({
    method,
    path: `${AT}/*`,
    scope: "read",
    answer: () => {
      throw new ServeError("FORBIDDEN", "Snapshots don't change: they can only be read.");
    },
  })),
];

/** A snapshot as contents, and what is asked for of it. */
interface Asked {
  readonly call: Call;
  readonly opened: NamedSnapshot;
  readonly schema: SchemaIndex;
  readonly query: IslandQuery;
  /** The models whose records are read. */
  readonly models: readonly string[];
  readonly version: "current" | "published";
  /** Contents of a record, in the languages that are asked for. */
  readonly contentsOf: (item: Item) => readonly IslandContent[];
}

/**
 * The project that a token is for.
 *
 * @param token The token; `null` where none is needed.
 * @param shelf The snapshots.
 * @throws {ServeError} If it isn't for one project alone.
 */
export async function projectOfToken(token: ServeToken | null, shelf: Shelf): Promise<string> {
  const ids = token?.projects ??
    [
      ...new Set(
        (await shelf.folders()).filter(({ seconds }) => seconds.length > 0)
          .map(({ project }) => project),
      ),
    ];
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return id;
  throw new ServeError(
    "FORBIDDEN",
    ids.length === 0
      ? "There are no snapshots here."
      : "This token is for several projects: use one that is limited to one of them.",
  );
}

async function openedFor(call: Call): Promise<NamedSnapshot> {
  const { params: { project = "" }, service: { shelf, frontSnapshot }, signal } = call;
  const found = await shelf.find(project, frontSnapshot, undefined, signal);
  return { ...await shelf.open(found, signal), isPinned: false };
}

/** A token whose name begins with `PREVIEW_` shows drafts; any other one what is public. */
function viewOf({ scope, token }: Call): Asked["version"] {
  return token !== null && scope === "preview" ? "current" : "published";
}

async function project(call: Call): Promise<Response> {
  queryOf(call, z.strictObject({}));
  const opened = await openedFor(call);
  return await jsonAnswer(call, opened, async () => {
    const { signal } = call;
    const [site, schema] = [
      await opened.snapshot.site({ signal }),
      await opened.snapshot.schema({ signal }),
    ];
    return islandProject(site, schema);
  });
}

async function contents(call: Call): Promise<Response> {
  const asked = await ask(call, { sort: true, related: true });
  return await streamedJson(call, asked.opened, async () => {
    const found = await find(asked, call.signal);
    return generatorStream(async function* (stop) {
      const signal = AbortSignal.any([call.signal, stop.signal]);
      yield ENCODER.encode("[");
      let before = "";
      for await (const page of pagesOf(asked, found, signal)) {
        const text = page.map((content) => JSON.stringify(content)).join(",");
        yield ENCODER.encode(before + text);
        before = ",";
      }
      yield ENCODER.encode("]");
    });
  });
}

async function content(call: Call): Promise<Response> {
  const asked = await ask(call, { sort: false, related: true });
  return await jsonAnswer(call, asked.opened, async () => {
    const one = { ...asked, query: { ...asked.query, take: 1 } };
    const found = await find(one, call.signal);
    for await (const [content] of pagesOf(one, found, call.signal)) return content;
    throw notThere("such content in this view of the snapshot");
  });
}

async function size(call: Call): Promise<Response> {
  const asked = await ask(call, { sort: false, related: false });
  return await jsonAnswer(call, asked.opened, async () => (await placesOf(asked)).count);
}

async function exported(call: Call): Promise<Response> {
  queryOf(call, z.strictObject({}));
  const { content, found } = await openedFor(call);
  takeExport(call);
  const { bytes } = await downloadSingle(content.storage, found, {
    view: viewOf(call),
    format: "content-island",
    gzip: true,
    signal: call.signal,
  });
  return new Response(bytes, {
    headers: {
      "Content-Type": "application/json",
      "Content-Encoding": "gzip",
      "Cache-Control": "no-store",
    },
  });
}

async function ask(
  call: Call,
  can: { readonly sort: boolean; readonly related: boolean },
): Promise<Asked> {
  const query = parseIslandQuery(call.url.searchParams, can);
  const opened = await openedFor(call);
  const version = viewOf(call);
  const { content: { isTablesOnly, manifest } } = opened;
  if (isTablesOnly || (version === "published" && manifest?.options.published === false)) {
    throw notThere(`${version} version of records here: the snapshot was exported without`);
  }
  const schema = await opened.snapshot.schema({ signal: call.signal });
  const media = await call.service.shelf.media(opened);
  const contentsOf = (item: Item) => {
    return islandContents(item, schema, (id) => media.get(id))
      .map((content) => inLanguages(content, query));
  };
  const models = modelsOf(schema, query);
  return { call, opened, schema, query, models, version, contentsOf };
}

/** The models whose records may be, or hold, contents of the types that are asked for. */
function modelsOf(schema: SchemaIndex, { filters }: IslandQuery): string[] {
  const types = filters.filter(({ key, isOneOf }) => key === "contentType" && isOneOf);
  return schema.models.filter((model) => {
    const { blockModels } = recordShape(schema, model.id);
    const own = [model, ...[...blockModels].flatMap((id) => schema.itemType(id) ?? [])];
    return types.every(({ values }) => {
      return own.some(({ id, attributes }) => {
        return values.includes(id) || values.includes(attributes.api_key);
      });
    });
  }).map(({ attributes }) => attributes.api_key);
}

/** A content, and those of the same record. */
interface Entry {
  readonly content: IslandContent;
  readonly own: readonly IslandContent[];
}

function wantedOf({ opened, models, version, contentsOf, query }: Asked): Wanted<Item, Entry> {
  return {
    groups: models.map((model) => opened.content.recordBatches(model, version)),
    entriesOf(item) {
      const own = contentsOf(item);
      return own.map((content) => ({ content, own }));
    },
    matches: ({ content }) => isAskedFor(content, query),
    order: orderBy(query.sort.map(({ key, isDescending }) => ({
      keyOf: ({ content }) => orderKeyOf(content, key),
      isDescending,
    }))),
  };
}

async function placesOf(asked: Asked) {
  const { call: { service: { shelf } }, opened, version, query: { filters, sort } } = asked;
  const key = JSON.stringify(["content-island", version, filters, sort]);
  return await shelf.places(opened, key, wantedOf(asked));
}

/** What is asked for, if all of it needn't be read one after the other: records, or the places of contents. */
type Found = readonly Item[] | Places | undefined;

async function find(asked: Asked, signal: AbortSignal): Promise<Found> {
  const records = await recordsByIds(asked, signal);
  return records ?? (isPlain(asked) ? undefined : await placesOf(asked));
}

/** What is asked for, page by page: no page is empty. */
async function* pagesOf(
  asked: Asked,
  found: Found,
  signal: AbortSignal,
): AsyncGenerator<readonly IslandContent[], void> {
  const { call: { service: { shelf } }, opened, query: { depth, take, skip }, version } = asked;
  const related = new RelatedContents(async (id) => {
    const item = (await opened.snapshot.record(id, { signal }))?.[version];
    return item === undefined ? [] : asked.contentsOf(item);
  });
  const wanted = wantedOf(asked);
  const { entriesOf } = wanted;
  let [left, toSkip] = [take, skip];
  if (found === undefined) {
    for (const model of asked.models) {
      for (const path of opened.content.recordBatches(model, version)) {
        for await (const items of opened.content.entries<Item>(path, signal)) {
          yield* page(items.flatMap(entriesOf));
          if (left <= 0) return;
        }
      }
    }
    return;
  }
  if (!(found instanceof Places)) {
    yield* page(found.flatMap(entriesOf));
    return;
  }
  const end = Math.min(found.count, skip + take);
  toSkip = 0;
  for (let at = skip; at < end; at += PAGE) {
    const range = [at, Math.min(end, at + PAGE)] as const;
    yield* page(await shelf.slice(opened, found, wanted, range, signal));
  }

  /** Those that are asked for, as far as they are wanted. */
  async function* page(entries: readonly Entry[]): AsyncGenerator<IslandContent[], void> {
    const shown: IslandContent[] = [];
    for (const entry of entries) {
      if (left <= 0) break;
      if (!isAskedFor(entry.content, asked.query)) continue;
      if (toSkip > 0) {
        toSkip--;
        continue;
      }
      left--;
      shown.push(await related.expand(entry.content, depth, entry.own));
    }
    if (shown.length > 0) yield shown;
  }
}

/** Whether contents needn't be looked for: most are asked for, or none of them by what is in its fields. */
function isPlain({ query: { filters, sort } }: Asked): boolean {
  return sort.length === 0 &&
    filters.every(({ key }) => key === "language" || key === "contentType");
}

/** The records that are asked for by their ids, if all of those are records'. */
async function recordsByIds(
  { query: { filters, sort }, opened, version }: Asked,
  signal: AbortSignal,
): Promise<Item[] | undefined> {
  const byId = filters.find(({ key, isOneOf }) => key === "id" && isOneOf);
  if (byId === undefined || sort.length > 0 || byId.values.length > PAGE) return undefined;
  const found: Item[] = [];
  for (const id of new Set(byId.values)) {
    const record = await opened.snapshot.record(id, { signal });
    // It may be a block's.
    if (record === undefined) return undefined;
    const item = record[version];
    if (item !== undefined) found.push(item);
  }
  return found;
}

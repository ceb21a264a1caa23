import assert from "node:assert/strict";
import type { Page, Resource, Version } from "../../../src/content/resource.ts";
import { SchemaIndex } from "../../../src/content/schema_index.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import { itemTypeId } from "../../../src/simulator/schema_builder.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import type { CmaClient } from "../../../src/source/datocms/cma_client.ts";
import { type ListingOptions, listingPages } from "../../../src/source/datocms/listing.ts";
import { recordPages } from "../../../src/source/datocms/records.ts";
import { resourceNamed } from "../../../src/source/datocms/resources.ts";
import { testClient } from "../../support/cma.ts";
import { long } from "../../support/long.ts";
import { type Kind, Oracle } from "../../support/oracle.ts";

/** Something that is listed, and can be moved while it is. */
interface Shelf {
  readonly project: MemoryProject;
  readonly kind: Kind;
  /** The model, if it holds records. */
  readonly model?: string;
  /** How many are in a page. */
  readonly limit: number;
  /** Reads the listing. */
  read(client: CmaClient, options: ListingOptions): ReadableStream<Page<Resource>>;
  /** The ids as the API lists them now. */
  ids(): string[];
  /** Adds some at the end. */
  add(count: number): void;
  remove(ids: readonly string[]): void;
}

/** What happens just before a page is answered. */
interface Moment {
  /** Which page is asked for: 1 is the first. */
  readonly request: number;
  /** The ids of each page that was answered before. */
  readonly served: readonly (readonly string[])[];
}

interface Scenario {
  readonly name: string;
  /** Only for these shelves. @default All */
  readonly only?: readonly string[];
  /** Whether everything was created in the same millisecond. @default {false} */
  readonly atOnce?: boolean;
  readonly act: (shelf: Shelf, moment: Moment) => void;
}

const EVERYTHING = {
  blocksToo: false,
  filters: [],
  orderBy: ["_created_at", "id"].map((column) => ({ column, direction: "ASC" as const })),
  offset: 0,
  limit: Infinity,
};

/** A project without content, whose clock goes on by a bit each time, or stands still. */
function emptyProject(atOnce: boolean): MemoryProject {
  let time = Date.UTC(2026, 3, 1);
  const clock = () => new Date(atOnce ? time : time += 17);
  return memoryCopy(generateProject({ records: 0 }), { clock });
}

function recordShelf(
  model: string,
  version: "current" | "published",
  { count, limit, atOnce }: { count: number; limit: number; atOnce: boolean },
): Shelf {
  const project = emptyProject(atOnce);
  const { items, site, itemTypes, fields, fieldsets } = project.primary;
  const { locales } = site.attributes;
  const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
  const typeId = itemTypeId(model);
  const create = (n: number) => {
    const { id } = items.create(typeId, model === "page" ? { title: { en: `Page ${n}` } } : {});
    // Drafts stand between what is published.
    if (n % 3 !== 0) items.publish(id);
  };
  for (let n = 0; n < count; n++) create(n);
  return {
    project,
    kind: version,
    model,
    limit,
    read: (client, options) =>
      recordPages(client, schema, schema.itemType(typeId)!, version, options),
    ids: () => items.list({ ...EVERYTHING, version, typeIds: [typeId] }).page.map(({ id }) => id),
    add: (count) => {
      for (let n = 0; n < count; n++) create(1);
    },
    remove: (ids) => ids.forEach((id) => items.delete(id)),
  };
}

function uploadShelf(count: number, limit: number, atOnce: boolean): Shelf {
  const project = emptyProject(atOnce);
  const { uploads } = project.primary;
  const add = (count: number) => {
    for (let n = 0; n < count; n++) {
      const bytes = new Uint8Array([n]);
      project.addUpload({ filename: "note.txt", bytes, mimeType: "text/plain" });
    }
  };
  add(count);
  return {
    project,
    kind: "uploads",
    limit,
    read: (client, options) =>
      listingPages(client, { ...resourceNamed("uploads"), maxLimit: limit }, options),
    ids: () => uploads.list(EVERYTHING).page.map(({ id }) => id),
    add,
    remove: (ids) => ids.forEach((id) => project.deleteUpload(id)),
  };
}

const SHELVES: Readonly<Record<string, (atOnce: boolean) => Shelf>> = {
  "records with blocks": (atOnce) =>
    recordShelf("page", "current", { count: 200, limit: 30, atOnce }),
  "published records with blocks": (atOnce) =>
    recordShelf("page", "published", { count: 300, limit: 30, atOnce }),
  "records without blocks": (atOnce) =>
    recordShelf("author", "current", { count: long(2300, 1600), limit: 500, atOnce }),
  "uploads": (atOnce) => uploadShelf(130, 20, atOnce),
};

const SCENARIOS: readonly Scenario[] = [
  {
    name: "as many come as go between two pages",
    act: (shelf, { request }) => {
      if (request !== 2 && request !== 4) return;
      shelf.remove(shelf.ids().slice(0, 5));
      shelf.add(5);
    },
  },
  {
    name: "one comes and one goes before each page",
    act: (shelf, { request }) => {
      if (request === 1) return;
      shelf.remove(shelf.ids().slice(0, 1));
      shelf.add(1);
    },
  },
  {
    name: "everything that was read is deleted",
    act: (shelf, { request, served }) => {
      if (request === 3) shelf.remove([...new Set(served.flat())]);
    },
  },
  {
    name: "the first ones are deleted, more than a page",
    act: (shelf, { request }) => {
      if (request === 3) shelf.remove(shelf.ids().slice(0, Math.ceil(shelf.limit * 1.7)));
    },
  },
  {
    name: "the last one that was read is deleted",
    act: (shelf, { request, served }) => {
      const last = served.at(-1)?.at(-1);
      const isThere = last !== undefined && shelf.ids().includes(last);
      if ((request === 2 || request === 4) && isThere) shelf.remove([last]);
    },
  },
  {
    name: "the last one that was read is deleted, and one comes",
    act: (shelf, { request, served }) => {
      const last = served.at(-1)?.at(-1);
      if (request !== 2 || last === undefined) return;
      shelf.remove([last]);
      shelf.add(1);
    },
  },
  {
    name: "the page that was read last is deleted",
    act: (shelf, { request, served }) => {
      if (request === 2 || request === 3) remove(shelf, served.at(-1) ?? []);
    },
  },
  {
    name: "the page that was read last is deleted, and as many come",
    act: (shelf, { request, served }) => {
      if (request !== 3) return;
      remove(shelf, served.at(-1) ?? []);
      shelf.add(served.at(-1)?.length ?? 0);
    },
  },
  {
    name: "nothing is left",
    act: (shelf, { request }) => {
      if (request === 3) shelf.remove(shelf.ids());
    },
  },
  {
    name: "only what was read is left",
    act: (shelf, { request, served }) => {
      const read = new Set(served.flat());
      if (request === 3) shelf.remove(shelf.ids().filter((id) => !read.has(id)));
    },
  },
  {
    name: "only the last one is left",
    act: (shelf, { request }) => {
      if (request === 3) shelf.remove(shelf.ids().slice(0, -1));
    },
  },
  {
    name: "drafts are published in the middle, and others taken back",
    only: ["published records with blocks"],
    act: ({ project: { primary: { items } }, ids }, { request }) => {
      if (request < 2 || request > 5) return;
      const drafts = items.records().filter(({ published }) => !published);
      for (const { current } of drafts.slice(0, 12)) items.publish(current.id);
      const published = ids();
      for (let n = 0; n < 12; n++) items.unpublish(published[n * 3 + request]!);
    },
  },
  {
    name: "drafts are published in the middle",
    only: ["published records with blocks"],
    act: ({ project: { primary: { items } } }, { request }) => {
      if (request === 1) return;
      const drafts = items.records().filter(({ published }) => !published);
      for (const { current } of drafts.slice(0, 7)) items.publish(current.id);
    },
  },
  {
    name: "what was read gets another date of creation, and comes again",
    only: ["records with blocks", "published records with blocks", "records without blocks"],
    act: ({ project: { primary: { items } }, kind, ids, limit }, { request, served }) => {
      if (request !== 2 && request !== 4) return;
      // It moves into the page that is about to be answered.
      const later = ids()[limit * (request - 1) + 9];
      const { meta } = items.get(later ?? "", kind as Version) ?? {};
      if (meta) items.update(served[0]![request]!, {}, String(meta.created_at));
    },
  },
  {
    name: "all of it was created at once, and some come and go among them",
    atOnce: true,
    act: (shelf, { request }) => {
      if (request === 1 || request > 20) return;
      const ids = shelf.ids();
      shelf.remove([0, 7, 11].map((n) => ids[n]!));
      shelf.add(request % 2 === 0 ? 3 : 5);
    },
  },
  {
    name: "more come before each page",
    act: (shelf, { request }) => {
      if (request < 40) shelf.add(Math.ceil(shelf.limit / 8));
    },
  },
];

/** Deletes what is there of these. */
function remove(shelf: Shelf, ids: readonly string[]): void {
  const there = new Set(shelf.ids());
  shelf.remove(ids.filter((id) => there.has(id)));
}

for (const { name, only, atOnce = false, act } of SCENARIOS) {
  for (const [what, build] of Object.entries(SHELVES)) {
    if (only && !only.includes(what)) continue;
    const reader = what === "uploads" ? "listingPages()" : "recordPages()";
    Deno.test(`${reader} loses and repeats none of the ${what} when ${name}`, async () => {
      for (const prefetch of [1, 4]) {
        const shelf = build(atOnce);
        const { project, kind, model } = shelf;
        const oracle = new Oracle(project);
        const served: string[][] = [];
        let requests = 0;
        await using cma = startDemoCma({
          project,
          rateLimit: false,
          onRequest: (_request, { pathname, searchParams }) => {
            if (pathname !== "/items" && pathname !== "/uploads") return;
            act(shelf, { request: ++requests, served });
            const offset = Number(searchParams.get("page[offset]"));
            const limit = Number(searchParams.get("page[limit]"));
            served.push(shelf.ids().slice(offset, offset + limit));
          },
        });
        const client = testClient(cma.url, { apiToken: cma.apiToken });
        const from = oracle.now;
        const pages = shelf.read(client, { prefetch, onFallback: assert.fail });
        const read = (await Array.fromAsync(pages)).flat();
        const span = { from, to: oracle.now };
        assert.deepEqual(oracle.check(kind, read, span, model), [], `${prefetch} pages ahead`);
        assert.ok(oracle.now > from, "nothing moved");
        assert.ok(requests < 60, `${requests} requests`);
      }
    });
  }
}

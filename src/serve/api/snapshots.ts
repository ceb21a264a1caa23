import * as z from "zod";
import { MANIFEST } from "../../snapshot/layout.ts";
import type { SnapshotInfo } from "../../snapshot/snapshot_info.ts";
import { listPage } from "../../tools/list.ts";
import { showSnapshot } from "../../tools/show.ts";
import { jsonAnswer } from "../answer.ts";
import { type Call, queryOf, snapshotOf } from "../call.ts";
import { cursorAt, positionOf } from "../cursor.ts";
import { notThere } from "../failure.ts";
import {
  model,
  modelList,
  projectList,
  shownSnapshot,
  snapshotInfo,
  snapshotList,
} from "../schemas.ts";
import { shown } from "../shelf.ts";
import { parseTime } from "../../text/iso_time.ts";
import { cursor, environment, ofEnvironment, type Route } from "./route.ts";

const STATES = ["complete", "partial", "incomplete"] as const;
const NONE = z.strictObject({});
const ONE = z.strictObject({ environment });
const TIME = "a date or time such as 2026-01-31 or 2026-01-31T14:30, or seconds since 1970";
const time = z.string().max(40).refine(
  (text) => /^\d{1,15}$/.test(text) || parseTime(text) !== undefined,
  `it must be ${TIME}`,
).optional();
/** Snapshots that are looked at for one page, at most: those of another state don't count for it. */
const LOOKED_AT = 500;

const listQuery = z.strictObject({
  environment: ofEnvironment.describe(
    "Only of this environment",
  ),
  state: z.enum(STATES).optional().describe("Only in this state"),
  limit: z.coerce.number().int().min(1).max(100).default(30).describe("Snapshots in a page"),
  before: time.describe(`Only before: ${TIME}`),
  after: time.describe(`Only then or later: ${TIME}`),
  cursor,
});

/** Projects, their snapshots, and what a snapshot says of itself. */
export const SNAPSHOT_ROUTES: readonly Route[] = [
  {
    path: "/projects",
    summary: "The projects that have snapshots, with their environments",
    scope: "read",
    query: NONE,
    answers: { "application/json": projectList },
    async answer(call) {
      queryOf(call, NONE);
      return await jsonAnswer(call, undefined, () => projects(call));
    },
  },
  {
    path: "/projects/:project/snapshots",
    summary: "The snapshots of a project, the newest first",
    scope: "read",
    query: listQuery,
    answers: { "application/json": snapshotList },
    async answer(call) {
      const query = queryOf(call, listQuery);
      return await jsonAnswer(call, undefined, () => snapshots(call, query));
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot",
    summary: "What a snapshot holds",
    scope: "read",
    query: ONE,
    answers: { "application/json": shownSnapshot },
    async answer(call) {
      queryOf(call, ONE);
      const opened = await snapshotOf(call);
      return await jsonAnswer(call, opened, async () => {
        const { found: { name }, content: { storage } } = opened;
        const { address: _, ...rest } = await showSnapshot(storage, name, { signal: call.signal });
        return rest;
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/manifest",
    summary: "A snapshot's manifest, byte for byte",
    scope: "preview",
    query: ONE,
    answers: { "application/json": "bytes" },
    async answer(call) {
      queryOf(call, ONE);
      const { content } = await snapshotOf(call);
      if (content.manifest === undefined) {
        throw notThere("manifest: DatoCMS's own exports have none");
      }
      const bytes = await content.storage.get(content.key(MANIFEST), { signal: call.signal });
      return new Response(bytes, {
        headers: { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache" },
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/models",
    summary: "The models and block models of a snapshot, with their fields",
    scope: "read",
    query: ONE,
    answers: { "application/json": modelList },
    async answer(call) {
      queryOf(call, ONE);
      const opened = await snapshotOf(call);
      return await jsonAnswer(call, opened, async () => {
        return { models: await opened.snapshot.models({ signal: call.signal }) };
      });
    },
  },
  {
    path: "/projects/:project/snapshots/:snapshot/models/:model",
    summary: "A model or block model, by its id or api_key",
    scope: "read",
    query: ONE,
    answers: { "application/json": model },
    async answer(call) {
      queryOf(call, ONE);
      const opened = await snapshotOf(call);
      const key = call.params.model ?? "";
      const models = await opened.snapshot.models({ signal: call.signal });
      const own = models.find(({ model }) => model.id === key || model.attributes.api_key === key);
      if (own === undefined) throw notThere(`model ${shown(key)} in this snapshot`);
      return await jsonAnswer(call, opened, () => own);
    },
  },
];

/** The projects that may be seen. */
export async function projects(call: Call): Promise<z.input<typeof projectList>> {
  const { service: { shelf }, token, signal } = call;
  const folders = Map.groupBy(await shelf.folders(), ({ project }) => project);
  const projects: z.input<typeof projectList>["projects"] = [];
  for (const [id, own] of folders) {
    const isSeen = token?.projects?.includes(id) ?? true;
    if (!isSeen || own.every(({ seconds }) => seconds.length === 0)) continue;
    const latest = await latestOf(call, id, signal);
    projects.push({
      id,
      name: latest?.project.name ?? null,
      source: "datocms",
      environments: own.filter(({ seconds }) => seconds.length > 0).map((folder) => ({
        id: folder.environment ?? latest?.environment.id ?? null,
        primary: folder.environment === undefined,
        snapshots: folder.seconds.length,
      })),
      latest: latest ?? null,
    });
  }
  return { projects };
}

/** The newest sealed snapshot of a project's primary environment. */
async function latestOf(
  { service: { shelf } }: Call,
  project: string,
  signal: AbortSignal,
): Promise<SnapshotInfo | undefined> {
  try {
    const found = await shelf.find(project, "latest", undefined, signal);
    const { address: _, ...info } = await showSnapshot(shelf.storage, found.name, { signal });
    return snapshotInfo.parse(info);
  } catch (error) {
    if (error instanceof Error && error.name === "ServeError") return undefined;
    throw error;
  }
}

async function snapshots(
  { params: { project = "" }, service: { shelf, signer }, signal }: Call,
  query: z.output<typeof listQuery>,
): Promise<z.input<typeof snapshotList>> {
  const { environment, state, limit, before, after, cursor } = query;
  const folders = await shelf.foldersOf(project);
  const listing = JSON.stringify([project, environment, state, before, after]);
  let from = cursor === undefined ? before : positionOf(signer, listing, cursor);
  if (environment !== undefined) await assertEnvironment(folders, environment);
  const found: SnapshotInfo[] = [];
  for (let seen = 0; seen < LOOKED_AT;) {
    const page = await listPage(shelf.storage, {
      project,
      environment,
      before: from,
      after,
      limit: limit - found.length,
      signal,
    });
    seen += page.snapshots.length;
    found.push(...page.snapshots.filter((one) => state === undefined || one.state === state));
    from = page.next;
    if (from === undefined || found.length >= limit) break;
  }
  return {
    snapshots: found,
    limit,
    ...(from !== undefined && { nextCursor: cursorAt(signer, listing, from) }),
  };

  /** One that has no snapshots isn't an error of the storage. */
  async function assertEnvironment(all: typeof folders, name: string): Promise<void> {
    if (all.some((folder) => folder.environment === name)) return;
    const primary = await shelf.find(project, "latest", undefined, signal).catch(() => undefined);
    const opened = primary && await shelf.open(primary, signal);
    if (opened?.content.manifest?.environment.id === name) return;
    throw notThere(`environment ${shown(name)} of project ${shown(project)}`);
  }
}

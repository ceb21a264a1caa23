import * as z from "zod";
import type { SnapshotInfo } from "../../snapshot/snapshot_info.ts";
import { parseTime } from "../../text/iso_time.ts";
import { listPage } from "../../tools/list.ts";
import { plainJson } from "../answer.ts";
import { assets } from "../api/files.ts";
import type { FrontRoute } from "../api/route.ts";
import { primaryName, sandboxNamed, switchSchedule } from "../api/schedule.ts";
import { type Call, queryOf } from "../call.ts";
import { recordBatches } from "../batch_lines.ts";
import { cursorAt, positionOf } from "../cursor.ts";
import { ServeError } from "../failure.ts";
import { signedUrl } from "../signed_file.ts";

/** What paths of Sanity's API begin with: the date of a version, `vX` or `v1`. */
export const SANITY_PATH = /^\/v(?:\d{4}-\d\d-\d\d|X|1)\//;
const AT = "/:api{v(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|X|1)}";
const DATASET = `${AT}/projects/:project/datasets/:dataset`;
/** Files in a page. */
const PAGE = 100;

const tag = z.string().optional();
const date = z.string().max(40).refine((text) => parseTime(text) !== undefined, {
  message: "it must be a date such as 2026-01-31",
}).optional();
const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(30),
  before: date,
  after: date,
  tag,
});
const backupQuery = z.strictObject({ nextCursor: z.string().max(1000).optional(), tag });
const switchQuery = z.strictObject({ enabled: z.enum(["true", "false"]).optional(), tag });

/** The endpoints: environments are datasets, sealed snapshots their backups. */
export const SANITY_ROUTES: readonly FrontRoute[] = [
  { method: "GET", path: `${AT}/datasets`, scope: "preview", answer: datasets },
  { method: "GET", path: `${AT}/projects/:project/datasets`, scope: "preview", answer: datasets },
  { method: "GET", path: `${DATASET}/backups`, scope: "preview", answer: backups },
  { method: "GET", path: `${DATASET}/backups/:id`, scope: "preview", answer: backup },
  { method: "PUT", path: `${DATASET}/settings/backups`, scope: "admin", answer: switchBackups },
];

/**
 * The project that a host stands for: `48213.backups.example.com`.
 *
 * @param call The request, as far as it is known.
 */
export function projectOfHost({ request, url }: Pick<Call, "request" | "url">): string | undefined {
  const host = request.headers.get("host") ?? url.host;
  return /^(\d[\w-]*)\.[a-z]/i.exec(host)?.[1];
}

/**
 * What is said of an error, as Sanity's clients show it.
 *
 * @param error The error.
 * @param requestId The request's id.
 */
export function sanityError({ code, message, status, options }: ServeError, requestId: string) {
  return plainJson({
    statusCode: status,
    message,
    error: { code, message, description: message, requestId },
  }, { status, headers: { "Cache-Control": "no-store", ...options.headers } });
}

async function datasets(call: Call): Promise<Response> {
  queryOf(call, z.strictObject({ tag }));
  const { service: { shelf } } = call;
  const project = call.params.project ?? projectOfHost(call);
  if (project === undefined) {
    throw new ServeError(
      "VALIDATION_ERROR",
      "The project has to be in the host's name, as in <project>.localhost, or in the path.",
    );
  }
  const folders = await shelf.foldersOf(project);
  const names: string[] = [];
  for (const { environment, seconds } of folders) {
    if (seconds.length === 0) continue;
    const name = environment ?? await primaryName({ ...call, params: { project } });
    if (!names.includes(name)) names.push(name);
  }
  return plainJson(names.map((name) => ({ name, aclMode: "private" })));
}

/** The environment that a dataset is; `undefined` for the primary one. */
async function environmentOf(call: Call): Promise<string | undefined> {
  return await sandboxNamed(call, call.params.dataset ?? "", "dataset");
}

async function backups(call: Call): Promise<Response> {
  const { limit, before, after } = queryOf(call, listQuery);
  const { params: { project = "", dataset = "" }, service: { shelf }, signal } = call;
  await environmentOf(call);
  const found: SnapshotInfo[] = [];
  for (let from = before; found.length < limit;) {
    const { snapshots, next } = await listPage(shelf.storage, {
      project,
      environment: dataset,
      before: from,
      after,
      limit: limit - found.length,
      signal,
    });
    found.push(...snapshots.filter(({ state }) => state !== "incomplete"));
    if (next === undefined) break;
    from = next;
  }
  return plainJson({ backups: found.map(({ id, createdAt }) => ({ id, createdAt })), limit });
}

/** A file of a backup, as Sanity's clients take it. */
interface BackupFile {
  readonly name: string;
  readonly url: string;
  readonly type: "document" | "image" | "file";
}

async function backup(call: Call): Promise<Response> {
  const { nextCursor } = queryOf(call, backupQuery);
  const { params: { project = "", dataset = "", id = "" }, service, signal, url } = call;
  const { shelf, signer } = service;
  await environmentOf(call);
  const found = await shelf.find(project, id, dataset, signal);
  const opened = { ...await shelf.open(found, signal), isPinned: true };
  const listing = JSON.stringify(["sanity", url.pathname, opened.tag]);
  const from = nextCursor === undefined ? 0 : Number(positionOf(signer, listing, nextCursor));
  const { environment } = found;
  const place = { project, ...(environment !== undefined && { environment }), id: found.id };
  const files: BackupFile[] = [];
  let total = 0;
  const add = async (
    name: string,
    type: BackupFile["type"],
    file: { readonly [key: string]: string },
    stored?: Parameters<typeof signedUrl>[2],
  ) => {
    if (total++ < from || files.length === PAGE) return;
    const reference = { ...place, ...file } as Parameters<typeof signedUrl>[1];
    files.push({ name, type, url: (await signedUrl(service, reference, stored)).url });
  };
  for (const path of recordBatches(opened)) {
    const [, model, batch] = /^records\/([^/]+)\/current\/(\w+)\./.exec(path)!;
    // Clients keep the last part of a name alone.
    await add(`${model}-current-${batch}.ndjson`, "document", { lines: path });
  }
  for await (const asset of assets(call, opened)) {
    await add(`${asset.id}-${asset.name}`, asset.type, { upload: asset.id }, asset.stored);
  }
  const next = from + files.length;
  return plainJson({
    createdAt: opened.content.manifest?.startedAt ??
      new Date(Number(/\d+$/.exec(found.id)) * 1000).toISOString(),
    totalFiles: total,
    files,
    ...(next < total && { nextCursor: cursorAt(signer, listing, next) }),
  });
}

/** Turns automatic exports of an environment on or off, wherever they run. */
async function switchBackups(call: Call): Promise<Response> {
  const { enabled } = queryOf(call, switchQuery);
  const sandbox = await environmentOf(call);
  await switchSchedule(call, sandbox, enabled === undefined ? undefined : enabled === "true");
  return new Response(null, { status: 204 });
}

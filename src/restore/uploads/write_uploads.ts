import type { JsonObject, Upload } from "../../content/resource.ts";
import { SluiceError } from "../../error.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { UPLOADS_AT_A_TIME } from "../../source/datocms/uploads_by_id.ts";
import { isObject } from "../../text/json.ts";
import { printable } from "../../text/printable.ts";
import type { Snapshot, SnapshotAsset } from "../../tools/open.ts";
import type { Loss } from "../phases.ts";
import { strangerOf } from "../creators.ts";
import type { Step } from "../plan.ts";
import type { RestoreRun } from "../run.ts";
import type { UploadUrls } from "../upload_urls.ts";
import { UploadPaths } from "./paths.ts";
import { placeholderOf } from "./placeholder.ts";
import { sendFile } from "./send_file.ts";
import {
  hasSameFile,
  nameToSend,
  uploadChanges,
  type UploadForm,
  type UploadParts,
  uploadParts,
} from "./upload_body.ts";

/** What uploads come from. */
export interface UploadSource {
  /** The snapshot. */
  readonly snapshot: Snapshot;
  /** How they are in the target. */
  readonly form: UploadForm;
  /** The ids of those that a small image stands for, as nobody has their file. */
  readonly placeholders: ReadonlySet<string>;
  /** Takes the addresses that uploads get. @default Nobody wants to know */
  readonly urls?: Pick<UploadUrls, "learn"> | undefined;
  /** The target as it was looked at, if editors work there: what they edited since stays. @default Nobody does */
  readonly seen?: Snapshot | undefined;
}

/** How often is looked for uploads whose jobs may not have ended, and how long is waited in between. */
const LOOKS = 8;
const LOOK_MS = 250;

/**
 * Sends files that the target lacks, and makes uploads of them under the ids they had.
 *
 * @param ids The uploads.
 * @param source Where they come from.
 * @param paths Reads the paths that the target has already.
 */
export function createsUploads(
  ids: readonly string[],
  source: UploadSource,
  paths: () => Promise<Iterable<string>>,
): Step {
  const { form } = source;
  const batches = Math.ceil(ids.length / UPLOADS_AT_A_TIME);
  return {
    phase: "uploads",
    writes: [
      {
        action: "create",
        type: "upload",
        count: ids.length,
        requests: 2 * ids.length + 2 * batches,
      },
      // Whoever makes one is its creator at first.
      ...form.keepsCreators
        ? [{
          action: "update" as const,
          type: "upload",
          count: ids.length,
          requests: 2 * ids.length,
        }]
        : [],
    ],
    async run(run) {
      const used = new UploadPaths(await paths(), run.target.clock);
      for (const batch of inBatches(ids)) {
        const there = await found(run, batch);
        const todo = batch.filter((id) => !there.has(id));
        const create = async (id: string, leavesJob: boolean) => {
          const { upload, file } = await assetOf(source, id, run.signal);
          const path = await sent(run, used, upload, file);
          const { attributes, relationships } = uploadParts(upload, form);
          const made = await run.target.create("/uploads", {
            id,
            type: "upload",
            attributes: { path, ...attributes },
            relationships: relationships as unknown as JsonObject,
          }, { signal: run.signal, leavesJob });
          if (!leavesJob) source.urls?.learn(made as unknown as Upload);
        };
        await run.forEach(todo, async (id) => {
          await create(id, true);
          run.wrote("uploads", "upload");
        });
        // Those whose jobs came to nothing say why when they are waited for.
        const made = await foundInTime(run, todo);
        await run.forEach(todo.filter((id) => !made.has(id)), (id) => create(id, false));
        for (const upload of [...there.values(), ...made.values()]) source.urls?.learn(upload);
        await run.forEach(made, async ([id, now]) => {
          const { upload } = await assetOf(source, id, run.signal);
          if (!hasSameFile(upload, now)) throw isOther(upload);
          if (form.keepsCreators) await putsBack(run, upload, uploadChanges(upload, now, form));
        });
      }
    },
  };
}

/**
 * Puts back what people wrote about uploads, and the files of those that have other ones.
 *
 * @param changed Uploads with the right file.
 * @param replaced Uploads with another file.
 * @param source Where they come from.
 * @param paths Reads the paths that the target has already.
 */
export function changesUploads(
  changed: readonly string[],
  replaced: readonly string[],
  source: UploadSource,
  paths: () => Promise<Iterable<string>>,
): Step {
  const { form } = source;
  const ids = [...changed, ...replaced];
  const others = new Set(replaced);
  const batches = Math.ceil(ids.length / UPLOADS_AT_A_TIME);
  return {
    phase: "uploads",
    writes: [{
      action: "update",
      type: "upload",
      count: ids.length,
      requests: 2 * changed.length + 3 * replaced.length + batches,
    }],
    async run(run) {
      const used = new UploadPaths(replaced.length > 0 ? await paths() : [], run.target.clock);
      for (const batch of inBatches(ids)) {
        const there = await found(run, batch);
        await run.forEach(batch, async (id) => {
          const now = there.get(id);
          if (now === undefined) return;
          const { upload, file } = await assetOf(source, id, run.signal);
          const changes = uploadChanges(upload, now, form);
          const isOther = others.has(id) && !hasSameFile(upload, now);
          if (changes === undefined && !isOther) return;
          const before = await source.seen?.asset(id, { signal: run.signal });
          if (before && before.upload.attributes.updated_at !== now.attributes.updated_at) {
            return run.lost(editedMeanwhile(id));
          }
          const path = isOther ? { path: await sent(run, used, upload, file) } : {};
          // A new file brings its own name.
          const { basename: _, ...attributes } = changes?.attributes ?? {};
          const changed = await putsBack(run, upload, {
            attributes: isOther ? { ...path, ...attributes } : changes?.attributes ?? {},
            relationships: changes?.relationships ?? {},
          });
          if (changed) source.urls?.learn(changed);
        });
      }
    },
  };
}

function editedMeanwhile(id: string): Loss {
  return {
    code: "edited_meanwhile",
    message: `The asset ${
      printable(id, 60)
    } was edited while the restore ran: it stays as it is. Restore again to look at it anew.`,
    type: "upload",
    id,
  };
}

/** Changes an upload. Its creator may be nobody any more: then whoever restores it is that. */
async function putsBack(
  run: RestoreRun,
  { id }: Upload,
  changes?: UploadParts,
): Promise<Upload | undefined> {
  if (changes === undefined) return undefined;
  const { target, signal } = run;
  const { creator, ...relationships } = changes.relationships;
  const update = (all: UploadParts["relationships"]) =>
    target.update(`/uploads/${encodeURIComponent(id)}`, {
      id,
      type: "upload",
      attributes: changes.attributes,
      ...Object.keys(all).length > 0 ? { relationships: all as unknown as JsonObject } : {},
    }, { signal });
  let answer: unknown;
  try {
    answer = await update(changes.relationships);
  } catch (error) {
    const isRefused = error instanceof CmaError && error.isRefusedQuery && creator !== undefined;
    if (!isRefused) throw error;
    const isMore = Object.keys({ ...changes.attributes, ...relationships }).length > 0;
    if (isMore) answer = await update(relationships);
    const { data } = creator;
    if (data && "id" in data) run.lost(strangerOf(data));
  }
  run.wrote("uploads", "upload");
  return answer as Upload | undefined;
}

/**
 * Sends a file, and tells the path it has then.
 *
 * @param run Where to, and what aborts it.
 * @param used The paths that other files have.
 * @param upload The upload.
 * @param file Its file.
 * @throws {SluiceError} If there is none, or it isn't taken.
 */
export async function sent(
  { target, signal }: Pick<RestoreRun, "target" | "signal">,
  used: UploadPaths,
  upload: Upload,
  file: SnapshotAsset["file"],
): Promise<string> {
  if (file === undefined) throw isGone(upload);
  const filename = nameToSend(upload);
  const given = await used.next(filename, async () => {
    const data = { type: "upload_request", attributes: { filename } };
    const answer = await target.send("POST", "/upload-requests", { data, signal });
    return requestIn(answer);
  }, signal);
  const { mime_type: type } = upload.attributes;
  const isType = typeof type === "string" && /^[\w.+-]+\/[\w.+-]+$/.test(type);
  const headers = { ...isType ? { "content-type": type } : {}, ...given.headers };
  const size = file.size ?? Number(upload.attributes.size);
  await sendFile(
    { size, open: ({ signal }) => file.open({ signal }) },
    { url: given.url, headers },
    { signal, clock: target.clock },
  );
  return given.id;
}

function requestIn(answer: unknown) {
  const { id, attributes } = isObject(answer) ? answer : {};
  const { url, request_headers: headers } = isObject(attributes) ? attributes : {};
  if (typeof id === "string" && typeof url === "string" && URL.canParse(url)) {
    const own = Object.entries(isObject(headers) ? headers : {})
      .map(([name, value]): [string, string] => [name, String(value)]);
    return { id, url, headers: Object.fromEntries(own) };
  }
  throw new SluiceError(
    "Expected an address for a file from POST /upload-requests, but there is none.",
  );
}

async function assetOf(
  { snapshot, placeholders }: UploadSource,
  id: string,
  signal: AbortSignal,
): Promise<SnapshotAsset> {
  const asset = await snapshot.asset(id, { signal });
  if (asset !== undefined) return placeholders.has(id) ? placeholderOf(asset) : asset;
  throw new SluiceError(
    `The asset ${printable(id, 40)} isn't in the snapshot any more: plan the restore again.`,
    undefined,
    { code: "snapshot_damaged" },
  );
}

async function found(
  { target, signal }: RestoreRun,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Upload>> {
  if (ids.length === 0) return new Map();
  const query = { filter: { ids: ids.join(",") }, page: { limit: ids.length } };
  const list = await target.list("/uploads", { query, signal }) as unknown as Upload[];
  return new Map(list.map((upload) => [upload.id, upload]));
}

/** Those of some uploads that are there once their jobs had time to end. */
async function foundInTime(
  run: RestoreRun,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Upload>> {
  for (let look = 1;; look++) {
    const there = await found(run, ids);
    if (there.size === ids.length || look === LOOKS) return there;
    await run.target.clock.delay(LOOK_MS * 1.6 ** look, { signal: run.signal });
  }
}

function* inBatches(ids: readonly string[]): Generator<readonly string[]> {
  for (let i = 0; i < ids.length; i += UPLOADS_AT_A_TIME) yield ids.slice(i, i + UPLOADS_AT_A_TIME);
}

function isOther({ id }: Upload): SluiceError {
  return new SluiceError(
    `The asset ${
      printable(id, 40)
    } has another MD5 or size in the target than the file that was sent: restore again, ` +
      "which sends it once more.",
    undefined,
    { code: "upload_differs" },
  );
}

function isGone({ id }: Upload): SluiceError {
  return new SluiceError(
    `The file of the asset ${
      printable(id, 40)
    } isn't in the snapshot any more: plan the restore again.`,
    undefined,
    { code: "snapshot_damaged" },
  );
}

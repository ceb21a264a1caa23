import { createdAt } from "../../content/attributes.ts";
import { suffixOf } from "../../sink/compression.ts";
import type { Upload } from "../../content/resource.ts";
import { amendBatches } from "./amend_batches.ts";
import { encodingOf, uploadsPath } from "../../snapshot/layout.ts";
import { UPLOADS } from "../../snapshot/span.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { resourcesById } from "../../source/datocms/resources_by_id.ts";
import { UPLOADS_AT_A_TIME } from "../../source/datocms/uploads_by_id.ts";
import {
  type ChangedResource,
  type ChangedResources,
  collectChanged,
  timeOf,
} from "./changed_resources.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { ExportSettings } from "../export_settings.ts";
import { converge, type ConvergeParts } from "./converge.ts";

/** What {@linkcode convergeUploads} uses. */
export interface ConvergeUploadsParts extends ConvergeParts {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** Where they are written. */
  readonly snapshot: SnapshotWriter;
  /** How they are written. */
  readonly settings: Pick<ExportSettings, "compress" | "layout">;
}

/**
 * Brings uploads that changed since the export began up to date, before their files are fetched.
 *
 * @return Whether it came to its end; `false` if it was stopped before.
 */
export async function convergeUploads(
  parts: ConvergeUploadsParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { state } = parts;
  return await converge(parts, {
    what: "uploads",
    since: state.changedSince,
    find: (since) => changedUploads(parts, since, signal),
    amend: (_, some) => amendUploads(parts, some, signal),
  });
}

async function changedUploads(
  parts: ConvergeUploadsParts,
  since: Date,
  signal: AbortSignal,
): Promise<ChangedResources> {
  const changed: ChangedResources = new Map();
  await collectChanged(parts, changed, {
    path: "/uploads",
    ordered: [undefined],
    column: "_updated_at",
    timeOf: ({ attributes }) => timeOf(attributes?.updated_at),
    since,
  }, (resource) => {
    const upload = resource as Upload;
    const states = { current: JSON.stringify(upload) };
    return { of: UPLOADS, time: createdAt(upload), states, upload };
  }, signal);
  return changed;
}

async function amendUploads(
  parts: ConvergeUploadsParts,
  some: ReadonlyMap<string, ChangedResource>,
  signal: AbortSignal,
): Promise<void> {
  const { snapshot, settings: { layout, compress } } = parts;
  const ids = new Map([...some].map(([id, { time }]) => [id, time]));
  const changed = new Map<string, Upload>();
  const unknown: string[] = [];
  for (const [id, { upload }] of some) {
    if (upload) changed.set(id, upload);
    else unknown.push(id);
  }
  for (const upload of await readAgain(parts, unknown, signal)) changed.set(upload.id, upload);
  await amendBatches(snapshot, {
    prefix: "uploads/",
    path: (batch) => uploadsPath(batch, layout) + suffixOf(compress),
    encoding: encodingOf(layout),
    of: UPLOADS,
    ids,
    changed,
    signal,
  });
}

/** Reads uploads again. Those that are gone aren't there. */
async function readAgain(
  { client, journal }: Pick<ConvergeUploadsParts, "client" | "journal">,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Upload[]> {
  const read: Upload[] = [];
  for (let at = 0; at < ids.length; at += UPLOADS_AT_A_TIME) {
    const some = new Set(ids.slice(at, at + UPLOADS_AT_A_TIME));
    const by = { path: "/uploads", ids: some };
    const uploads = await resourcesById<Upload>(client, by, {
      signal,
      onUnreadable: (entry) => {
        if (!journal.isLost(entry.id)) journal.addUnreadable("uploads that changed", entry);
      },
    });
    if (uploads === undefined) {
      throw new CmaError(
        `Expected ${some.size} uploads or fewer, asked for by their ids, from GET /uploads, but the API ` +
          "sent others: check that no proxy answers without asking the API, and the API's address.",
        { code: "api_address" },
      );
    }
    read.push(...uploads.values());
  }
  return read;
}

import type { ExportLock } from "../../snapshot/lock/export_lock.ts";
import type { SnapshotPlace } from "../../snapshot/layout.ts";
import { noteLatest } from "../../snapshot/latest.ts";
import { TABLES_VERSION } from "../../transform/table_schema.ts";
import { type Manifest, statusOf } from "../../snapshot/manifest.ts";
import type { ManifestContent } from "../../snapshot/seal.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";

import { type BaseState, shapesOf } from "./base_snapshot.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import { BY_ID } from "../../source/datocms/pack_queue.ts";
import { VERSION } from "../../version.ts";
import type { Emit } from "../events.ts";
import { type ExportSettings, shapingSettings } from "../export_settings.ts";
import type { Journal } from "../journal.ts";
import { type ExportReport, reportOf } from "../report.ts";
import type { ResumeState } from "../resume/resume_state.ts";
import type { Selection } from "../selection.ts";
import type { Tallies } from "../tallies.ts";

/** What {@linkcode sealSnapshot} uses. */
export interface SealParts {
  /** The project and its schema. */
  readonly project: ProjectSchema;
  /** The project's name. */
  readonly name: string | null;
  /** Which project and environment the snapshot is of. */
  readonly place: SnapshotPlace;
  /** The snapshot. */
  readonly snapshot: SnapshotWriter;
  /** What was counted. */
  readonly tallies: Tallies;
  /** Which records were read. */
  readonly selection: Pick<Selection, "recordListings">;
  /** What was noted. */
  readonly journal: Journal;
  /** When the export began. */
  readonly startedAt: Date;
  /** What is noted of the snapshot, and how records were read. */
  readonly state: Pick<ResumeState, "labels" | "listing" | "base">;
  /** What was exported, and how. */
  readonly settings: ExportSettings & { readonly signal: AbortSignal };
  /** Keeps others from writing to the same place. */
  readonly lock: Pick<ExportLock, "confirm" | "unwatch">;
  /** Called with what happens. */
  readonly emit: Emit;
}

/**
 * Makes a snapshot complete. Everything has to be written.
 *
 * @param parts What was exported.
 * @param assets What became of the asset files, if they were fetched.
 * @return The export's report.
 * @throws {StorageError} If it can't be written.
 * @throws {SluiceError} If the lock is lost.
 */
export async function sealSnapshot(
  parts: SealParts,
  assets: Manifest["assets"],
): Promise<ExportReport> {
  const { project, name, place, snapshot, tallies, journal, settings, lock, emit } = parts;
  const published = publishedBy(parts);
  const { base } = parts.state;
  const models = parts.selection.recordListings.map(({ model }) => model);
  const records = models.length > 0 && settings.tables !== "only"
    ? { shapes: shapesOf(project.schema, models), sinceFull: base?.sinceFull ?? 0 }
    : undefined;
  const { labels } = parts.state;
  await lock.confirm();
  const { site, environment } = project;
  const endedAt = new Date().toISOString();
  const content = (): ManifestContent => ({
    tool: { name: "sluice", version: VERSION },
    project: { id: site.id, name },
    environment: { id: place.sandbox ?? environment ?? null, primary: place.sandbox === undefined },
    locales: site.attributes.locales,
    status: statusOf(journal.notes),
    ...(Object.keys(labels).length > 0 && { labels }),
    startedAt: parts.startedAt.toISOString(),
    endedAt,
    options: shapingSettings(settings),
    ...tallies.counts,
    ...(published && { published }),
    ...records,
    ...(settings.tables !== false && { tablesVersion: TABLES_VERSION }),
    ...(assets === undefined ? {} : { assets }),
    ...journal.notes,
  });
  const manifest = await snapshot.seal(content, (paths, reason) => {
    const what = paths.length === 1
      ? `${JSON.stringify(paths[0])}, which isn't part of it, couldn't be deleted from it`
      : `${paths.length} objects that aren't part of it couldn't be deleted from it`;
    journal.addWarning(
      "leftovers",
      `The snapshot's manifest names what is left in its folder: ${what} (${reason}).`,
    );
  });
  const reused = base && reuseOf(base, settings.storage.url);
  if (reused) emit({ type: "reused", ...reused });
  emit({ type: "sealed", snapshot: snapshot.address });
  lock.unwatch();
  await noteLatest(settings.storage, snapshot.prefix, settings.signal);
  return { ...reportOf(snapshot.address, manifest), ...(reused && { reused }) };
}

function reuseOf({ prefix, reused }: BaseState, url: string): NonNullable<ExportReport["reused"]> {
  const { current: records, published, flat } = reused;
  const requests = Math.ceil((records + published - flat) / BY_ID.nested) +
    Math.ceil(flat / BY_ID.flat);
  return { snapshot: `${url}/${prefix}`, records, published, requests };
}

/** How the published versions of each model were had, if any were read. */
function publishedBy(
  { state, selection }: Pick<SealParts, "state" | "selection">,
): Manifest["published"] {
  const listings = selection.recordListings.filter(({ version }) => version === "published");
  if (listings.length === 0) return undefined;
  return Object.fromEntries(listings.map(({ model: { attributes: { api_key: key } } }) => {
    const { isDerived } = state.listing(`records/${key}/published`);
    return [key, isDerived ? "derived" : "read"];
  }));
}

import type { ExportReport } from "../../export/export.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import type { ProgressState } from "../../report/progress_state.ts";
import {
  KNOWN_ASSET_FAILURE,
  type Manifest,
  type ManifestAssets,
  type ManifestNote,
} from "../../snapshot/manifest.ts";
import { RESOURCES } from "../../source/datocms/resources.ts";
import { advised } from "./advice.ts";
import { reuseText } from "../progress/event_text.ts";
import { projectName } from "../progress/render_progress.ts";
import { counted, formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { wrap, wrapList } from "../text/wrap.ts";

/** How an export went besides what is in its report. */
export interface SummaryContext {
  /** How far its events told that it came. */
  readonly progress: ProgressState;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** The widest line. */
  readonly columns: number;
  /** Whether it was told already, while the export ran. @default Nothing was */
  readonly hasTold?: (note: ManifestNote) => boolean;
  /** Whether only assets that had failed were tried again. @default {false} */
  readonly isRetry?: boolean | undefined;
}

/** Models that are listed, and warnings or failures of a kind. */
const LISTED = 20;
const NOTES = 10;

/**
 * What an export wrote, for people.
 *
 * @param report The export's report.
 * @param context How it went.
 * @return Lines, with a line break at the end.
 */
export function renderSummary(report: ExportReport, context: SummaryContext): string {
  const { manifest, snapshot, status, reused } = report;
  const { progress, ms, columns, isRetry = false, hasTold = () => false } = context;
  const { project, environment } = manifest;
  const name = projectName({ ...START, project, environment: environment.id });
  const place: Row = ["Snapshot", shownAddress(snapshot)];
  const requests: Row = ["Requests", requestsText(progress)];
  // What else the snapshot holds wasn't read now.
  const rows: (Row | undefined)[] = isRetry ? [place, retriedText(progress), requests] : [
    place,
    ["Records", recordsText(manifest)],
    ["", modelsList(manifest)],
    ["Models", modelCountText(manifest)],
    resourceText("Uploads", manifest, "uploads"),
    assetsText(report, progress),
    deletionText(report, hasTold),
    resourceText("Tables", manifest, "tables"),
    ["Others", othersList(manifest)],
    ["Files", filesText(manifest)],
    requests,
    reused && ["Reused", reuseText(reused)],
  ];
  const width = Math.max(40, Math.min(columns, 100));
  const done = `${isRetry ? `Retried the failed assets of ${name}` : `Exported ${name}`} in ${
    formatDuration(ms)
  }`;
  return [
    status === "complete"
      ? `${done}: complete.`
      : isRetry
      ? `${done}, but the snapshot still lacks something: see the failures.`
      : `${done}, but not all of it: see the failures.`,
    "",
    ...rows.flatMap((row) => row === undefined ? [] : rowLines(row, width)),
    ...notesLines("Findings", manifest.findings, hasTold),
    ...notesLines("Warnings", [...manifest.warnings, ...progress.aside], hasTold),
    ...notesLines("Failures", manifest.failures, hasTold),
    "",
  ].join("\n");
}

const START = { type: "start", snapshot: "", listings: 0 } as const;

/** A name, and what is beside it: text or the entries of a list. */
type Row = readonly [string, string | readonly string[]];

function rowLines([name, content]: Row, width: number): string[] {
  // An address isn't broken: it is copied.
  const lines = name === "Snapshot"
    ? [String(content)]
    : typeof content === "string"
    ? wrap(content, width - 12)
    : wrapList(content, width - 12);
  return lines.map((line, i) => `  ${(i === 0 ? name : "").padEnd(10)}${line}`);
}

function recordsText({ records }: Manifest): string {
  const models = Object.values(records);
  if (models.length === 0) return "none";
  const sum = (version: "current" | "published") => ({
    count: models.reduce((count, model) => count + (model[version]?.count ?? 0), 0),
    bytes: models.reduce((bytes, model) => bytes + (model[version]?.bytes ?? 0), 0),
  });
  const current = sum("current");
  const published = sum("published");
  const withPublished = models.some((model) => model.published !== undefined);
  const versions = `${formatCount(current.count)} current${
    withPublished ? ` and ${formatCount(published.count)} published` : ""
  }`;
  const bytes = current.bytes + published.bytes;
  return `${versions} in ${counted(models.length, "model")}${
    bytes > 0 ? `, ${formatBytes(bytes)}` : ""
  }`;
}

/** The models, those with most records first: `article 12/10` has ten published records. */
function modelsList({ records }: Manifest): string[] {
  const models = Object.entries(records)
    .map(([key, { current, published }]) => ({ key, count: current?.count ?? 0, published }))
    .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
  const listed = models.slice(0, LISTED).map(({ key, count, published }) => {
    const also = published === undefined ? "" : `/${formatCount(published.count)}`;
    return `${printable(key, 60)} ${formatCount(count)}${also}`;
  });
  const more = models.length - listed.length;
  return more > 0 ? [...listed, `and ${formatCount(more)} more`] : listed;
}

function resourceText(
  title: string,
  { resources }: Manifest,
  name: string,
): Row | undefined {
  const resource = resources[name];
  if (resource === undefined) return undefined;
  if ("skipped" in resource) return [title, "left out"];
  const count = formatCount(resource.count);
  const what = name === "tables" ? `${count} rows` : count;
  return [title, `${what}, ${formatBytes(resource.bytes)}`];
}

function assetsText(
  { manifest: { assets }, snapshot }: ExportReport,
  { assets: { retries } }: ProgressState,
): Row | undefined {
  if (assets === undefined) return undefined;
  const { downloaded, kept, prefix } = assets;
  const parts = [
    `${formatCount(downloaded.count)} downloaded (${formatBytes(downloaded.bytes)})`,
    kept.count > 0 ? `${formatCount(kept.count)} kept (${formatBytes(kept.bytes)})` : "",
    ...lackingParts(assets),
    retriesText(retries),
  ].filter((part) => part !== "");
  const root = snapshot.slice(0, snapshot.lastIndexOf("/content/project_"));
  return ["Assets", `${parts.join(", ")}, in ${shownAddress(`${root}/${prefix}`)}`];
}

/** What became of those that had failed. */
function retriedText({ assets }: ProgressState): Row {
  const { downloaded, kept, withdrawn, not_served: notServed, failed, bytes, retries } = assets;
  if (downloaded + kept + withdrawn + notServed + failed === 0) {
    return ["Assets", "none had failed"];
  }
  const parts = [
    `${formatCount(downloaded)} downloaded (${formatBytes(bytes)})`,
    kept > 0 ? `${formatCount(kept)} kept` : "",
    ...lackingParts({ withdrawn, notServed, failed }),
    retriesText(retries),
  ].filter((part) => part !== "");
  return ["Assets", `${parts.join(", ")}, of those that had failed`];
}

function lackingParts(
  { withdrawn, notServed = 0, failed }: Pick<ManifestAssets, "withdrawn" | "notServed" | "failed">,
): string[] {
  return [
    withdrawn > 0 ? `${formatCount(withdrawn)} withdrawn by DatoCMS` : "",
    notServed > 0 ? `${formatCount(notServed)} not served by DatoCMS` : "",
    failed > 0 ? `${formatCount(failed)} failed` : "",
  ];
}

function retriesText(retries: number): string {
  return retries > 0 ? counted(retries, "retry", "retries") : "";
}

function deletionText(
  { deletion, manifest: { assets } }: ExportReport,
  hasTold: (note: ManifestNote) => boolean,
): Row | undefined {
  const orphaned = assets?.orphaned;
  if (deletion === undefined) {
    if (!orphaned?.count) return undefined;
    const left = `${counted(orphaned.count, "file")} (${formatBytes(orphaned.bytes)})`;
    return ["", `${left} no longer used by any upload, kept`];
  }
  const { deleted, problem } = deletion;
  const done = `${counted(deleted.count, "file")} (${formatBytes(deleted.bytes)})`;
  return [
    "Deleted",
    problem === undefined
      ? `${done} no longer used by any upload`
      : hasTold({ code: "deletion_refused", message: problem })
      ? `${done}; why not all of them is reported above`
      : printable(problem, 1000),
  ];
}

/** Block models are models in DatoCMS's schema, too. */
function modelCountText({ resources: { models } }: Manifest): string {
  return models === undefined || "skipped" in models
    ? ""
    : `${formatCount(models.count)}, block models included`;
}

/** Resources that have no line of their own, in the order in which they would be put back. */
function othersList({ resources }: Manifest): string[] {
  return RESOURCES.filter(({ layout }) => layout !== "core").flatMap(({ name }) => {
    const resource = resources[name];
    if (resource === undefined) return [];
    return [`${name} ${"skipped" in resource ? "left out" : formatCount(resource.count)}`];
  });
}

/** The manifest and the seal belong to the snapshot, but not to the list in the manifest. */
function filesText({ objects }: Manifest): string {
  const bytes = objects.reduce((sum, { size }) => sum + size, 0);
  return `${counted(objects.length + 2, "file")} in the snapshot, ${formatBytes(bytes)}`;
}

function requestsText({ requests, leastSeconds = 0 }: ProgressState): string {
  const { count, retries, bytes } = requests;
  const least = leastSeconds > 0
    ? `at least ${formatDuration(leastSeconds * 1000)} under the API's rate limit`
    : "";
  return [formatCount(count), formatBytes(bytes), retriesText(retries), least]
    .filter((part) => part !== "").join(", ");
}

/** What wasn't told while the export ran, and how much was. */
function notesLines(
  title: string,
  all: readonly ManifestNote[],
  hasTold: (note: ManifestNote) => boolean,
): string[] {
  if (all.length === 0) return [];
  const notes = all.filter((note) => !hasTold(note));
  const told = all.filter(hasTold);
  const more = notes.length - NOTES;
  return [
    "",
    title,
    ...notes.slice(0, NOTES).map(advised).map(({ message }) => `  - ${printable(message, 500)}`),
    ...(more > 0 ? [`  - … and ${formatCount(more)} more in manifest.json`] : []),
    ...(told.length > 0 ? [`  - ${toldText(told)}`] : []),
  ];
}

/** How many notes were told, and of how many only the manifest says that they aren't new. */
function toldText(told: readonly ManifestNote[]): string {
  const known = told.filter(({ code }) => code === KNOWN_ASSET_FAILURE);
  const since = /as in (snapshot_\d+) before/.exec(known[0]?.message ?? "")?.[1];
  const which = since === undefined ? "" : ` (${formatCount(known.length)} as in ${since} before)`;
  return `${formatCount(told.length)} reported above, and in manifest.json${which}`;
}

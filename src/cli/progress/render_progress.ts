import { printable, shownAddress } from "../../text/printable.ts";
import {
  assetsDone,
  type ListingProgress,
  type ProgressState,
  writtenOf,
} from "../../report/progress_state.ts";
import { counted, formatBytes, formatCount, formatDuration, renderBar } from "../text/format.ts";
import { type LineOptions, renderLine, type Span, wrapSpans } from "../text/line.ts";
import { type Pace, paceOf } from "./pace.ts";

/** How progress is shown. */
export interface RenderProgressOptions extends LineOptions {
  /** The time in milliseconds. */
  readonly now: number;
}

/** Listings that are named. */
const NAMED = 4;
/** Columns of the names at the left. */
const LABEL = 10;
const WIDEST_BAR = 24;
const NARROWEST_BAR = 5;
/** What a bar leaves to the text beside it, in columns. */
const BESIDE_BAR = 64;

/**
 * How far an export is, in a few lines.
 *
 * @param state How far it is.
 * @param options The terminal's width, whether there are colours, and the time.
 * @return The lines, none wider than the terminal.
 */
export function renderProgress(state: ProgressState, options: RenderProgressOptions): string[] {
  const { columns, now } = options;
  const pace = paceOf(state, now);
  const lines: Span[][] = [heading(state)];
  if (state.start !== undefined) {
    // Those that try failed assets again list nothing.
    const isListing = state.start.listings > 0;
    if (isListing) lines.push(recordsLine(state, columns, pace));
    if (state.withAssets) lines.push(assetsLine(state, columns, pace));
    if (isListing) lines.push(listingsLine(state, columns));
  }
  if (state.tables !== undefined) lines.push(tablesLine(state.tables, columns));
  if (!makesTablesOnly(state)) lines.push(requestsLine(state));
  const { objects, bytes } = writtenOf(state);
  if (objects > 0) {
    lines.push([label("Written"), `${counted(objects, "object")}, ${formatBytes(bytes)}`]);
  }
  const left = pace.msLeft === undefined ? "" : `, about ${formatDuration(pace.msLeft)} left`;
  lines.push([label("Time"), formatDuration(now - state.startedAt) + left]);
  // Some terminals break a line that is exactly as wide as they are.
  const width = columns - 1;
  return lines.flatMap((line) => wrapSpans(line, width, Math.min(LABEL, Math.max(0, width - 1))))
    .map((line) => renderLine(line, { ...options, columns: width }));
}

/**
 * The name of a listing: `article`, `article (published)`, `roles`.
 *
 * @param listing The listing.
 */
export function listingName(
  { resource, model, version }: Pick<ListingProgress, "resource" | "model" | "version">,
): string {
  const name = printable(model ?? resource, 60);
  return version === "published" ? `${name} (published)` : name;
}

/**
 * Which project is exported: `Slackwater (project 123, environment main)`.
 *
 * @param start The event that tells.
 */
export function projectName(
  { project, environment }: Pick<NonNullable<ProgressState["start"]>, "project" | "environment">,
): string {
  const details = [`project ${printable(project.id, 40)}`];
  if (environment !== null) details.push(`environment ${printable(environment, 60)}`);
  return project.name === null
    ? details.join(", ")
    : `${printable(project.name, 80)} (${details.join(", ")})`;
}

/** Whether tables are made of a snapshot that is there: nobody is asked for anything. */
function makesTablesOnly({ start, tables }: ProgressState): boolean {
  return start === undefined && tables !== undefined;
}

function heading(state: ProgressState): Span[] {
  const { start } = state;
  if (makesTablesOnly(state)) return [["bold", "Making tables"]];
  if (start === undefined) return [["bold", "Reading the project's schema"]];
  return [
    "Exporting ",
    ["bold", projectName(start)],
    " to ",
    shownAddress(start.snapshot),
  ];
}

function recordsLine(
  { records }: ProgressState,
  columns: number,
  { totalsKnown, recordsPerSecond }: Pace,
): Span[] {
  const speed = recordsPerSecond >= 0.5 ? `, ${formatCount(recordsPerSecond)}/s` : "";
  const [bar, count] = doneOf(records.read, records.total, totalsKnown, columns);
  return [label("Records"), ...bar, count + speed];
}

function assetsLine(state: ProgressState, columns: number, { totalsKnown }: Pace): Span[] {
  const { uploads, assets } = state;
  // There is an asset for each upload, and their listing tells how many there are.
  const isKnown = totalsKnown || uploads.total > 0;
  const [bar, count] = doneOf(assetsDone(state), uploads.total, isKnown, columns);
  const bytes = `, ${formatBytes(assets.bytes)} downloaded`;
  const kept = assets.kept > 0 ? `, ${formatCount(assets.kept)} kept` : "";
  const failed: Span[] = assets.failed > 0
    ? [", ", ["red", `${formatCount(assets.failed)} failed`]]
    : [];
  return [label("Assets"), ...bar, count + bytes + kept, ...failed];
}

function listingsLine({ listingsDone, start, active }: ProgressState, columns: number): Span[] {
  const named = active.filter(({ total }) => total > 0).slice(0, NAMED).map((listing) => {
    return `${listingName(listing)} ${formatCount(listing.read)}/${formatCount(listing.total)}`;
  });
  const more = active.length > named.length && named.length > 0 ? ", …" : "";
  const [bar, count] = doneOf(listingsDone, start!.listings, true, columns);
  return [
    label("Listings"),
    ...bar,
    count,
    ["dim", named.length === 0 ? "" : `: ${named.join(", ")}${more}`],
  ];
}

function tablesLine(
  { rows, entries, of }: NonNullable<ProgressState["tables"]>,
  columns: number,
): Span[] {
  const [bar, count] = doneOf(entries, of ?? 0, of !== null, columns);
  return [label("Tables"), ...bar, `${count}, ${counted(rows, "row")}`];
}

/** A bar if there is room for it, the percentage and how much is done; only the last if no total is known. */
function doneOf(
  done: number,
  total: number,
  totalKnown: boolean,
  columns: number,
): readonly [Span[], string] {
  if (!totalKnown) return [[], `${formatCount(done)} so far`];
  const ratio = total === 0 ? 1 : Math.min(1, done / total);
  // Rounded down: 100 % is the end.
  const percent = `${Math.floor(ratio * 100)} %`.padStart(5);
  const count = `${percent}  ${formatCount(done)} of ${formatCount(total)}`;
  const width = Math.min(WIDEST_BAR, columns - BESIDE_BAR);
  if (width < NARROWEST_BAR) return [[], count.trimStart()];
  return [[["cyan", renderBar(width, ratio)], " "], count];
}

function requestsLine({ requests }: ProgressState): Span[] {
  const { count, retries, bytes, available } = requests;
  const spans: Span[] = [label("Requests"), `${formatCount(count)}, ${formatBytes(bytes)}`];
  if (available !== undefined) spans.push(`, ${formatCount(available)} left in this window`);
  if (retries > 0) spans.push(", ", ["yellow", counted(retries, "retry", "retries")]);
  return spans;
}

function label(text: string): Span {
  return ["dim", text.padEnd(LABEL)];
}

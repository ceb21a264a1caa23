import { labelWords } from "../../snapshot/labels.ts";
import type { SnapshotInfo, SnapshotList } from "../../tools/list.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import { formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { type Column, renderTable } from "../text/table.ts";
import { textWidth } from "../text/width.ts";

/** What else is shown with a list of snapshots. */
export interface SnapshotsTextOptions {
  /** Where the snapshots are. */
  readonly from: string;
  /** The widest line. */
  readonly columns: number;
  /** Whether there may be other snapshots. */
  readonly isFiltered: boolean;
  /** The command that lists those that follow. */
  readonly more: string;
  /** The command that makes the first one. */
  readonly first: string;
}

/** A column of the list. */
interface ListColumn {
  readonly heading: string;
  readonly set: Column;
  readonly cell: (info: SnapshotInfo) => string;
  /** Where there is no room for all columns, those with the highest number go first. @default {0}, it stays */
  readonly goes?: number;
}

const UNKNOWN = "-";

const COLUMNS: readonly ListColumn[] = [
  { heading: "Snapshot", set: "text", cell: ({ id }) => id },
  { heading: "Project", set: "text", cell: ({ project }) => printable(project.id, 40), goes: 4 },
  { heading: "Environment", set: "text", cell: environmentOf },
  { heading: "Begun (UTC)", set: "text", cell: ({ createdAt }) => shownTime(createdAt) },
  {
    heading: "Took",
    set: "number",
    cell: ({ durationMs }) => durationMs === null ? UNKNOWN : formatDuration(durationMs),
    goes: 2,
  },
  { heading: "State", set: "text", cell: ({ state }) => state },
  { heading: "Records", set: "number", cell: ({ records }) => shownCount(records) },
  { heading: "Assets", set: "number", cell: ({ assets }) => shownCount(assets?.count), goes: 3 },
  {
    heading: "Size",
    set: "number",
    cell: ({ bytes }) => bytes === null ? UNKNOWN : formatBytes(bytes),
    goes: 1,
  },
  { heading: "Labels", set: "text", cell: labelsText, goes: 6 },
  { heading: "Tool", set: "text", cell: toolOf, goes: 5 },
];

/**
 * A list of snapshots, for people. Columns for which there is no room are left out.
 *
 * @param list The list.
 * @param options What else is shown.
 * @return Lines, with a line break at the end.
 */
export function renderSnapshots(
  { snapshots, next }: SnapshotList,
  { from, columns, isFiltered, more, first }: SnapshotsTextOptions,
): string {
  if (snapshots.length === 0) {
    const where = shownAddress(from);
    return isFiltered
      ? `There are no such snapshots in ${where}.\n`
      : `There are no snapshots in ${where} yet. Make the first one: ${first}\n`;
  }
  const lines = fitting(snapshots, columns);
  const problems = snapshots.flatMap(({ problem }) => problem === undefined ? [] : [problem]);
  return [
    ...lines,
    ...problems.map((problem) => `${problem}.`),
    ...(next === undefined ? [] : ["", `More: ${more}`]),
    "",
  ].join("\n");
}

/**
 * A snapshot's environment, as far as it is known.
 *
 * @param info The snapshot.
 */
export function environmentOf({ environment: { id, primary } }: SnapshotInfo): string {
  return printable(id ?? (primary ? "(primary)" : UNKNOWN), 40);
}

/**
 * A snapshot's labels, or nothing.
 *
 * @param info The snapshot.
 */
export function labelsText({ labels }: Pick<SnapshotInfo, "labels">): string {
  return printable(labelWords(labels).join(", "), 60);
}

/**
 * What wrote a snapshot.
 *
 * @param info The snapshot.
 */
export function toolOf({ tool: { name, version } }: SnapshotInfo): string {
  if (name === "datocms") return "DatoCMS";
  return version === null ? UNKNOWN : printable(version, 20);
}

/**
 * A time to the minute, in UTC: `2026-01-31 14:30`.
 *
 * @param time The time in ISO 8601.
 */
export function shownTime(time: string): string {
  return new Date(time).toISOString().slice(0, 16).replace("T", " ");
}

function shownCount(count: number | null | undefined): string {
  return count === null || count === undefined ? UNKNOWN : formatCount(count);
}

/** The table with as many columns as there is room for. */
function fitting(snapshots: readonly SnapshotInfo[], width: number): string[] {
  // Of one project, its id says nothing.
  const several = new Set(snapshots.map(({ project }) => project.id)).size > 1;
  const areLabelled = snapshots.some(({ labels }) => Object.keys(labels).length > 0);
  let shown = COLUMNS.filter(({ heading }) => {
    return (several || heading !== "Project") && (areLabelled || heading !== "Labels");
  });
  for (;;) {
    const lines = renderTable(
      shown.map(({ set }) => set),
      [
        shown.map(({ heading }) => heading),
        ...snapshots.map((info) => {
          return shown.map(({ cell }) => cell(info));
        }),
      ],
    );
    const last = Math.max(...shown.map(({ goes = 0 }) => goes));
    if (last === 0 || lines.every((line) => textWidth(line) <= width)) return lines;
    shown = shown.filter(({ goes = 0 }) => goes !== last);
  }
}

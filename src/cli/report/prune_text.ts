import type { PruneResult } from "../../tools/prune.ts";
import type { UnusedAssets } from "../../tools/unused_assets.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import { counted, formatBytes } from "../text/format.ts";
import { shownTime } from "./snapshots_text.ts";
import { renderTable } from "../text/table.ts";

/** What else is shown with what was removed. */
export interface PruneTextOptions {
  /** Where the snapshots are. */
  readonly from: string;
  /** The command that removes what would be removed; `undefined` if it was removed. */
  readonly removal: string | undefined;
  /** What became of asset files; `undefined` if they weren't looked at. */
  readonly assets?: readonly UnusedAssets[] | undefined;
}

/**
 * Which snapshots stay and why, and which were removed, for people.
 *
 * @param result What was done, or would be.
 * @param options What else is shown.
 * @return Lines, with a line break at the end.
 */
export function renderPrune(
  result: PruneResult,
  { from, removal, assets = [] }: PruneTextOptions,
): string {
  const { keep, remove, failed, freed } = result;
  if (keep.length + remove.length + failed.length === 0) {
    return `There are no snapshots in ${shownAddress(from)}.\n`;
  }
  const isDone = removal === undefined;
  const rows = [
    ...keep.map(({ name, id, reasons }) => ["keep", name, id, reasons.join(", ")]),
    ...remove.map(({ name, id, bytes, lockedUntil }) => {
      return [isDone ? "removed" : "remove", name, id, formatBytes(bytes) + untilText(lockedUntil)];
    }),
    ...failed.map(({ name, id, reason, lockedUntil }) => {
      return ["not removed", name, id, printable(reason, 300) + untilText(lockedUntil)];
    }),
  ].map((
    [what, name, id, why],
  ) => [what!, printable(name!, 100), shownTime(new Date(Number(id) * 1000).toISOString()), why!]);
  const lines = renderTable(["text", "text", "text", "text"], rows);
  const many = counted(remove.length, "snapshot");
  const size = `${formatBytes(freed)} ${isDone ? "freed" : "to be freed"}`;
  const sum = isDone ? `Removed ${many} (${size}).\n` : `Would remove ${many} (${size}).\n`;
  const files = assets.map((one) => assetsText(one, isDone)).join("");
  const isNothing = remove.length === 0 && assets.every(({ removed }) => removed.count === 0);
  const hint = isDone || isNothing ? "" : `To remove them: ${removal}\n`;
  return `${lines.join("\n")}\n${sum}${files}${hint}`;
}

function assetsText(
  { project, removed, kept, freed, lockedUntil, problem }: UnusedAssets,
  isDone: boolean,
): string {
  const what = `${counted(removed.count, "unused asset file")} of project ${
    printable(project, 60)
  }`;
  const size = `${formatBytes(freed)} ${isDone ? "freed" : "to be freed"}${untilText(lockedUntil)}`;
  const why = problem === undefined ? "" : ` Not all could be removed: ${problem}.`;
  return `${isDone ? "Removed" : "Would remove"} ${what} (${size}); ${
    counted(kept.count, "file stays", "files stay")
  }.${why}\n`;
}

function untilText(lockedUntil: string | undefined): string {
  return lockedUntil === undefined ? "" : `; its bytes are locked until ${lockedUntil}`;
}

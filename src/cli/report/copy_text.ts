import { printable, shownAddress } from "../../text/printable.ts";
import type { CopyResult } from "../../tools/copy.ts";
import { counted, formatBytes } from "../text/format.ts";

/**
 * What was copied, and what was there already, for people.
 *
 * @param result What was done.
 * @return A line, with a line break at the end.
 */
export function renderCopy({ snapshot, to, state, objects, assets }: CopyResult): string {
  const name = printable(snapshot);
  if (state === "there") return `${name} is already in ${shownAddress(to)}.\n`;
  const sum = (which: "copied" | "skipped", key: "count" | "bytes") => {
    return objects[which][key] + assets[which][key];
  };
  const skipped = sum("skipped", "count");
  const there = skipped === 0
    ? ""
    : `, ${counted(skipped, "file")} (${formatBytes(sum("skipped", "bytes"))}) were there`;
  return `${name} is in ${shownAddress(to)}: ${counted(objects.copied.count, "object")} and ${
    counted(assets.copied.count, "asset file")
  } copied (${formatBytes(sum("copied", "bytes"))})${there}.\n`;
}

import type { Verification } from "../../tools/verify.ts";
import { counted, formatBytes } from "../text/format.ts";
import { printable } from "../../text/printable.ts";

/**
 * What was found of a snapshot, for people.
 *
 * @param verification What was found.
 * @return Lines, each with its end.
 */
export function renderVerification(
  { snapshot, status, against, checked, problems, more }: Verification,
): string {
  const { objects, bytes, lines } = checked;
  const read = `${counted(objects, "object")}, ${formatBytes(bytes)}` +
    (lines === 0 ? "" : `, ${counted(lines, "line")}`);
  const count = problems.length + more;
  const head = `${printable(snapshot)}: ${
    status === "intact" ? "intact" : `damaged, ${counted(count, "problem")}`
  } (${read})`;
  const limits = against === "itself"
    ? [
      "  It has no manifest: nobody can tell whether bytes or files changed that can still be read.",
    ]
    : [];
  const shown = problems.map(({ kind, key, detail }) => {
    return `  ${kind.padEnd("unparsable".length)}  ${printable(key, 1000)}: ${
      printable(detail, 1000)
    }`;
  });
  const rest = more === 0 ? [] : [`  and ${counted(more, "more problem")}`];
  return [head, ...limits, ...shown, ...rest].map((line) => `${line}\n`).join("");
}

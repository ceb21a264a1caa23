import type { DrillResult } from "../../restore/mod.ts";
import { printable } from "../../text/printable.ts";
import { counted, formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { differenceText, listed } from "./restore_text.ts";

/**
 * How a drill went, for people.
 *
 * @param result How it went.
 * @return Lines, each with its end.
 */
export function renderDrill(result: DrillResult): string {
  const { status, snapshot, project, problems, damage, verification, assets, losses } = result;
  const { environment, isKept, removed, requests, journal } = result;
  const lines = [
    `${status === "passed" ? "Passed" : "Failed"}: a drill of ${
      printable(snapshot)
    }, of the project ${printable(project.name)} (${printable(project.id)})`,
    ...problems.length === 0 ? [] : listed(problems),
    "",
    ...drillRows(result).map(([name, text]) => `  ${name.padEnd(16)} ${text}`),
    ...assets === null ? [] : [
      `  ${"Files".padEnd(16)} ${counted(assets.files, "file")} sent as new uploads (${
        formatBytes(assets.bytes)
      }), ${
        assets.problems.length === 0
          ? "all as they were"
          : `${assets.problems.length} not as they were`
      }`,
    ],
    `  ${"Requests".padEnd(16)} ${formatCount(requests.writes)} that changed something, ${
      formatCount(requests.reads)
    } that looked meanwhile; ${formatCount(requests.planned)} foreseen`,
    ...section("Damaged", damage.map(({ kind, key, detail }) => `${kind} ${key}: ${detail}`)),
    ...section("Different", (verification?.differences ?? []).map(differenceText)),
    ...section(
      "What the snapshot lacks itself",
      losses.filter(({ code }) => code !== "schedule_left").map(({ message }) => message),
    ),
    "",
    ...removed.length === 0
      ? []
      : [`Destroyed, as earlier drills had left them: ${
        removed.map((id) => printable(id)).join(", ")
      }`],
    ...environment === null ? ["No environment was made."] : isKept
      ? [
        `The environment ${
          printable(environment)
        } is kept to be looked at: the next drill destroys it.`,
      ]
      : [`The environment ${printable(environment)} was destroyed.`],
    ...journal === null ? [] : [`Journal: ${printable(journal)}`],
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * What a drill measured, each with its name.
 *
 * @param result How it went.
 */
export function drillRows(
  { scope, rtoMs, rpoMs, snapshotAt, verification }: DrillResult,
): (readonly [string, string])[] {
  const { kind, records, chosen, of, seed } = scope;
  const whole = of === null ? "" : ` of ${formatCount(of)}`;
  const count = (verification?.differences.length ?? 0) + (verification?.more ?? 0);
  return [
    [
      "Scope",
      kind === "full"
        ? `all ${of === null ? "records" : counted(of, "record")}`
        : `a sample only: ${formatCount(chosen ?? 0)} records${whole}, chosen at random (seed ${
          printable(seed)
        })${records === null ? "" : `, ${formatCount(records)} with what they link to`}`,
    ],
    [
      "Time to restore",
      rtoMs === null
        ? "not known, as it wasn't restored to the end"
        : `${formatDuration(rtoMs)}${
          kind === "full" ? " (RTO)" : ", measured for the sample; all takes longer"
        }`,
    ],
    ["Age of snapshot", `${formatDuration(rpoMs)} (RPO), begun ${snapshotAt}`],
    [
      "Compared",
      verification === null
        ? "it didn't come to that"
        : `${counted(verification.records, "record")}, ${
          count === 0 ? "no differences" : counted(count, "difference")
        }`,
    ],
  ];
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${heading}:`, ...listed(lines)];
}

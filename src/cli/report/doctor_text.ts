import type { DoctorCheck, Examination } from "../../doctor/doctor.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import { counted } from "../text/format.ts";
import { padToWidth } from "../text/width.ts";
import { wrap } from "../text/wrap.ts";

/** The first column: as wide as the longest status. */
const LEFT = "  warning  ".length;
/** The longest sentence that is shown. */
const LONGEST = 2000;
/** The most unfinished uploads that are shown. */
const MOST = 10;

/**
 * What `sluice doctor` found, for people.
 *
 * @param found What was found.
 * @param columns The widest line; commands and policies aren't broken.
 * @return Lines, with a line break at the end.
 */
export function renderExamination(found: Examination, columns: number): string {
  const { destination, checks, notChecked, problems, warnings, unfinishedUploads } = found;
  const width = Math.max(40, Math.min(columns, 100));
  const of = (wanted: DoctorCheck["area"]) => checks.filter(({ area }) => area === wanted);
  const lines: string[] = [];
  const source = of("source");
  if (source.length > 0) lines.push("Project", ...sourceLines(source, width), "");
  if (destination !== null) {
    lines.push(
      `Destination ${shownAddress(destination)}`,
      ...of("destination").flatMap((check) => checkLines(check, width)),
      "",
    );
  }
  const open = unfinishedUploads.filter(({ dropped }) => !dropped);
  if (open.length > 0) {
    lines.push(
      "Unfinished uploads",
      ...open.slice(0, MOST).map(({ key, startedAt }) => {
        return `  ${startedAt.toISOString().slice(0, 16)}Z  ${printable(key, 200)}`;
      }),
      ...(open.length > MOST ? [`  … and ${open.length - MOST} more: see --json`] : []),
      "",
    );
  }
  for (const sentence of notChecked) lines.push(...wrap(sentence, width));
  const sum = problems + warnings === 0
    ? "No problem was found."
    : `${counted(problems, "problem")}, ${counted(warnings, "warning")}.`;
  return [...lines, sum, ""].join("\n");
}

/** Resources that may be read share one entry: there are many. */
function sourceLines(checks: readonly DoctorCheck[], width: number): string[] {
  const fine = checks.filter(({ name, status }) => isResource(name) && status === "ok");
  const rest = checks.filter((check) => !fine.includes(check));
  const names = fine.map(({ name }) => name.replace("resource:", ""));
  const all = names.length === 0 ? [] : [
    {
      area: "source",
      name: "resources",
      status: "ok",
      message: `Complete in an export: ${names.join(", ")}.`,
    } as const,
  ];
  const before = rest.filter(({ name }) => !isResource(name));
  const after = rest.filter(({ name }) => isResource(name));
  return [...before, ...all, ...after].flatMap((check) => checkLines(check, width));
}

function isResource(name: string): boolean {
  return name.startsWith("resource:");
}

function checkLines({ status, message, fix }: DoctorCheck, width: number): string[] {
  const indent = " ".repeat(LEFT);
  const [first = "", ...more] = wrap(printable(message, LONGEST), width - LEFT);
  return [
    `${padToWidth(`  ${status}`, LEFT)}${first}`,
    ...more.map((line) => indent + line),
    // To be copied: no line may be broken.
    ...(fix?.split("\n").map((line) => `${indent}  ${printable(line, LONGEST)}`) ?? []),
  ];
}

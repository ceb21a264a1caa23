/** What differs from run to run: how long things take, and when they were. */
const UNSTEADY: readonly [RegExp, string][] = [
  [/\b\d+(\.\d+)? ?(ms|s|m|h)\b/g, "0 s"],
  [/\bsnapshot_\d{10}\b/g, "snapshot_0"],
  [/\b\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z)?)?/g, "2000-01-01"],
];

/**
 * The first line that a text shows and an output doesn't have there; `undefined` if it has all. A line `…`
 * stands for any number of lines, `…` in a line for any characters. The output may have more before and
 * after.
 *
 * @param shown What the text shows.
 * @param output What a command wrote.
 */
export function missingLine(shown: string, output: string): string | undefined {
  const lines = linesOf(output);
  const wanted = linesOf(shown);
  let missing = wanted[0];
  for (let start = 0; start <= lines.length; start++) {
    const result = matchFrom(wanted, lines, start);
    if (result === undefined) return undefined;
    if (result.matched > 0) missing = result.line;
  }
  return missing;
}

/** Matches lines in a row; between them, a line `…` lets any number of others be. */
function matchFrom(
  wanted: readonly string[],
  lines: readonly string[],
  start: number,
): { readonly matched: number; readonly line: string } | undefined {
  let at = start;
  let mayGap = false;
  let matched = 0;
  for (const line of wanted) {
    if (line.trim() === "…") {
      mayGap = true;
      continue;
    }
    const pattern = patternOf(line);
    const found = mayGap
      ? lines.findIndex((other, index) => index >= at && pattern.test(other))
      : pattern.test(lines[at] ?? "\0")
      ? at
      : -1;
    if (found < 0) return { matched, line };
    at = found + 1;
    mayGap = false;
    matched++;
  }
  return undefined;
}

function patternOf(line: string): RegExp {
  return new RegExp(`^${line.split("…").map((part) => RegExp.escape(part)).join(".*")}$`, "u");
}

function linesOf(text: string): string[] {
  let steady = text.trimEnd();
  for (const [pattern, instead] of UNSTEADY) steady = steady.replace(pattern, instead);
  return steady.split("\n").map((line) => line.trimEnd());
}

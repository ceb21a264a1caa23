import type { DrillResult } from "../../restore/mod.ts";
import { counted, formatCount, formatDuration } from "../text/format.ts";
import { drillRows } from "./drill_text.ts";
import { pageBegin } from "./html_page.ts";
import { differencesTable, section, table, text } from "./restore_html.ts";

/**
 * How a drill went, as a page of HTML that needs nothing else, and in which nothing is markup that is content.
 *
 * @param result How it went.
 */
export function renderDrillPage(result: DrillResult): string {
  const { status, snapshot, project, startedAt, problems, damage, losses, assets, times } = result;
  const heading = status === "passed" ? "Drill passed" : "Drill failed";
  const title = `${text(snapshot)}, ${text(project.name)}, ${text(startedAt)}`;
  const sections = [
    ...problems.length === 0
      ? []
      : [section("Why it failed", table([""], problems.map((problem) => [problem])))],
    section(
      "What was measured",
      table(["", ""], [
        ...drillRows(result),
        ...Object.entries(times).map(([stage, ms]) => [`of it: ${stage}`, formatDuration(ms)]),
        [
          "Files",
          assets === null ? "it didn't come to that" : `${counted(assets.files, "file")} sent`,
        ],
      ]),
    ),
    ...damage.length === 0 ? [] : [
      section(
        `Damaged (${formatCount(damage.length)})`,
        table(["what", "object", ""], damage.map(({ kind, key, detail }) => [kind, key, detail])),
      ),
    ],
    differencesTable(result.verification),
    section(
      "What the snapshot lacks itself",
      losses.length === 0
        ? "<p>Nothing.</p>"
        : table(["what", "id"], losses.map(({ message, id = "" }) => [message, id])),
    ),
  ];
  return `${pageBegin(title, heading, `<bdi>${title}</bdi>`)}${sections.join("\n")}
</main>
</body>
</html>
`;
}

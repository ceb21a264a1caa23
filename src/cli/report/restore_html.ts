import type { Mention, RestoreResult } from "../../restore/mod.ts";
import { printable, printableJson } from "../../text/printable.ts";
import { counted, formatCount, formatDuration } from "../text/format.ts";
import { pageBegin } from "./html_page.ts";
import { includedText, writesText } from "./restore_text.ts";

const HEADINGS = {
  restored: "Restored",
  lossy: "Restored with losses",
  different: "Restored, but not as it was",
} as const;

/**
 * What came of a restore, as a page of HTML that needs nothing else, and in which nothing is markup that is content.
 *
 * @param result What came of it.
 */
export function renderRestorePage(result: RestoreResult): string {
  const { status, snapshot, target, losses, conflicts, verification } = result;
  const { included, newIds, newUrls, requests, ms, planned } = result;
  const title = `${text(snapshot)} → ${text(target.project.name)}/${text(target.environment)}`;
  const sections = [
    section(
      "What was written",
      table(["", ""], [
        ...planned.map((write) => [writesText(write)]),
        [`${counted(requests.writes, "request")} that changed something, ${formatDuration(ms)}`],
      ]),
    ),
    section(
      `Lost (${formatCount(losses.length)})`,
      losses.length === 0
        ? "<p>Nothing.</p>"
        : table(["what", "id"], losses.map(({ message, id = "" }) => [message, id])),
    ),
    ...conflicts.length === 0 ? [] : [
      section(
        `Left as it is there (${formatCount(conflicts.length)})`,
        table(
          ["what", "id", ""],
          conflicts.map(({ type, id, name, isEdited }) => [
            `${type} ${name ?? ""}`,
            id,
            isEdited === true ? "changed since" : "",
          ]),
        ),
      ),
    ],
    ...included.length === 0 ? [] : [
      section(
        `Of the project (${formatCount(included.length)})`,
        table(["what", "id"], included.map((one) => [includedText(one), one.id ?? ""])),
      ),
    ],
    ...newIds === null ? [] : [
      section(
        `New ids (${formatCount(newIds.ids.length + newIds.more)})`,
        `<p>DatoCMS makes nothing any more under ids from before October 2023. ${
          newIds.more > 0 ? `${formatCount(newIds.more)} more are` : "All are"
        } in ${text(`${result.journal}/new_ids.ndjson`)}.</p>${
          table(
            ["what", "was", "is"],
            newIds.ids.map((one) => [one.type.replaceAll("_", " "), one.old, one.new]),
          )
        }`,
      ),
      ...newIds.mentions.length === 0 ? [] : [
        section(
          `Ids in texts, which weren't changed (${
            formatCount(newIds.mentions.length + newIds.moreMentions)
          })`,
          mentionTable(newIds.mentions),
        ),
      ],
    ],
    ...newUrls === null ? [] : [
      section(
        `New addresses of uploads (${formatCount(newUrls.count)})`,
        table(["id", "was", "is"], newUrls.urls.map((one) => [one.id, one.old, one.new])),
      ),
      ...newUrls.mentions.length === 0 ? [] : [
        section(
          `Old addresses in texts${newUrls.isRewritten ? ", which are new ones in records" : ""} (${
            formatCount(newUrls.mentions.length + newUrls.moreMentions)
          })`,
          mentionTable(newUrls.mentions),
        ),
      ],
    ],
    differencesTable(verification),
    ...verification === null ? [] : [
      section(
        "What can't come back, and wasn't compared",
        table(
          ["resource", "attribute", "why"],
          verification.leftOut.map(({ resource, attribute, why }) => [resource, attribute, why]),
        ),
      ),
    ],
  ];
  return `${pageBegin(title, HEADINGS[status], `<bdi>${title}</bdi>`)}${sections.join("\n")}
</main>
</body>
</html>
`;
}

/**
 * What differs from a snapshot.
 *
 * @param verification How it was compared; `null` if it wasn't.
 */
export function differencesTable(verification: RestoreResult["verification"]): string {
  const differences = verification?.differences ?? [];
  return section(
    `Different (${formatCount(differences.length + (verification?.more ?? 0))})`,
    verification === null
      ? "<p>It wasn't compared with the snapshot.</p>"
      : differences.length === 0
      ? `<p>Nothing of ${counted(verification.records, "record")} (${text(verification.mode)}).</p>`
      : table(
        ["what", "id", "where", "snapshot", "target"],
        differences.map(({ resource, name, id, path, locale, versions, wanted, found }) => [
          `${resource} ${name ?? ""}`,
          id,
          [path, locale ?? "", ...versions].join(" "),
          printableJson(wanted),
          printableJson(found),
        ]),
      ),
  );
}

/** A part of a page. */
export function mentionTable(mentions: readonly Mention[]): string {
  return table(
    ["what", "id", "field", "found"],
    mentions.map(({ type, name, id, field, found }) => [
      `${type} ${name ?? ""}`,
      id,
      field,
      found.join(", "),
    ]),
  );
}

export function section(heading: string, content: string): string {
  return `<section><h2>${text(heading)}</h2>\n${content}</section>`;
}

/** A table, whose cells hold text. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.some((name) => name !== "")
    ? `<thead><tr>${
      heads.map((name) => `<th scope="col">${text(name)}</th>`).join("")
    }</tr></thead>`
    : "";
  const body = rows.map((row) => {
    const [first = "", ...rest] = row;
    return `<tr><th scope="row">${text(first)}</th>${
      rest.map((cell) => `<td><bdi>${text(cell)}</bdi></td>`).join("")
    }</tr>`;
  });
  return `<table>${head}<tbody>\n${body.join("\n")}</tbody></table>`;
}

/** Text in a page. */
export function text(content: string): string {
  return printable(content, 600).replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

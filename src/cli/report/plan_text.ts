import type { ExportPlan } from "../../export/plan.ts";
import { printable } from "../../text/printable.ts";
import { projectName } from "../progress/render_progress.ts";
import { counted, formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { renderTable } from "../text/table.ts";
import { wrap, wrapList } from "../text/wrap.ts";

/**
 * What an export would read, for people.
 *
 * @param plan The plan.
 * @param columns The widest line.
 * @return Lines, with a line break at the end.
 */
export function renderPlan(plan: ExportPlan, columns: number): string {
  const { models, uploads, assets, schedules, resources } = plan;
  const { requests, requestsListed, leastSeconds } = plan;
  const least = leastSeconds === 0
    ? "all of which fit in one window of the rate limit"
    : `which take at least ${formatDuration(leastSeconds * 1000)} under the API's rate limit`;
  const width = Math.max(40, Math.min(columns, 100));
  return [
    `${projectName(plan)} in ${printable(plan.locales.join(", "), 200)}`,
    "",
    ...modelsTable(models),
    "",
    `Uploads: ${uploads === null ? "not read" : formatCount(uploads)}`,
    ...assetsText(assets, width),
    `Scheduled records: ${schedules === null ? "not read" : formatCount(schedules)}`,
    ...wrapList([`Other resources: ${resources[0] ?? "none"}`, ...resources.slice(1)], width),
    "",
    ...wrap(`${counted(requests, "request")}, ${least}; asset files are not included.`, width),
    ...requestsListed > requests
      ? wrap(
        `Listing all records with their blocks, in each version, would take ${
          counted(requestsListed, "request")
        }.`,
        width,
      )
      : [],
    "Nothing was written.",
    "",
  ].join("\n");
}

function assetsText(assets: ExportPlan["assets"], width: number): string[] {
  if (assets === null) return [];
  const { bytes, isEstimate } = assets;
  const size = `${isEstimate ? "about " : ""}${formatBytes(bytes)}`;
  return wrap(
    `Asset files: ${size}; those that the destination lacks are downloaded, which DatoCMS may bill as traffic`,
    width,
  );
}

function modelsTable(models: ExportPlan["models"]): string[] {
  if (models.length === 0) return ["No records are read."];
  const sum = (key: "current" | "published" | "blocks" | "updated" | "requests") => {
    return models.reduce((total, model) => total + (model[key] ?? 0), 0);
  };
  const withPublished = models.some(({ published }) => published !== null);
  const rows = models.map((one) => ({
    name: printable(one.model, 80),
    listed: one.together ? "together" : "alone",
    ...one,
  }));
  const all = {
    name: counted(models.length, "model"),
    listed: "",
    current: sum("current"),
    published: sum("published"),
    blocks: sum("blocks"),
    updated: sum("updated"),
    requests: sum("requests"),
  };
  const shown = (one: Omit<(typeof rows)[number], "model" | "together">) => [
    one.name,
    one.listed,
    formatCount(one.current),
    formatCount(one.blocks),
    ...withPublished ? [formatCount(one.published ?? 0), formatCount(one.updated)] : [],
    formatCount(Math.ceil(one.requests)),
  ];
  return renderTable(
    ["text", "text", ...Array<"number">(withPublished ? 5 : 3).fill("number")],
    [
      [
        "Model",
        "Listed",
        "Current",
        "With blocks",
        ...withPublished ? ["Published", "Updated"] : [],
        "Requests",
      ],
      ...rows.map(shown),
      shown(all),
    ],
  );
}

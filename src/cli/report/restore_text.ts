import type { Mention, PlannedWrites, RestorePlan, RestoreResult } from "../../restore/mod.ts";
import { printable, printableJson } from "../../text/printable.ts";
import { counted, formatCount, formatDuration } from "../text/format.ts";

/** What the types of the API are called, one and many. */
const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  item: ["record", "records"],
  item_type: ["model", "models"],
  field: ["field", "fields"],
  fieldset: ["fieldset", "fieldsets"],
  upload: ["upload", "uploads"],
  upload_collection: ["upload collection", "upload collections"],
  workflow: ["workflow", "workflows"],
  plugin: ["plugin", "plugins"],
  menu_item: ["menu item", "menu items"],
  schema_menu_item: ["schema menu item", "schema menu items"],
  item_type_filter: ["record filter", "record filters"],
  upload_filter: ["upload filter", "upload filters"],
  schedule: ["schedule", "schedules"],
  search_index: ["search index", "search indexes"],
  site: ["project's settings", "project's settings"],
};
/** The most losses and differences that are shown. */
const MOST = 20;

/** What is done to how many of what: `create 20 records of article`. */
export function writesText({ action, type, count, model }: PlannedWrites): string {
  const of = model === undefined ? "" : ` of ${printable(model, 60)}`;
  return `${action.padEnd(9)} ${formatCount(count).padStart(9)} ${calledBy(type, count)}${of}`;
}

/** What things of a type are called, so many of them. */
function calledBy(type: string, count: number): string {
  const name = type.replaceAll("_", " ");
  const [one, many] = NAMES[type] ?? [name, `${name}s`];
  return count === 1 ? one : many;
}

/**
 * What a restore will do, for people.
 *
 * @param plan The plan.
 * @return Lines, each with its end.
 */
export function renderRestorePlan(plan: RestorePlan): string {
  const { snapshot, target, writes, requests, leastMs, losses, conflicts, relaxed } = plan;
  const { included, newIds, newUrls, undo, notes } = plan;
  const lines = [
    `Restore ${printable(snapshot)} into ${targetText(target)}`,
    "",
    ...writes.length === 0 ? ["  Nothing is to be written: all is there already."] : [],
    ...writes.map((write) => `  ${writesText(write)}`),
    "",
    `  ${counted(requests, "request")}, at least ${formatDuration(leastMs)}`,
    ...relaxed.length === 0
      ? []
      : [`  Validators step aside until records are there: ${
        relaxed.map((key) => printable(key, 60)).join(", ")
      }`],
    ...conflictLines("What stays as it is there, though the snapshot has it otherwise", conflicts),
    ...losses.length === 0
      ? []
      : ["", "What can't be kept:", ...listed(losses.map(({ message }) => message))],
    ...includedLines(included),
    ...newIdLines(newIds),
    ...newUrlLines(newUrls),
    ...undo ? ["", "What is there is kept first, in a snapshot that undoes the restore."] : [],
    ...notes.length === 0 ? [] : ["", ...notes.map((note) => printable(note, 1000))],
  ];
  return text(lines);
}

/** What stays as the target has it. */
function conflictLines(head: string, conflicts: RestorePlan["conflicts"]): string[] {
  if (conflicts.length === 0) return [];
  return [
    "",
    `${head} (${formatCount(conflicts.length)}):`,
    ...listed(conflicts.map(({ type, id, name, isEdited }) => {
      const what = [type, ...name === null ? [] : [name], ...type === "site" ? [] : [id]];
      return `${what.join(" ")}${isEdited === true ? ", changed since" : ""}`;
    })),
  ];
}

/** What becomes of what is the project's. */
function includedLines(included: RestorePlan["included"]): string[] {
  if (included.length === 0) return [];
  return [
    "",
    `What belongs to the project, whatever environment it is (${formatCount(included.length)}):`,
    ...listed(included.map(includedText)),
  ];
}

/** What becomes of something of the project. */
export function includedText(
  { type, name, status, byHand }: RestorePlan["included"][number],
): string {
  const what = `${calledBy(type, 1)} ${name}`;
  if (status === "left") return `${what}: there already, and left as it is`;
  if (status === "refused") return `${what}: not made`;
  return `${what}: made ${type === "role" ? "and assigned to nobody" : "disabled"}${
    byHand.length === 0 ? "" : `; to be filled in by hand: ${byHand.join(", ")}`
  }`;
}

/** What becomes of numeric ids. */
function newIdLines(newIds: RestorePlan["newIds"], journal?: string): string[] {
  if (newIds === null) return [];
  const { counts, mentions, moreMentions } = newIds;
  const places = mentions.length + moreMentions;
  const what = Object.entries(counts).map(([type, count]) =>
    `${formatCount(count)} ${calledBy(type, count)}`
  );
  return [
    "",
    `Ids from before October 2023, which DatoCMS makes no more, become UUIDs: those of ${
      what.join(", ")
    }.`,
    ...journal === undefined ? [] : [`  All of them: ${printable(journal)}/new_ids.ndjson`],
    ...places === 0 ? [] : [
      `They also stand in texts, JSON or settings of plugins, where they aren't changed (${
        formatCount(places)
      }):`,
      ...listed(mentions.map(mentionText)),
    ],
  ];
}

/** What becomes of addresses of uploads. */
function newUrlLines(newUrls: RestorePlan["newUrls"], journal?: string): string[] {
  if (newUrls === null) return [];
  const { count, isRewritten, mentions, moreMentions } = newUrls;
  const places = mentions.length + moreMentions;
  return [
    "",
    `${counted(count, "upload")} ${
      count === 1 ? "has" : "have"
    } another address than in the snapshot.`,
    ...journal === undefined ? [] : [`  All of them: ${printable(journal)}/new_urls.ndjson`],
    ...places === 0 ? [] : [
      isRewritten
        ? `Texts in which old ones stand, and become the new ones in records (${
          formatCount(places)
        }):`
        : `Texts in which old ones stand, which aren't changed (${formatCount(places)}):`,
      ...listed(mentions.map(mentionText)),
    ],
  ];
}

/** Where something stands that is otherwise now. */
function mentionText(
  { type, name, id, field, found }: Mention,
): string {
  return `${type} ${name === null ? "" : `${name} `}${id} ${field}: ${found.join(", ")}`;
}

function targetText(
  { project: { name, id }, environment, isPrimary, forkOf }: RestorePlan["target"],
): string {
  const what = forkOf === null
    ? `its ${isPrimary ? "primary " : ""}environment ${printable(environment)}`
    : `its new sandbox environment ${printable(environment)}, a fork of ${printable(forkOf)}`;
  return `the project ${printable(name)} (${printable(id)}): ${what}`;
}

/**
 * What came of a restore, for people.
 *
 * @param result What came of it.
 * @return Lines, each with its end.
 */
export function renderRestoreResult(result: RestoreResult): string {
  const { status, snapshot, target, losses, conflicts, verification } = result;
  const { included, newIds, newUrls, requests, ms, journal, undo, promotion } = result;
  const what = {
    restored: "Restored",
    lossy: "Restored with losses:",
    different: "Restored, but not as it was:",
  }[status];
  const differences = verification?.differences ?? [];
  const count = differences.length + (verification?.more ?? 0);
  const verified = verification === null
    ? "It wasn't compared with the snapshot."
    : count === 0
    ? `Compared with the snapshot: ${counted(verification.records, "record")}, no differences${
      verification.mode === "full" ? "" : " in the sample"
    }.`
    : `Compared with the snapshot: ${counted(verification.records, "record")}, ${
      counted(count, "difference")
    }.`;
  const lines = [
    `${what} ${printable(snapshot)} into ${targetText(target)}`,
    `  ${counted(requests.writes, "request")} that changed something, ${formatDuration(ms)}`,
    `  ${verified}`,
    ...verification === null || verification.kept === 0 ? [] : [
      `  ${counted(verification.kept, "thing")} that the snapshot lacks ${
        verification.kept === 1 ? "was" : "were"
      } kept.`,
    ],
    ...conflictLines("Left as it is there, though the snapshot has it otherwise", conflicts),
    ...losses.length === 0
      ? []
      : ["", `Lost (${losses.length}):`, ...listed(losses.map(({ message }) => message))],
    ...includedLines(included),
    ...newIdLines(newIds, journal),
    ...newUrlLines(newUrls, journal),
    ...differences.length === 0
      ? []
      : ["", "Different:", ...listed(differences.map(differenceText))],
    "",
    `Journal: ${printable(journal)}`,
    ...undo === null ? [] : [
      `To go back: sluice restore ${
        printable(undo)
      } (with --delete, what the restore made is destroyed)`,
    ],
    ...promotion === null ? [] : promotionLines(promotion, target.environment),
    ...target.forkOf === null || promotion !== null ? [] : [
      `Look at it in DatoCMS, and promote it there (Project settings → Environments): the primary environment is ` +
      "untouched.",
    ],
  ];
  return text(lines);
}

function promotionLines(
  { isDone, previous, reason, changes }: NonNullable<RestoreResult["promotion"]>,
  environment: string,
): string[] {
  if (!isDone) return ["", printable(reason ?? "It wasn't promoted.", 600), ...listed(changes)];
  return [
    `${printable(environment)} is the primary environment now. The way back: promote ${
      printable(previous)
    } again in DatoCMS (Project settings → Environments).`,
  ];
}

/** A difference in a line. */
export function differenceText(
  { resource, id, name, versions, locale, path, wanted, found }: NonNullable<
    RestoreResult["verification"]
  >["differences"][number],
): string {
  const where = [
    ...name === null ? [] : [name],
    id,
    ...path === "*" ? [] : [path],
    ...locale === null ? [] : [locale],
    ...versions.length === 0 ? [] : [`(${versions.join(", ")})`],
  ].join(" ");
  const said = path === "*"
    ? wanted === null ? "the snapshot has no such one" : "it isn't there"
    : `${printableJson(wanted)} became ${printableJson(found)}`;
  return `${resource} ${where}: ${said}`;
}

/** The first lines, and how many more there are. */
export function listed(lines: readonly string[]): string[] {
  const more = lines.length - MOST;
  return [
    ...lines.slice(0, MOST).map((line) => `  ${printable(line, 600)}`),
    ...more > 0 ? [`  and ${formatCount(more)} more`] : [],
  ];
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

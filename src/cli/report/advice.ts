import type { ExportReport } from "../../export/export.ts";
import type { ExportEvent } from "../../export/events.ts";
import type { Facts, Problem } from "../../error.ts";
import type { DoctorCheck, Examination } from "../../doctor/doctor.ts";
import { flagName, type OptionKey } from "../../config/options.ts";

/**
 * What a command line can do about a problem, by its code: the end of the sentence, which names flags. The
 * library's own sentences name none, as whoever calls a function has none.
 */
const ADVICE: Readonly<Record<string, (facts: Facts) => string>> = {
  answer_too_large: () => ` (${flags("baseUrl", "exclude")})`,
  api_address: () => ` (${flags("baseUrl")})`,
  asset_host_unknown: ({ assetHost }) => ` (${flags("assetHost")} ${assetHost})`,
  assets_missing: () => ` (${flags("missingAssets")} drop)`,
  bucket_public: () => ` (${flags("allowPublic")})`,
  delete_partial: () => ` (without ${flags("delete")})`,
  deletion_refused: ({ maxDelete }) => maxDelete === undefined ? "" : maxDeleteText(maxDelete),
  conflicts: () => ` (${flags("conflicts")})`,
  drill_budget: () => ` (${flags("drillEvery", "timeBudget")})`,
  drill_too_large: () => ` (${flags("drillSample", "maxRequests")})`,
  environment_unknown: () => ` (${flags("environment")})`,
  environment_unnamed: () => ` with ${flags("environment")}`,
  freeze_contradiction: ({ option }) => ` (${flags("freeze", option as OptionKey)})`,
  freeze_impossible: () => ` (without ${flags("freeze")})`,
  journal_unwritable: () => ` with ${flags("journal")}`,
  little_space: () => ` with ${flags("to")}`,
  no_restore: () =>
    ` (${flagName("into")} <environment> ${flagName("conflicts")} overwrite ${
      flagName("publish")
    } snapshot ` +
    `${flagName("delete")})`,
  not_empty: () => ` (${flags("resume")})`,
  not_in_plan: () => ` with ${flags("exclude")}`,
  not_versioned: () => ` with ${flags("assets")} keep`,
  nothing_kept: () =>
    ` (${
      flags(
        "keepLast",
        "keepDaily",
        "keepWeekly",
        "keepMonthly",
        "keepYearly",
        "keepWithin",
        "keepLabel",
      )
    })`,
  other_project: () => ` (${flags("otherProject")})`,
  own_project: () => ` (without ${flags("otherProject")})`,
  paused_too_long: () => ` with ${flags("resume")}`,
  resource_forbidden: () => ` with ${flags("exclude")}`,
  resource_skipped: ({ resource }) =>
    resource === undefined ? "" : `; ${flags("exclude")} ${resource} leaves it out silently`,
  resource_unreadable: ({ resource }) => ` with ${flags("exclude")} ${resource}`,
  restore_fork_of: () => ` (${flags("forkOf")})`,
  restore_into: () => ` (${flags("into")})`,
  restore_promote: () => ` (without ${flags("promote")}, or without ${flags("into", "forkOf")})`,
  resume_impossible: () => `, without ${flags("resume")}`,
  schedule_unreadable: () => ": sluice schedule enable, or sluice schedule disable",
  ticks_too_short: () => ` (${flags("timeBudget")})`,
  time_budget_over: ({ progressed }) =>
    `: ${flags("resume")} continues it` +
    (progressed ? "" : `; allow more time (${flags("timeBudget")})`),
  time_budget_too_short: () => ` (${flags("timeBudget")})`,
  token_refused: () => ", and pass it as DATOCMS_API_TOKEN",
  too_many_deletions: ({ maxDelete = "" }) => maxDeleteText(maxDelete),
  too_much_destroyed: () => ` (${flags("maxDelete")})`,
  too_many_failures: () => ` with ${flags("maxFailures")}`,
  unknown_error: () => ` and the command that you ran; ${flags("verbose")} shows more`,
};

/** Problems that `sluice doctor --clean` puts right. */
const CLEANED: ReadonlySet<string | undefined> = new Set(["copies_left", "uploads_left"]);

/**
 * A sentence with what a command line can do about it; the same sentence, if that is nothing.
 *
 * @param told The sentence, and its problem.
 */
export function advised<T extends Problem & { readonly message: string }>(told: T): T {
  const message = withAdvice(told.message, told);
  return message === told.message ? told : { ...told, message };
}

/**
 * An event as a command tells it: what it says of a problem names flags.
 *
 * @param event The event.
 */
export function advisedEvent(event: ExportEvent): ExportEvent {
  switch (event.type) {
    case "warning": {
      const { facts: _, ...told } = advised(event);
      return told;
    }
    case "skipped": {
      const problem = { code: "resource_skipped", facts: { resource: event.resource } };
      return { ...event, message: withAdvice(event.message, problem) };
    }
    case "asset": {
      const { code, facts, reason = "", ...outcome } = event.outcome;
      if (code === undefined) return event;
      const told = withAdvice(reason, { code, facts });
      return { type: "asset", outcome: { ...outcome, reason: told } };
    }
    default:
      return event;
  }
}

/**
 * An export's report as a command tells it: why files weren't deleted names the flag that lets them be.
 *
 * @param report The report.
 */
export function advisedReport(report: ExportReport): ExportReport {
  const { deletion } = report;
  if (deletion?.problem === undefined) return report;
  const { facts, problem, deleted } = deletion;
  const told = withAdvice(problem, { code: "deletion_refused", facts });
  return { ...report, deletion: { deleted, problem: told } };
}

/**
 * What `sluice doctor` found as the command tells it: with the commands that put things right.
 *
 * @param found What was found.
 * @param clean The command that removes what killed exports left.
 */
export function advisedExamination(found: Examination, clean: string): Examination {
  const checks = found.checks.map(({ code, facts, fix, ...check }): DoctorCheck => {
    if (CLEANED.has(code)) return { ...check, fix: clean };
    return fix === undefined
      ? { ...check, message: withAdvice(check.message, { code, facts }) }
      : { ...check, fix: withAdvice(fix, { code, facts }) };
  });
  return { ...found, checks };
}

function withAdvice(sentence: string, { code = "", facts = {} }: Problem): string {
  const advice = Object.hasOwn(ADVICE, code) ? ADVICE[code]!(facts) : "";
  if (advice === "") return sentence;
  // The reason why an asset failed is a clause in a sentence.
  return sentence.endsWith(".") ? `${sentence.slice(0, -1)}${advice}.` : sentence + advice;
}

function maxDeleteText(maxDelete: Facts[string]): string {
  return ` with ${flags("maxDelete")} ${maxDelete}`;
}

function flags(...keys: readonly OptionKey[]): string {
  return keys.map(flagName).join(", ");
}

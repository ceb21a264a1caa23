import { CONFIG_FILE, OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { toExportOptions } from "../../config/library_options.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { Progress } from "../progress/progress.ts";
import { renderPlan } from "../report/plan_text.ts";

/** `sluice plan`, which is also `sluice export --dry-run` */
export const planCommand: Command = {
  name: "plan",
  summary: "Show what an export would read, and the minimum time it takes",
  description:
    "Counts the uploads and the records of each model, and calculates how many requests an export " +
    "needs and how long they take at least under the API's rate limit. Nothing is written.",
  options: optionsOf(SOURCE, RECORD_SELECTION, RESOURCE_SELECTION, OUTPUT, TIMEOUT, CONFIG_FILE),
  exitCodes: exitCodesOf("the plan was shown"),
  examples: [
    { about: "The whole project", line: "sluice plan" },
    { about: "Some models, for programs", line: "sluice plan --models article,page --json" },
  ],
  async run({ config, io }: CommandContext): Promise<ExitCode> {
    const { planExport } = await import("../../export/plan.ts");
    using progress = new Progress(config, io);
    const { signal } = io;
    const plan = await planExport({
      ...toExportOptions(config),
      secrets: io.secrets?.known,
      signal,
      onEvent: progress.onEvent,
    });
    progress[Symbol.dispose]();
    io.stdout.write(config.json ? jsonText(plan) : renderPlan(plan, io.columns()));
    return EXIT.complete;
  },
};

import { CLEANING, DESTINATION, S3 } from "../../config/groups/destination.ts";
import { CONFIG_FILE, OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { toExportOptions, toStorageOptions } from "../../config/library_options.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandHint } from "../command_hint.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { Progress } from "../progress/progress.ts";
import { advisedExamination } from "../report/advice.ts";
import { renderExamination } from "../report/doctor_text.ts";

/** `sluice doctor` */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "Check the API token and the destination, and show how to fix problems",
  description:
    "Checks what the API token may read, and whether the destination works and is set up safely; " +
    "prints the command or the policy statement that fixes each problem. Reads no content. Writes two " +
    "small objects to the destination and removes them again. Exits with 1 if an export would fail.",
  options: optionsOf(
    SOURCE,
    RESOURCE_SELECTION,
    DESTINATION,
    S3,
    CLEANING,
    OUTPUT,
    TIMEOUT,
    CONFIG_FILE,
  ),
  exitCodes: {
    ...exitCodesOf("no problems; there may be warnings"),
    [EXIT.failed]: "there are problems, or nothing could be checked",
  },
  examples: [
    { about: "The project and a bucket", line: "sluice doctor --to s3://backups/datocms" },
    {
      about: "Drop what killed exports left in the bucket",
      line: "sluice doctor --to s3://backups/datocms --clean",
    },
    { about: "For programs", line: "sluice doctor --json" },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { examine } = await import("../../doctor/doctor.ts");
    const { config, io } = context;
    using progress = new Progress(config, io);
    using storage = openStorage(config.to, toStorageOptions(config));
    const { signal } = io;
    const { onEvent } = progress;
    const examination = await examine({
      ...(config.apiToken !== undefined && {
        source: { ...toExportOptions(config), secrets: io.secrets?.known, onEvent },
      }),
      storage,
      clean: config.clean,
      signal,
    });
    progress[Symbol.dispose]();
    const clean = commandHint("doctor --clean", context, { drop: ["clean"] });
    const found = advisedExamination(examination, clean);
    const isFine = found.problems + found.warnings === 0;
    if (config.json) io.stdout.write(jsonText(found));
    else if (!config.quiet || !isFine) io.stdout.write(renderExamination(found, io.columns()));
    return found.problems === 0 ? EXIT.complete : EXIT.failed;
  },
};

import { ASSET_SOURCE, ASSETS } from "../../config/groups/assets.ts";
import { DESTINATION, PUBLICITY, S3 } from "../../config/groups/destination.ts";
import { CONFIG_FILE, EXPORT_RUN, OUTPUT, VERDICT } from "../../config/groups/run.ts";
import { RETENTION } from "../../config/groups/retention.ts";
import { SCHEDULE } from "../../config/groups/schedule.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { LABELS, SNAPSHOT, TABLES } from "../../config/groups/snapshot.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { optionsOf } from "../../config/options.ts";
import { runTicks } from "../../schedule/run_ticks.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandHint } from "../command_hint.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { SYSTEM_CLOCK } from "../../async/clock.ts";
import { Progress } from "../progress/progress.ts";
import { TickLog } from "../progress/tick_log.ts";
import { renderSchedule } from "../report/schedule_text.ts";

/** `sluice schedule` */
export const scheduleCommand: Command = {
  name: "schedule",
  summary: "Export regularly, or turn automatic exports on and off",
  description:
    "Begins a snapshot as often as --every says, until it is stopped with Ctrl-C or SIGTERM. An export " +
    "that fails is retried at growing intervals; one that was killed is resumed. When the last " +
    "snapshot began is read from the destination, so that no other state is needed. disable turns " +
    "automatic exports of the project and environment off, wherever they run, by an object at the " +
    "destination; enable turns them on again; status shows their state.",
  positionals: [{ name: "action", choices: ["enable", "disable", "status"] }],
  options: optionsOf(
    SOURCE,
    RECORD_SELECTION,
    RESOURCE_SELECTION,
    DESTINATION,
    S3,
    PUBLICITY,
    ASSETS,
    ASSET_SOURCE,
    SNAPSHOT,
    TABLES,
    LABELS,
    EXPORT_RUN,
    VERDICT,
    OUTPUT,
    CONFIG_FILE,
    SCHEDULE,
    RETENTION,
  ),
  exitCodes: exitCodesOf(
    "stopped by Ctrl-C or SIGTERM; or enabled, disabled, or their state shown",
  ),
  examples: [
    {
      about: "A snapshot every night at 3:00 UTC",
      line: "sluice schedule --every '0 3 * * *' --to s3://backups/datocms",
    },
    {
      about: "Turn automatic exports off",
      line: "sluice schedule disable --to s3://backups/datocms",
    },
    { about: "Their state, for programs", line: "sluice schedule status --json" },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { config, words: [action], io } = context;
    const { openSchedule } = await import("../../schedule/open_schedule.ts");
    let progress: Progress | undefined;
    using opened = openSchedule(config, {
      env: io.env,
      onEvent: (event) => (progress ??= new Progress(config, io)).onEvent(event),
      clock: io.clock && { ...SYSTEM_CLOCK, now: io.clock.now },
    });
    const { schedule } = opened;
    const { signal } = io;
    if (action === "enable" || action === "disable") {
      await schedule.setEnabled(action === "enable", signal);
    }
    if (action !== undefined) {
      const status = await schedule.status(signal, { runsHere: false });
      if (config.json) io.stdout.write(jsonText(status));
      else if (!config.quiet || action === "status") {
        const enable = commandHint("schedule enable", context);
        io.stdout.write(renderSchedule(status, enable));
      }
      return EXIT.complete;
    }
    const log = new TickLog(io.stderr, config);
    try {
      await runTicks(schedule, {
        ticks: config.cron,
        signal,
        onTick: (result) => {
          progress?.[Symbol.dispose]();
          progress = undefined;
          log.write(result);
          if (config.json && result.report !== null) io.stdout.write(jsonText(result.report));
        },
      });
    } finally {
      progress?.[Symbol.dispose]();
    }
    return EXIT.complete;
  },
};

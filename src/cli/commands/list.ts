import { LISTING, READING } from "../../config/groups/reading.ts";
import { CONFIG_FILE, TIMEOUT, VIEW } from "../../config/groups/run.ts";
import { LABELS } from "../../config/groups/snapshot.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { type OptionKey, optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandHint } from "../command_hint.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { shellWord } from "../../text/printable.ts";
import { renderSnapshots } from "../report/snapshots_text.ts";

/** Options that an export takes as they are. */
const EXPORTED: readonly OptionKey[] = ["config", "environment"];

/** `sluice list` */
export const listCommand: Command = {
  name: "list",
  aliases: ["snapshots"],
  summary: "List the snapshots at a destination, the newest first",
  description:
    "Shows when each snapshot was made, of which project and environment, what it holds, and whether it is " +
    "complete: partial ones lack something, such as assets; incomplete ones are being written, or their " +
    "export was stopped. Lists the folder of each project and environment, and reads the manifests of " +
    "those that are shown only: in S3 that takes a request for each thousand snapshots, and two or three " +
    "for each one that is shown. With --label, manifests are read until enough of them have it.",
  options: optionsOf(
    READING,
    { environment: SOURCE.environment },
    LISTING,
    LABELS,
    VIEW,
    TIMEOUT,
    CONFIG_FILE,
  ),
  typedOnly: ["label"],
  optionHelp: {
    environment: "Only snapshots of this environment. Default: those of all.",
    label: "Only snapshots that have all of these labels; a name alone means any value.",
  },
  exitCodes: {
    ...exitCodesOf("the snapshots were listed; there may be none"),
    [EXIT.failed]: "failed, or there are no snapshots of the project or environment",
  },
  examples: [
    { about: "The newest in ./snapshots", line: "sluice list" },
    {
      about: "Those of January, in S3",
      line: "sluice list --after 2026-01-01 --before 2026-02-01 --from s3://backups/datocms",
    },
    { about: "Those with a label", line: "sluice list --label reason=upgrade" },
    { about: "For programs", line: "sluice list --environment staging --limit 1 --json" },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { listPage } = await import("../../tools/list.ts");
    const { config, given, io } = context;
    const { project, environment, limit, before, after } = config;
    // What exports are labelled with in a file isn't asked for here.
    const labels = given.includes("label") ? config.label : undefined;
    using storage = openStorage(config.from);
    const { signal } = io;
    const which = { project, environment, before, after, labels };
    const list = await listPage(storage, { ...which, limit, undo: true, signal });
    if (config.json) {
      io.stdout.write(jsonText(list));
      return EXIT.complete;
    }
    const text = renderSnapshots(list, {
      from: config.from,
      columns: io.columns(),
      isFiltered: Object.values(which).some((given) => given !== undefined),
      more: commandHint(`list --before ${list.next}`, context, { drop: ["before"] }),
      first: commandHint(`export --to ${shellWord(config.from)}`, context, { keep: EXPORTED }),
    });
    io.stdout.write(text);
    return EXIT.complete;
  },
};

import { READING } from "../../config/groups/reading.ts";
import { CONFIG_FILE, TIMEOUT, VIEW } from "../../config/groups/run.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { UNLOCKING } from "../../config/groups/unlocking.ts";
import { type OptionKey, optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { shellWord } from "../../text/printable.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandHint } from "../command_hint.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { renderUnlocked } from "../report/unlock_text.ts";

/** Options that stand in another form in what is suggested. */
const REPLACED: readonly OptionKey[] = ["force", "from"];

/** `sluice unlock` */
export const unlockCommand: Command = {
  name: "unlock",
  summary: "Show who holds the locks of a destination, and remove stale ones",
  description:
    "Shows who exports to a destination or prunes it, by its locks: on which host, in which process, since " +
    "when, and when that was last heard of. Removes the locks that nobody holds any more: an export would " +
    "take them over by itself, but only once they have expired. With --force, all locks go; an export that " +
    "still runs makes its lock anew, or stops if another one has it by then. In S3 that takes a listing for " +
    "each environment, and some requests for each lock.",
  positionals: [{ name: "place" }],
  options: optionsOf(
    READING,
    { environment: SOURCE.environment },
    UNLOCKING,
    VIEW,
    TIMEOUT,
    CONFIG_FILE,
  ),
  optionHelp: {
    from: "Where the locks are, if no place is named: a directory, a file: URL or " +
      "s3://bucket[/prefix]. Where exports go (SLUICE_TO), if it isn't given.",
    project: "Only locks of this project.",
    environment: "Only locks of this environment. Default: those of all.",
  },
  typedOnly: ["force"],
  exitCodes: {
    ...exitCodesOf("no lock is left; there may have been none"),
    [EXIT.partial]: "somebody may hold a lock, which was kept",
  },
  examples: [
    { about: "Who exports to ./snapshots?", line: "sluice unlock" },
    { about: "Of one environment, in S3", line: "sluice unlock s3://backups/datocms -e staging" },
    { about: "Whoever holds them", line: "sluice unlock --force" },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { unlock } = await import("../../tools/unlock.ts");
    const { config, given, words: [place], io } = context;
    const { project, environment } = config;
    const force = given.includes("force") && config.force;
    const from = place ?? config.from;
    using storage = openStorage(from);
    const { signal } = io;
    const locks = await unlock(storage, { project, environment, force, signal });
    const isLocked = locks.some(({ removed }) => !removed);
    if (config.json) io.stdout.write(jsonText({ locks }));
    else {
      const words = `unlock ${shellWord(from)} --force`;
      const text = renderUnlocked(locks, {
        from,
        now: Date.now(),
        force: commandHint(words, context, { drop: REPLACED }),
      });
      io.stdout.write(text);
    }
    return isLocked ? EXIT.partial : EXIT.complete;
  },
};

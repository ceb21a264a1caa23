import { LISTING } from "../../config/groups/reading.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { printable, printableJson } from "../../text/printable.ts";
import type { FoundEntry } from "../../tools/find.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { writeNote } from "../progress/write_error.ts";
import { counted } from "../text/format.ts";
import { NOT_THERE, ONE_SNAPSHOT } from "./show.ts";

/** `sluice find` */
export const findCommand: Command = {
  name: "find",
  summary: "Find an id or some text in the records and uploads of snapshots",
  description:
    "Searches the newest snapshots, as many as --limit says, for records and uploads that hold a text in any " +
    "value, such as the id of a record, a block or an upload. Shows each with the first place that holds it, as " +
    "a JSON pointer. Case counts. Reads all records and uploads of these snapshots. Nothing is redacted.",
  positionals: [{ name: "text", required: true }],
  options: [...ONE_SNAPSHOT, ...optionsOf(LISTING)],
  optionHelp: {
    environment: "Only snapshots of this environment. Default: those of all.",
    json: "Write what is found as JSON, one object on each line.",
  },
  exitCodes: { ...exitCodesOf("it was found"), [EXIT.failed]: NOT_THERE },
  examples: [
    { about: "Which snapshots have a record", line: "sluice find l2OBUn1aSu2OacGRvHYSEA" },
    { about: "A word in the newest one", line: "sluice find staircase --limit 1" },
    { about: "For programs", line: "sluice find staircase --json | jq -r .snapshot | uniq" },
  ],
  async run({ config, words: [text], io, content }: CommandContext): Promise<ExitCode> {
    if (text === undefined) {
      throw new SluiceError(
        "sluice find needs a text or an id: such as sluice find staircase.",
        EXIT.usage,
      );
    }
    const { findInSnapshots } = await import("../../tools/find.ts");
    const { project, environment, limit, before, after } = config;
    using storage = openStorage(config.from);
    let [count, searched] = [0, 0];
    const pages = findInSnapshots(storage, text, {
      project,
      environment,
      limit,
      before,
      after,
      signal: io.signal,
      onSnapshot: () => searched++,
      onUnreadable: (name, reason) => {
        const message = `The snapshot ${name} was passed over: ${reason}.`;
        writeNote(io, "warning", { code: "snapshot_unreadable", message }, config);
      },
    });
    for await (const page of pages) {
      count += page.length;
      content.write(page.map((found) => lineOf(found, config.json)).join(""));
    }
    if (count > 0) return EXIT.complete;
    const shown = JSON.stringify(printable(text, 60));
    throw new SluiceError(
      `There is no record or upload with ${shown} in ${counted(searched, "searched snapshot")}.`,
    );
  },
};

function lineOf(found: FoundEntry, json: boolean): string {
  if (json) return `${printableJson(found)}\n`;
  const { snapshot, model, version, id, path, text } = found;
  const what = model === null ? "upload" : `${model} (${version})`;
  return `${snapshot}  ${printable(what, 80)}  ${printable(id, 60)}  ${printable(path, 200)}: ${
    printable(text, 300)
  }\n`;
}

import { FORM } from "../../config/groups/reading.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { printableJson } from "../../text/printable.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { HOW_NAMED, NOT_THERE, OF_ENVIRONMENT, ONE_SNAPSHOT } from "./show.ts";

/** `sluice cat` */
export const catCommand: Command = {
  name: "cat",
  summary: "Write a record, a model's records, the site or the manifest of a snapshot",
  description:
    "Writes one thing out of a snapshot to stdout as JSON, with what a terminal would obey escaped: a record " +
    "or upload by its id, the site or the manifest; or all records of a model by its API key, one on " +
    `each line. ${HOW_NAMED} A record is found by the snapshot's index: in S3, by seven requests at most, an ` +
    "upload by ten, once the snapshot is found. Without an index, as in older snapshots and Project Exports, " +
    "batches are read until it is found, each by a request: those of records in both versions, then those of " +
    "uploads; without a manifest, it also takes one for each model, and for each thousand objects. Nothing is " +
    "redacted.",
  positionals: [
    { name: "snapshot", required: true, snapshotOr: ["latest"] },
    { name: "id|model|site|manifest", required: true },
  ],
  options: [...ONE_SNAPSHOT, ...optionsOf(FORM)],
  optionHelp: {
    environment: OF_ENVIRONMENT,
    json: "The same, and errors as JSON, too.",
  },
  exitCodes: { ...exitCodesOf("it was written"), [EXIT.failed]: NOT_THERE },
  examples: [
    {
      about: "A record as it was on a day",
      line: "sluice cat 2026-01-31 l2OBUn1aSu2OacGRvHYSEA",
    },
    {
      about: "The titles of all public articles",
      line: "sluice cat latest article --version published | jq .attributes.title",
    },
    { about: "What went wrong", line: "sluice cat latest manifest | jq .failures" },
  ],
  async run({ config, words: [snapshot, what], io, content }: CommandContext): Promise<ExitCode> {
    if (snapshot === undefined || what === undefined) {
      throw new SluiceError(
        "sluice cat needs a snapshot and what to write of it: such as sluice cat latest article.",
        EXIT.usage,
      );
    }
    const { catSnapshot } = await import("../../tools/cat.ts");
    const { project, environment, version, locale } = config;
    using storage = openStorage(config.from);
    const { signal } = io;
    const options = { project, environment, version, locale, signal };
    const found = await catSnapshot(storage, snapshot, what, options);
    if ("value" in found) content.write(jsonText(found.value));
    else {
      for await (const page of found.records) {
        content.write(page.map((record) => `${printableJson(record)}\n`).join(""));
      }
    }
    return EXIT.complete;
  },
};

import { DESTINATION, PUBLICITY, S3 } from "../../config/groups/destination.ts";
import { READING } from "../../config/groups/reading.ts";
import { CONFIG_FILE, OUTPUT, TIMEOUT, VIEW } from "../../config/groups/run.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { VERIFYING } from "../../config/groups/verifying.ts";
import { toStorageOptions } from "../../config/library_options.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { assertNotPublic } from "../../storage/public_access.ts";
import { StorageError } from "../../storage/storage.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import type { CopyResult } from "../../tools/copy.ts";
import { chosenSnapshots } from "../chosen_snapshots.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { WorkLine } from "../progress/work_line.ts";
import { renderCopy } from "../report/copy_text.ts";

/** `sluice copy` */
export const copyCommand: Command = {
  name: "copy",
  summary: "Copy snapshots to another place, on disk or in S3",
  description:
    "Copies complete snapshots with the asset files that they refer to, and compares all bytes with what the " +
    "manifest says of them. The seal comes last: a copy that was interrupted doesn't claim to be complete, and " +
    "continues when the command is run again. What is there with the right bytes isn't copied again; what is " +
    "there with others is never replaced. The snapshot is named by its seconds or their first digits, a date " +
    "or time, latest or latest:<environment>, with its project and environment before it if need be " +
    "(<project>/<environment>/<id>). Default: latest.",
  positionals: [{ name: "snapshot", isRepeatable: true, snapshotOr: ["latest"] }],
  options: optionsOf(
    READING,
    { environment: SOURCE.environment, all: VERIFYING.all },
    DESTINATION,
    S3,
    PUBLICITY,
    VIEW,
    { quiet: OUTPUT.quiet },
    TIMEOUT,
    CONFIG_FILE,
  ),
  optionHelp: {
    to: "Where to copy snapshots: a directory, a file: URL or s3://bucket[/prefix].",
    environment: "Only snapshots of this environment. Default: those of all.",
    allowPublic: "Copy even if the S3 bucket is public.",
  },
  exitCodes: {
    ...exitCodesOf("all of them are there"),
    [EXIT.failed]:
      "failed, or a snapshot is damaged, isn't there or, with --all, couldn't be copied",
    [EXIT.usage]:
      "the command line or the configuration is wrong, names several snapshots, or something else is in the way",
  },
  examples: [
    {
      about: "The newest snapshot in ./snapshots, to a second place",
      line: "sluice copy --to s3://second/datocms",
    },
    {
      about: "All snapshots that aren't there yet, from bucket to bucket",
      line: "sluice copy --all --from s3://backups/datocms --to s3://second/datocms",
    },
    {
      about: "Of a sandbox environment, to disk, for programs",
      line: "sluice copy latest:staging --from s3://backups/datocms --to ./staging --json",
    },
  ],
  async run({ config, words, io }: CommandContext): Promise<ExitCode> {
    const { all, project, environment } = config;
    const { signal } = io;
    if (all && words.length > 0) {
      throw new SluiceError("sluice copy takes snapshots or --all, but not both.", EXIT.usage);
    }
    const { copySnapshot } = await import("../../tools/copy.ts");
    using from = openStorage(config.from);
    using to = openStorage(config.to, toStorageOptions(config));
    if (from.url === to.url) {
      throw new SluiceError(
        `sluice copy needs another place than ${
          shownAddress(from.url)
        } for the copy: write sluice copy --to ` +
          "<directory>, or --to s3://bucket/prefix.",
        EXIT.usage,
      );
    }
    using line = new WorkLine(config, io);
    const scope = { names: words, all, project, environment, signal };
    const chosen = await chosenSnapshots(from, scope);
    if (!config.allowPublic) await assertNotPublic(to, { signal });
    const copies: CopyResult[] = [];
    const failed: { readonly snapshot: string; readonly reason: string }[] = [];
    for (const snapshot of chosen) {
      try {
        copies.push(
          await copySnapshot(from, snapshot, to, {
            signal,
            onWait: () => line.say(`${snapshot.name} waits for a prune of asset files`),
            onProgress: (work) => line.update(`Copying ${snapshot.name}`, work),
          }),
        );
      } catch (error) {
        // One of many that can't be copied must not keep the others from it.
        const isItsOwn = error instanceof SluiceError && !(error instanceof StorageError);
        if (!all || !isItsOwn || signal.aborted) throw error;
        failed.push({ snapshot: snapshot.name, reason: error.message });
      }
    }
    line[Symbol.dispose]();
    const isFailed = failed.length > 0;
    if (config.json) {
      const status = isFailed ? "failed" : "complete";
      io.stdout.write(jsonText({ status, snapshots: copies, ...(isFailed && { failed }) }));
    } else {
      if (!config.quiet) io.stdout.write(copies.map(renderCopy).join(""));
      const reasons = failed.map(({ reason }) => `Not copied: ${printable(reason, 1000)}\n`);
      io.stdout.write(reasons.join(""));
    }
    return isFailed ? EXIT.failed : EXIT.complete;
  },
};

import { READING } from "../../config/groups/reading.ts";
import { CONFIG_FILE, OUTPUT, TIMEOUT, VIEW } from "../../config/groups/run.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { VERIFYING } from "../../config/groups/verifying.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Checked, Verification, VerifyProgress } from "../../tools/verify.ts";
import { chosenSnapshots } from "../chosen_snapshots.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { WorkLine } from "../progress/work_line.ts";
import { renderVerification } from "../report/verification_text.ts";

/** `sluice verify` */
export const verifyCommand: Command = {
  name: "verify",
  summary: "Verify that snapshots hold what was written to them",
  description:
    "Compares snapshots with their manifests, and names every object that is missing, too many, changed, " +
    "truncated or not of its form. Believes no name, size or claim that it can compare with bytes. A " +
    "Project Export of DatoCMS has no manifest, and is verified as far as it can be. Nothing is written. " +
    "In S3 it takes a request for each thousand objects of a snapshot, one for each object that is read, " +
    "and at level references another one for each batch of records and for each asset file. The snapshot is " +
    "named by its seconds or their first digits, a date or time, latest or latest:<environment>, with its " +
    "project and environment before it if need be (<project>/<environment>/<id>). Default: latest.",
  positionals: [{ name: "snapshot", isRepeatable: true, snapshotOr: ["latest"] }],
  options: optionsOf(
    READING,
    { environment: SOURCE.environment },
    VERIFYING,
    VIEW,
    { quiet: OUTPUT.quiet },
    TIMEOUT,
    CONFIG_FILE,
  ),
  optionHelp: { environment: "Only snapshots of this environment. Default: those of all." },
  exitCodes: {
    ...exitCodesOf("nothing is wrong"),
    [EXIT.failed]: "failed, or a snapshot is damaged, isn't complete or isn't there",
    [EXIT.usage]:
      "the command line or the configuration is wrong, or a name fits several snapshots",
  },
  examples: [
    { about: "Every byte of the newest snapshot in ./snapshots", line: "sluice verify" },
    {
      about: "Each night another twentieth of all snapshots in S3",
      line: "sluice verify --all --sample 5% --from s3://backups/datocms",
    },
    {
      about: "Also its references and asset files, for programs",
      line: "sluice verify 2026-01-31 --level references --json",
    },
  ],
  async run({ config, words, io }: CommandContext): Promise<ExitCode> {
    const { all, level, sample, project, environment } = config;
    if (all && words.length > 0) {
      throw new SluiceError("sluice verify takes snapshots or --all, but not both.", EXIT.usage);
    }
    const { sampleOf } = await import("../../tools/verify/sample.ts");
    const { verifySnapshot } = await import("../../tools/verify.ts");
    const now = () => Date.now();
    sampleOf(sample, now());
    using storage = openStorage(config.from);
    using line = new WorkLine(config, io);
    const { signal } = io;
    const scope = { project, environment, signal };
    // One that isn't sealed is damaged.
    const chosen = await chosenSnapshots(storage, { names: words, all, unsealed: true, ...scope });
    const found: Verification[] = [];
    for (const snapshot of chosen) {
      const onProgress = (work: VerifyProgress) => line.update(`Verifying ${snapshot.name}`, work);
      found.push(
        await verifySnapshot(storage, snapshot, { level, sample, signal, now, onProgress }),
      );
    }
    line[Symbol.dispose]();
    const isDamaged = found.some(({ status }) => status === "damaged");
    if (config.json) io.stdout.write(jsonText(reportOf(found)));
    else if (!config.quiet || isDamaged) {
      const shown = config.quiet ? found.filter(({ status }) => status === "damaged") : found;
      io.stdout.write(shown.map(renderVerification).join(""));
    }
    return isDamaged ? EXIT.failed : EXIT.complete;
  },
};

/** What was found of all, for programs: a problem's key says whose it is. */
function reportOf(found: readonly Verification[]) {
  const sum = (key: keyof Checked) => found.reduce((sum, { checked }) => sum + checked[key], 0);
  const more = found.reduce((sum, { more }) => sum + more, 0);
  return {
    status: found.some(({ status }) => status === "damaged") ? "damaged" : "intact",
    checked: { objects: sum("objects"), bytes: sum("bytes"), lines: sum("lines") },
    problems: found.flatMap(({ problems }) => problems),
    ...(more > 0 && { more }),
    snapshots: found.map(({ snapshot, status, against }) => ({ snapshot, status, against })),
  };
}

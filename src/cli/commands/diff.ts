import { DIFFING } from "../../config/groups/diffing.ts";
import { OUTPUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION } from "../../config/groups/selection.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { toExportOptions } from "../../config/library_options.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { failureOf } from "../../report/failure.ts";
import { findSnapshot, type FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { readManifest } from "../../snapshot/read_manifest.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { ObjectNotFoundError, type Storage } from "../../storage/storage.ts";
import { printableJson } from "../../text/printable.ts";
import type { Change, DiffProgress } from "../../tools/diff.ts";
import { DiffJson } from "../../tools/diff/diff_json.ts";
import type { liveSnapshot } from "../../tools/diff/live.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { type NewFile, newFile } from "../new_file.ts";
import { Progress } from "../progress/progress.ts";
import { WorkLine } from "../progress/work_line.ts";
import { writeNote } from "../progress/write_error.ts";

import { ChangeTallies } from "../report/diff_values.ts";
import { DiffText, renderTallies } from "../report/diff_text.ts";
import { HOW_NAMED, ONE_SNAPSHOT } from "./show.ts";

/** What stands for the environment as it is now. */
const LIVE = "live";

/** `sluice diff` */
export const diffCommand: Command = {
  name: "diff",
  summary: "Compare two snapshots, or one with the environment as it is now",
  description:
    "Shows what differs between an earlier snapshot and a later one: models, fields and settings, records " +
    "with their fields, locales and blocks, and assets. The order of records tells nothing, nor do times " +
    `and version numbers. ${HOW_NAMED} ${LIVE} as the second one is the environment as it is now: it is ` +
    "exported to a temporary directory, without asset files, which needs an API token. All is read, and " +
    "compared with the manifests' checksums meanwhile. In S3 that takes a request for each batch, model " +
    "and settings file, and another one for each batch that holds a difference. Nothing is redacted.",
  positionals: [
    { name: "snapshot", required: true, snapshotOr: ["latest"] },
    { name: "snapshot|live", required: true, snapshotOr: ["latest", LIVE] },
  ],
  options: [
    ...ONE_SNAPSHOT,
    ...optionsOf(
      {
        apiToken: SOURCE.apiToken,
        apiTokenFile: SOURCE.apiTokenFile,
        baseUrl: SOURCE.baseUrl,
        models: RECORD_SELECTION.models,
      },
      DIFFING,
      { concurrency: OUTPUT.concurrency, quiet: OUTPUT.quiet },
    ),
  ],
  optionHelp: {
    environment:
      "Only snapshots of this environment, and which one live is. Default: snapshots of " +
      "all; latest, dates and live mean the primary one.",
    models: "Compare only these models and their records.",
    quiet: "Write nothing: the exit code tells.",
  },
  exitCodes: {
    ...exitCodesOf("nothing differs"),
    [EXIT.failed]: "something differs",
    [EXIT.usage]:
      "they couldn't be compared: not there, not readable, or the command line is wrong",
  },
  examples: [
    { about: "What has changed since a day", line: "sluice diff 2026-01-31 latest" },
    { about: "What has changed since the last export", line: "sluice diff latest live" },
    {
      about: "As a page to send to somebody",
      line: "sluice diff 2026-01-31 latest --html changes.html",
    },
    {
      about: "The ids of changed articles, for programs",
      line: "sluice diff 1796045044 latest --models article --json-lines | jq -r .id",
    },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    try {
      return await runDiff(context);
    } catch (error) {
      // 1 says that something differs.
      const failure = failureOf(error, context.io.signal);
      if (failure.exitCode !== EXIT.failed) throw error;
      throw new SluiceError(failure.message, EXIT.usage, { ...failure, cause: error });
    }
  },
};

async function runDiff({ config, words, io, content }: CommandContext): Promise<ExitCode> {
  const [before, after] = words;
  if (before === undefined || after === undefined) {
    throw new SluiceError(
      "sluice diff needs two snapshots: such as sluice diff 2026-01-31 latest.",
      EXIT.usage,
    );
  }
  if (before === LIVE) {
    throw new SluiceError("live can only be the second one: sluice diff latest live.", EXIT.usage);
  }
  const { diffSnapshots } = await import("../../tools/diff.ts");
  const { project, environment, models, meta, quiet } = config;
  const { signal } = io;
  using storage = openStorage(config.from);
  const scope = { project, environment, signal };
  const earlier = { storage, snapshot: await findSnapshot(storage, before, scope) };
  await using live = after === LIVE ? await liveSource({ config, io }, earlier) : undefined;
  const later = live ?? { storage, snapshot: await findSnapshot(storage, after, scope) };
  const notes: string[] = [];
  const onNote = (message: string) => {
    notes.push(message);
    if (!quiet) writeNote(io, "warning", { code: "comparison", message }, config);
  };
  const [own, other] = [earlier.snapshot.project, later.snapshot.project];
  if (own !== other) onNote(`They are of two projects, ${own} and ${other}.`);
  using line = new WorkLine(config, io);
  const onProgress = ({ now, ...work }: DiffProgress) => line.update(`Comparing ${now}`, work);
  const changes = diffSnapshots(earlier, later, { models, meta, onNote, onProgress, signal });
  const tallies = new ChangeTallies();
  const names = [earlier.snapshot.name, later.snapshot.name] as const;
  const views = quiet ? [] : [outputView({ config, io, content }, tallies, notes)];
  await using file = config.html === undefined ? undefined : await newFile(config.html, "html");
  if (file !== undefined) views.push(await pageView(file, names, tallies, notes));
  for await (const page of changes) {
    for (const change of page) tallies.add(change);
    // That something differs is all that is asked.
    if (views.length === 0) break;
    line.clear();
    for (const view of views) await view.page(page);
  }
  line[Symbol.dispose]();
  for (const view of views) await view.end();
  await file?.finish();
  return tallies.isEmpty ? EXIT.complete : EXIT.failed;
}

/** How changes are written. */
interface DiffView {
  page(changes: readonly Change[]): void | Promise<void>;
  end(): void | Promise<void>;
}

/** Writes changes to stdout. */
function outputView(
  { config, io, content }: Pick<CommandContext, "config" | "io" | "content">,
  tallies: ChangeTallies,
  notes: readonly string[],
): DiffView {
  if (config.jsonLines) {
    return {
      page(changes) {
        content.write(changes.map((change) => `${printableJson(change)}\n`).join(""));
      },
      end() {},
    };
  }
  if (config.json) {
    const json = new DiffJson();
    return {
      page: (changes) => content.write(json.render(changes)),
      end: () => content.write(json.end(notes)),
    };
  }
  // Who reads the page needs the sums alone.
  const isShort = config.stat || config.html !== undefined;
  const color = io.isStdoutTerminal === true && !io.env("NO_COLOR") && io.env("TERM") !== "dumb";
  const text = new DiffText({ color });
  return {
    page(changes) {
      if (!isShort) content.write(changes.map((change) => text.render(change)).join(""));
    },
    end() {
      content.write(`${isShort || tallies.isEmpty ? "" : "\n"}${renderTallies(tallies)}`);
    },
  };
}

/** Writes changes into a page of HTML. */
async function pageView(
  file: NewFile,
  [before, after]: readonly [string, string],
  tallies: ChangeTallies,
  notes: readonly string[],
): Promise<DiffView> {
  const { DiffPage } = await import("../report/diff_html.ts");
  const page = new DiffPage();
  await file.write(page.begin(before, after));
  return {
    page: (changes) => file.write(page.render(changes)),
    end: () => file.write(page.end(tallies, notes)),
  };
}

/** The environment as it is now, as far as the earlier snapshot goes. */
async function liveSource(
  { config, io }: Pick<CommandContext, "config" | "io">,
  { storage, snapshot }: { readonly storage: Storage; readonly snapshot: FoundSnapshot },
): Promise<Awaited<ReturnType<typeof liveSnapshot>>> {
  const { exportProject } = await import("../../export/export.ts");
  const tools = await import("../../tools/diff/live.ts");
  const { signal } = io;
  const own = await readManifest(storage, snapshot.prefix, signal).catch((error) => {
    // DatoCMS's own exports have none.
    if (!(error instanceof ObjectNotFoundError)) throw error;
    return undefined;
  });
  // What the earlier one lacks needn't be read.
  const { include, exclude, excludeModels, models, published = true } =
    (own?.options ?? {}) as Partial<
      ReturnType<typeof toExportOptions>
    >;
  const selection = config.models === undefined
    ? { include, exclude, models, excludeModels }
    : { include: ["records" as const], models: config.models };
  using progress = new Progress(config, io);
  const options = toExportOptions(config);
  return await tools.liveSnapshot((storage) => {
    return exportProject({
      ...options,
      ...selection,
      environment: config.environment ?? snapshot.environment,
      published,
      secrets: io.secrets?.known,
      storage,
      signal,
      onEvent: progress.onEvent,
      assets: false,
      tables: false,
      layout: "ndjson",
      freeze: false,
      resume: false,
      timeBudgetMs: undefined,
      maxFailures: undefined,
    });
  }, signal);
}

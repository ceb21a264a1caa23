import { ASSETS } from "../../config/groups/assets.ts";
import { PUBLICITY } from "../../config/groups/destination.ts";
import { READING, RESULT } from "../../config/groups/reading.ts";
import { CONFIG_FILE, OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION } from "../../config/groups/selection.ts";
import { type Config, optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { assertNotPublic } from "../../storage/public_access.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import type { ArchiveForm, SnapshotDownload } from "../../tools/download.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import type { CliIo } from "../io.ts";
import { WorkLine } from "../progress/work_line.ts";
import { renderCopy } from "../report/copy_text.ts";
import { formatBytes } from "../text/format.ts";

/** `sluice download` */
export const downloadCommand: Command = {
  name: "download",
  summary: "Download a snapshot as an archive, or into a directory",
  description:
    "Reads a complete snapshot with its asset files, compares all of it with its manifest, and writes it to " +
    "--out: as an archive, if that ends with .tar.gz, .tgz, .tar.zst or .tar; to stdout as .tar.gz, if it is -; " +
    "else into that directory. What it is unpacked to is a place of snapshots for all commands. If anything " +
    "isn't as it was sealed, the command fails, and no archive is there. A directory that was written in part " +
    "is continued. The snapshot is named by its seconds or their first digits, a date or time, latest or " +
    "latest:<environment>, with its project and environment before it if need be " +
    "(<project>/<environment>/<id>). Default: latest.",
  positionals: [{ name: "snapshot" }],
  options: optionsOf(
    READING,
    RESULT,
    PUBLICITY,
    { models: RECORD_SELECTION.models, assets: ASSETS.assets },
    { json: OUTPUT.json, logFormat: OUTPUT.logFormat, quiet: OUTPUT.quiet },
    { verbose: OUTPUT.verbose },
    TIMEOUT,
    CONFIG_FILE,
  ),
  optionHelp: {
    out:
      "Where it goes: an archive's name ending with .tar.gz, .tgz, .tar.zst or .tar, - for stdout, or a " +
      "directory; a path, a file: URL or s3://bucket[/prefix].",
    allowPublic: "Write to an S3 bucket even if it is public.",
    models: "Only the records of these models; without tables, which mix all models.",
    assets: "With --no-assets (or false), asset files are left out.",
  },
  exitCodes: {
    ...exitCodesOf("all of it is there"),
    [EXIT.failed]: "failed, or the snapshot is damaged or isn't there",
    [EXIT.usage]:
      "the command line or the configuration is wrong, names several snapshots, or something else is in the way",
  },
  examples: [
    {
      about: "The newest snapshot in ./snapshots, as one file",
      line: "sluice download --out snapshot.tar.gz",
    },
    {
      about: "Without asset files, to a program",
      line: "sluice download --from s3://backups/datocms --no-assets --out - | tar -xz",
    },
    {
      about: "The articles of January or before, into a directory",
      line: "sluice download 2026-01-31 --models article --out ./articles",
    },
  ],
  async run({ config, words: [snapshot = "latest"], io }: CommandContext): Promise<ExitCode> {
    const target = targetOf(config);
    if (target.isStdout) assertPipe(config, io);
    using storage = openStorage(config.from);
    using out = openStorage(target.place);
    using line = new WorkLine(config, io);
    const { models, project } = config;
    const { signal } = io;
    const options = {
      project,
      models,
      assets: config.assets !== false,
      signal,
      onProgress: (work: { readonly bytes: number; readonly totalBytes: number }) => {
        line.update("Downloading", work);
      },
    };
    if (!target.isStdout && !config.allowPublic) await assertNotPublic(out, { signal });
    const { form } = target;
    if (form === undefined) {
      const { copySnapshot } = await import("../../tools/copy.ts");
      const result = await copySnapshot(storage, snapshot, out, options);
      line[Symbol.dispose]();
      if (config.json) io.stdout.write(jsonText({ status: "complete", ...result }));
      else if (!config.quiet) io.stdout.write(renderCopy(result));
      return EXIT.complete;
    }
    const { downloadSnapshot } = await import("../../tools/download.ts");
    const download = await downloadSnapshot(storage, snapshot, { ...options, form });
    if (target.isStdout) {
      await writeTo(io, download);
      return EXIT.complete;
    }
    const { size } = await out.put(target.name, download.bytes, { signal });
    line[Symbol.dispose]();
    const result = {
      snapshot: download.snapshot,
      from: storage.url,
      to: `${out.url}/${target.name}`,
      form,
      bytes: size,
      contentBytes: download.totalBytes,
    };
    if (config.json) io.stdout.write(jsonText({ status: "complete", ...result }));
    else if (!config.quiet) {
      io.stdout.write(
        `${printable(result.snapshot)} is in ${shownAddress(result.to)} (${formatBytes(size)}).\n`,
      );
    }
    return EXIT.complete;
  },
};

/** Where a download goes. */
interface Target {
  /** The directory, or the prefix in S3. */
  readonly place: string;
  /** The archive's name in it. */
  readonly name: string;
  /** How the archive is written; `undefined` if it is none. */
  readonly form: ArchiveForm | undefined;
  /** Whether it goes to stdout. */
  readonly isStdout: boolean;
}

/** Names of archives that aren't written, and that nobody gives a directory. */
const OTHER_ARCHIVE = /\.(?:zip|7z|rar|gz|zst|bz2|xz|lz4|tbz2?|txz)$/i;

function targetOf({ out }: Config): Target {
  if (out === undefined) {
    throw new SluiceError(
      "sluice download needs a place for the snapshot: write sluice download --out snapshot.tar.gz, " +
        "--out <directory>, or --out - for stdout.",
      EXIT.usage,
    );
  }
  if (out === "-") return { place: ".", name: "", form: "tar.gz", isStdout: true };
  const ending = /\.(?:tar|tgz|tar\.gz|tar\.zst)$/i.exec(out)?.[0].toLowerCase();
  const isBucket = /^s3:\/\/[^/]*$/i.test(out);
  if (ending === undefined || isBucket) {
    if (ending === undefined && OTHER_ARCHIVE.test(out)) {
      throw new SluiceError(
        `--out must be a directory, or end with .tar.gz, .tgz, .tar.zst or .tar, but is ${
          JSON.stringify(printable(out, 200))
        }.`,
        EXIT.usage,
      );
    }
    return { place: out, name: "", form: undefined, isStdout: false };
  }
  const form = ending === ".tgz" ? "tar.gz" : ending.slice(1) as ArchiveForm;
  const path = /^file:/i.test(out) ? shownAddress(out) : out;
  const at = Math.max(
    path.lastIndexOf("/"),
    Deno.build.os === "windows" ? path.lastIndexOf("\\") : -1,
  );
  const place = at < 0 ? "." : path.slice(0, at) || "/";
  return { place, name: path.slice(at + 1), form, isStdout: false };
}

/** Nobody wants an archive on a terminal, or JSON in it. */
function assertPipe({ json }: Config, { bytes }: CliIo): void {
  const wrong = json
    ? "--json and --out - both write to stdout: leave one of them out."
    : bytes === undefined || bytes.isTerminal
    ? "--out - writes an archive to stdout, which is a terminal: send it to a file or a program, as in " +
      "sluice download --out - | tar -tz."
    : undefined;
  if (wrong !== undefined) throw new SluiceError(wrong, EXIT.usage);
}

async function writeTo({ bytes, signal }: CliIo, download: SnapshotDownload): Promise<void> {
  try {
    await download.bytes.pipeTo(bytes!.writable(), {
      preventClose: true,
      preventAbort: true,
      signal,
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    throw new SluiceError(
      `The archive of ${
        printable(download.snapshot)
      } isn't whole, because whoever reads it from stdout ` +
        "has stopped reading.",
      EXIT.failed,
      { cause: error },
    );
  }
}

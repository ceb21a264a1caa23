import { ASSETS } from "../../config/groups/assets.ts";
import { DOWNLOADING } from "../../config/groups/downloading.ts";
import { PUBLICITY } from "../../config/groups/destination.ts";
import { READING, RESULT } from "../../config/groups/reading.ts";
import { CONFIG_FILE, OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION } from "../../config/groups/selection.ts";
import { type Config, optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { assertNotPublic } from "../../storage/public_access.ts";
import type { Storage } from "../../storage/storage.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import type { DownloadOptions, SnapshotDownload } from "../../tools/download.ts";
import type { DumpContent } from "../../tools/download/dump.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import type { CliIo } from "../io.ts";
import { writeNote } from "../progress/write_error.ts";
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
    "is continued. With --as datocms-dump, it writes a .zip for DatoCMS's content tools, and names what such a " +
    "dump should have but the snapshot doesn't; with --single, a .json or .json.gz that holds all but asset " +
    "files and settings, or plain JSON to stdout. The snapshot is named by its seconds or their first digits, a date or time, latest or " +
    "latest:<environment>, with its project and environment before it if need be " +
    "(<project>/<environment>/<id>). Default: latest.",
  positionals: [{ name: "snapshot", snapshotOr: ["latest"] }],
  options: optionsOf(
    READING,
    RESULT,
    DOWNLOADING,
    PUBLICITY,
    { models: RECORD_SELECTION.models, assets: ASSETS.assets },
    { json: OUTPUT.json, logFormat: OUTPUT.logFormat, quiet: OUTPUT.quiet },
    { verbose: OUTPUT.verbose },
    TIMEOUT,
    CONFIG_FILE,
  ),
  optionHelp: {
    out:
      "Where it goes: an archive's name ending with .tar.gz, .tgz, .tar.zst or .tar (.zip for a dump, .json or " +
      ".json.gz for a single document), - for stdout, or a directory; a path, a file: URL or s3://bucket[/prefix].",
    allowPublic: "Write to an S3 bucket even if it is public.",
    models: "Only the records of these models; without tables, which mix all models.",
    assets: "With --no-assets (or false), asset files are left out.",
  },
  exitCodes: {
    ...exitCodesOf("all of it is there"),
    [EXIT.partial]: "the dump is there, but lacks what is listed",
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
    {
      about: "For DatoCMS's own content tools",
      line: "sluice download --as datocms-dump --out dump.zip",
    },
    {
      about: "What is public, as one document",
      line: "sluice download --single --out project.json.gz",
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
    const download = await downloadAs(form, config, storage, snapshot, options);
    let size = 0;
    if (target.isStdout) await writeTo(io, download);
    else ({ size } = await out.put(target.name, download.bytes, { signal }));
    line[Symbol.dispose]();
    const content = download.content?.();
    const missing = content?.missing ?? [];
    for (const note of missing) {
      if (!config.quiet) writeNote(io, "warning", note, config);
    }
    const exitCode = missing.length > 0 ? EXIT.partial : EXIT.complete;
    if (target.isStdout) return exitCode;
    const result = {
      snapshot: download.snapshot,
      from: storage.url,
      to: `${out.url}/${target.name}`,
      form,
      bytes: size,
      contentBytes: download.totalBytes,
      ...content,
    };
    const status = missing.length > 0 ? "partial" : "complete";
    if (config.json) io.stdout.write(jsonText({ status, ...result }));
    else if (!config.quiet) {
      io.stdout.write(
        `${printable(result.snapshot)} is in ${shownAddress(result.to)} (${formatBytes(size)}).\n`,
      );
    }
    return exitCode;
  },
};

/** What is written: an archive, a dump, or a single document. */
type Form = keyof typeof ENDINGS;

/** A download of any form. */
type Download = Omit<SnapshotDownload, "fileName"> & {
  readonly content?: () => Partial<DumpContent>;
};

async function downloadAs(
  form: Form,
  { view, singleFormat }: Config,
  storage: Storage,
  snapshot: string,
  options: DownloadOptions,
): Promise<Download> {
  if (form === "datocms-dump") {
    const { downloadDump } = await import("../../tools/download/dump.ts");
    const { assets, ...rest } = options;
    return await downloadDump(storage, snapshot, { ...rest, ...(assets === false && { assets }) });
  }
  if (form === "json" || form === "json.gz") {
    const { downloadSingle } = await import("../../tools/download/single.ts");
    return await downloadSingle(storage, snapshot, {
      ...options,
      view,
      format: singleFormat,
      gzip: form === "json.gz",
    });
  }
  const { downloadSnapshot } = await import("../../tools/download.ts");
  return await downloadSnapshot(storage, snapshot, { ...options, form });
}

/** Where a download goes. */
interface Target {
  /** The directory, or the prefix in S3. */
  readonly place: string;
  /** The archive's name in it. */
  readonly name: string;
  /** What is written; `undefined` if it is a directory. */
  readonly form: Form | undefined;
  /** Whether it goes to stdout. */
  readonly isStdout: boolean;
}

/** How the names of files of each form end. */
const ENDINGS = {
  "tar": [".tar"],
  "tar.gz": [".tar.gz", ".tgz"],
  "tar.zst": [".tar.zst"],
  "datocms-dump": [".zip"],
  "json": [".json"],
  "json.gz": [".json.gz"],
} as const;
/** Names of files that aren't written, and that nobody gives a directory. */
const OTHER_FILE = /\.(?:zip|7z|rar|gz|zst|bz2|xz|lz4|tbz2?|txz|json)$/i;

function targetOf(config: Config): Target {
  const { out } = config;
  const [forms, onStdout, what] = formsOf(config);
  if (out === undefined) {
    throw new SluiceError(
      `sluice download needs a place for the snapshot: write sluice download ${what}, ` +
        "or --out - for stdout.",
      EXIT.usage,
    );
  }
  if (out === "-") return { place: ".", name: "", form: onStdout, isStdout: true };
  const form = forms.find((form) => {
    return ENDINGS[form].some((ending) => out.toLowerCase().endsWith(ending));
  });
  const isBucket = /^s3:\/\/[^/]*$/i.test(out);
  const isFile = config.as !== undefined || config.single;
  if (form === undefined || isBucket) {
    if (isFile || (form === undefined && OTHER_FILE.test(out))) {
      const endings = forms.flatMap((form) => ENDINGS[form]).toReversed();
      throw new SluiceError(
        `--out must ${isFile ? "" : "be a directory, or "}end with ${
          endings.join(" or ")
        }, but is ${JSON.stringify(printable(out, 200))}.`,
        EXIT.usage,
      );
    }
    return { place: out, name: "", form: undefined, isStdout: false };
  }
  return { ...fileIn(out), form, isStdout: false };
}

/**
 * A file as a place and a name in it.
 *
 * @param file A path, a `file:` URL or an address in S3.
 */
export function fileIn(file: string): { readonly place: string; readonly name: string } {
  const path = /^file:/i.test(file) ? shownAddress(file) : file;
  const at = Math.max(
    path.lastIndexOf("/"),
    Deno.build.os === "windows" ? path.lastIndexOf("\\") : -1,
  );
  return { place: at < 0 ? "." : path.slice(0, at) || "/", name: path.slice(at + 1) };
}

/** The forms that are asked for, the one for stdout, and an example of how to name a place. */
function formsOf({ as, single, models }: Config): [readonly Form[], Form, string] {
  if (as === undefined && !single) {
    const forms = ["tar", "tar.zst", "tar.gz"] as const;
    return [forms, "tar.gz", "--out snapshot.tar.gz, --out <directory>"];
  }
  const flag = single ? "--single" : `--as ${as}`;
  const wrong = single && as !== undefined
    ? `--single and --as ${as} are two forms: leave one of them out.`
    : models !== undefined
    ? `${flag} holds the records of all models: leave --models out.`
    : undefined;
  if (wrong !== undefined) throw new SluiceError(wrong, EXIT.usage);
  if (single) return [["json", "json.gz"], "json", "--single --out project.json.gz"];
  return [["datocms-dump"], "datocms-dump", `${flag} --out dump.zip`];
}

/**
 * Makes sure that a file may go to stdout: nobody wants an archive on a terminal, or JSON in it.
 *
 * @param config Whether JSON goes there, too.
 * @param io Where stdout is.
 * @param flag What sends the file there, and an example.
 * @throws {SluiceError} If it may not.
 */
export function assertPipe(
  { json }: Config,
  { bytes }: CliIo,
  [flag, example] = ["--out -", "sluice download --out - | tar -tz"],
): void {
  const wrong = json
    ? `--json and ${flag} both write to stdout: leave one of them out.`
    : bytes === undefined || bytes.isTerminal
    ? `${flag} writes a file to stdout, which is a terminal: send it to a file or a program, as in ` +
      `${example}.`
    : undefined;
  if (wrong !== undefined) throw new SluiceError(wrong, EXIT.usage);
}

/**
 * Writes a file to stdout.
 *
 * @param io Where stdout is.
 * @param download The file.
 * @throws {SluiceError} If nobody reads it any more, or stdout doesn't take it.
 * @throws What reading it fails with.
 */
export async function writeTo(
  { bytes, signal }: CliIo,
  download: Pick<Download, "snapshot" | "bytes">,
): Promise<void> {
  const output = bytes!.writable();
  try {
    await download.bytes.pipeTo(output, {
      preventClose: true,
      preventAbort: true,
      signal,
    });
  } catch (error) {
    // What can't be read leaves the output as it is.
    if (output.getWriter().desiredSize !== null) throw error;
    const why = error instanceof Deno.errors.BrokenPipe
      ? "whoever reads it from stdout has stopped reading"
      : `stdout doesn't take it: ${printable(String(error))}`;
    throw new SluiceError(
      `The download of ${printable(download.snapshot)} isn't whole, because ${why}.`,
      EXIT.failed,
      { cause: error },
    );
  }
}

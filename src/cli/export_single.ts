import type { Config } from "../config/options.ts";
import { toStorageOptions } from "../config/library_options.ts";
import { EXIT, type ExitCode, SluiceError } from "../error.ts";
import type { ExportReport } from "../export/export.ts";
import { openStorage } from "../storage/open_storage.ts";
import { assertNotPublic } from "../storage/public_access.ts";
import { printable, shownAddress } from "../text/printable.ts";
import { downloadSingle } from "../tools/download/single.ts";
import type { CommandContext } from "./command.ts";
import type { CliIo } from "./io.ts";
import { assertPipe, fileIn, writeTo } from "./commands/download.ts";
import { runExport } from "./run_export.ts";
import { formatBytes } from "./text/format.ts";

/** What was found that may differ from what the document holds, because it changed while it was read. */
const CHANGED: readonly string[] = [
  "changes_missing",
  "many_changes",
  "schema_changed",
  "still_changing",
];

/**
 * Exports a project into a single document. What it is made of is a snapshot in a temporary directory, so that all of
 * it is of one time, as in any other: beside the file, or among the system's temporary files.
 *
 * @param context What the command runs with.
 * @param file The document's file, or `-` for stdout.
 * @return The exit code: 3 also if something changed while it was read that isn't amended, which `end.changed` names.
 * @throws {SluiceError} If the export fails, or the file can't be written: then it isn't there, and stdout has no end
 * of it.
 */
export async function exportSingle(context: CommandContext, file?: string): Promise<ExitCode> {
  const { config, io } = context;
  const isStdout = file === "-";
  const target = targetOf(config, file);
  if (isStdout) assertPipe(config, io, ["--single -", "sluice export --single - | jq .end"]);
  const { signal } = io;
  using out = openStorage(target.place, toStorageOptions(config));
  if (!isStdout && !config.allowPublic) await assertNotPublic(out, { signal });
  const isLocal = !isStdout && out.url.startsWith("file:");
  const directory = await Deno.makeTempDir({
    prefix: ".sluice-single-",
    ...(isLocal && { dir: target.place }),
  }).catch((error) => {
    const shown = JSON.stringify(printable(target.place, 200));
    throw new SluiceError(
      `The document can't be prepared in ${
        isLocal ? shown : "a temporary directory"
      }: it isn't there, or ` +
        "isn't writable.",
      EXIT.usage,
      { cause: error },
    );
  });
  try {
    const own: Config = {
      ...config,
      to: directory,
      assets: false,
      tables: false,
      since: "none",
      published: config.view === "published",
      json: false,
    };
    const { report, exitCode } = await exported(own, io);
    const changed = changedIn(report);
    using storage = openStorage(directory);
    const document = await downloadSingle(storage, "latest", {
      view: config.view,
      format: config.singleFormat,
      gzip: target.name.endsWith(".gz"),
      ofApi: { changed },
      signal,
    });
    let bytes = 0;
    if (isStdout) await writeTo(io, document);
    else bytes = (await out.put(target.name, document.bytes, { signal })).size;
    const code = changed.length > 0 ? EXIT.partial : exitCode;
    if (!isStdout) say(context, { to: `${out.url}/${target.name}`, bytes, changed, code });
    return code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function targetOf(
  config: Config,
  file: string | undefined,
): { readonly place: string; readonly name: string } {
  const wrong = file === undefined
    ? "--single needs a file: sluice export --single project.json.gz, or - for stdout."
    : file !== "-" && !/[^/]\.json(?:\.gz)?$/.test(file)
    ? `--single writes a file that ends with .json or .json.gz, but it is ${
      JSON.stringify(printable(file, 200))
    }.`
    : config.retryFailed
    ? "--single needs an export of its own: leave --retry-failed out."
    : config.tablesOnly
    ? "--single writes records, which --tables-only leaves out: leave one of them out."
    : config.dryRun
    ? "--dry-run writes nothing: leave --single out."
    : undefined;
  if (wrong !== undefined) throw new SluiceError(wrong, EXIT.usage);
  return file === "-" ? { place: ".", name: "" } : fileIn(file!);
}

/** Exports into the temporary directory, of which nobody is told. */
async function exported(config: Config, io: CliIo): ReturnType<typeof runExport> {
  const stdout = { write: () => {} };
  try {
    return await runExport({ config, io: { ...io, stdout }, advise: () => {} });
  } catch (error) {
    if (!(error instanceof SluiceError) || error.exitCode !== EXIT.cancelled) throw error;
    throw new SluiceError("Cancelled: there is no document.", EXIT.cancelled, { cause: error });
  }
}

function changedIn({ manifest: { findings } }: ExportReport): string[] {
  return findings.filter(({ code }) => CHANGED.includes(code)).map(({ message }) => message);
}

function say(
  { config, io }: CommandContext,
  { to, bytes, changed, code }: {
    readonly to: string;
    readonly bytes: number;
    readonly changed: readonly string[];
    readonly code: ExitCode;
  },
): void {
  if (config.json) {
    const status = code === EXIT.complete ? "complete" : "partial";
    io.stdout.write(`${JSON.stringify({ status, to, bytes, changed })}\n`);
  } else if (!config.quiet) {
    io.stdout.write(`The project is in ${shownAddress(to)} (${formatBytes(bytes)}).\n`);
  }
}

import type { Config } from "../config/options.ts";
import { toExportOptions, toStorageOptions } from "../config/library_options.ts";
import { EXIT, type ExitCode, SluiceError } from "../error.ts";
import { exportProject, type ExportReport } from "../export/export.ts";
import { failureOf } from "../report/failure.ts";
import { jsonReport, jsonText } from "../report/json_report.ts";
import { assetsDone, type ProgressState } from "../report/progress_state.ts";
import { type Verdict, verdictOf } from "../report/verdict.ts";
import { retryFailedAssets } from "../export/retry_failed.ts";
import { LostLockError } from "../snapshot/lock/lock_errors.ts";
import { openStorage } from "../storage/open_storage.ts";
import type { ExportNotes, ManifestNote } from "../snapshot/manifest.ts";
import { withTelemetry } from "../telemetry/with_telemetry.ts";
import type { CommandContext } from "./command.ts";
import type { CliIo } from "./io.ts";
import { Progress } from "./progress/progress.ts";
import { writeError, writeNote } from "./progress/write_error.ts";
import { advised, advisedReport } from "./report/advice.ts";
import { renderSummary } from "./report/summary.ts";
import { shownAddress } from "../text/printable.ts";
import { counted, formatDuration } from "./text/format.ts";

/** How long what is under way may take to end when the export is cancelled, in milliseconds. */
const GRACE_MS = 1500;

/**
 * Exports a project as configured, or tries failed assets again, shows how far it is, and writes the result to stdout.
 *
 * @param context The configuration, the world around, and what takes advice.
 * @param resume The command that resumes the export, if there is one.
 * @return What was written, and the exit code.
 * @throws {SluiceError} If the export fails or is cancelled.
 */
export async function runExport(
  { config, io, advise }: Pick<CommandContext, "config" | "io" | "advise">,
  resume?: string,
): Promise<{ readonly report: ExportReport; readonly exitCode: ExitCode }> {
  using progress = new Progress(config, io);
  const { signal } = io;
  // What is finished is kept: first nothing new is begun, and only then what is under way is aborted.
  const [stop, over] = [new AbortController(), new AbortController()];
  let grace: ReturnType<typeof setTimeout> | undefined;
  let notes: (() => ExportNotes) | undefined;
  let report: ExportReport;
  const onAbort = () => {
    if (progress.state.start === undefined || config.retryFailed) over.abort(signal.reason);
    stop.abort(signal.reason);
    grace = setTimeout(() => over.abort(signal.reason), GRACE_MS);
  };
  const onCancel = () => {
    if (!(signal.reason instanceof SluiceError)) {
      progress.say("Cancelling (press Ctrl-C again to stop at once)");
    }
    onAbort();
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onCancel);
  try {
    using storage = openStorage(config.to, toStorageOptions(config));
    const ends = { stop: stop.signal, signal: over.signal };
    const onNotes = (read: () => ExportNotes) => notes = read;
    const secrets = io.secrets?.known;
    const options = { ...toExportOptions(config), secrets, storage, onNotes, ...ends };
    const run = config.retryFailed ? retryFailedAssets : exportProject;
    report = advisedReport(
      await withTelemetry(progress.onEvent, (onEvent) => run({ ...options, onEvent })),
    );
  } catch (error) {
    const { state, ms } = progress;
    progress[Symbol.dispose]();
    const isCancelled = signal.aborted && !(signal.reason instanceof SluiceError);
    const thrown = isCancelled ? cancellation(state, ms, config) : signal.reason ?? error;
    const { message, exitCode } = advised(failureOf(thrown, signal));
    const isUnfinished = exitCode === EXIT.unfinished;
    if (config.json) {
      const status = isCancelled ? "cancelled" : isUnfinished ? "unfinished" : "failed";
      const end = { status, error: message, exitCode, progress: state, ms } as const;
      io.stdout.write(jsonText(jsonReport({ ...end, notes: notes?.() })));
    }
    const { start } = state;
    if (start !== undefined && !config.retryFailed && !(thrown instanceof LostLockError)) {
      if (!isCancelled && !isUnfinished) {
        advise(`The snapshot at ${shownAddress(start.snapshot)} is incomplete.`);
      }
      if (resume !== undefined && !config.freeze) advise(`To resume it: ${resume}`);
    }
    throw thrown;
  } finally {
    signal.removeEventListener("abort", onCancel);
    clearTimeout(grace);
  }
  const { state, ms } = progress;
  progress[Symbol.dispose]();
  const verdict = verdictOf(report, config);
  if (config.quiet) writeFlaws({ report, verdict, aside: state.aside }, io, config);
  const { exitCode } = verdict;
  if (config.json) {
    io.stdout.write(jsonText(jsonReport({ report, exitCode, progress: state, ms })));
  } else if (!config.quiet) {
    const isRetry = config.retryFailed;
    io.stdout.write(renderSummary(report, {
      progress: state,
      ms,
      columns: io.columns(),
      isRetry,
      hasTold: (note) => progress.hasTold(note),
    }));
  }
  return { report, exitCode };
}

/** Writes what is wrong with a snapshot: cron sends mail if there is anything, and for nothing else. */
function writeFlaws(
  { report, verdict, aside }: {
    readonly report: ExportReport;
    readonly verdict: Verdict;
    readonly aside: readonly ManifestNote[];
  },
  io: CliIo,
  config: Config,
): void {
  // A retry found nothing itself: these are of the export that made the snapshot.
  const findings = config.retryFailed ? [] : report.manifest.findings;
  for (const finding of findings) writeNote(io, "finding", finding, config);
  // Nothing else names a copy of an environment that is left.
  for (const warning of aside) writeNote(io, "warning", warning, config);
  const { exitCode } = verdict;
  if (exitCode !== EXIT.complete) {
    writeError(io, { message: lackText(report, verdict), exitCode }, config);
  }
}

/** What a snapshot that is complete lacks, in a sentence. */
function lackText(report: ExportReport, { lacking }: Verdict): string {
  const [first, ...others] = lacking;
  const failures = counted(others.length + 1, "failure");
  return `The snapshot at ${shownAddress(report.snapshot)} is complete but for ${failures}${
    others.length === 0 ? "" : ", such as"
  }: ${first}`;
}

/** The error of an export that the user cancelled: what was done, and what is left of it. */
function cancellation(
  state: ProgressState,
  ms: number,
  { retryFailed }: Pick<Config, "retryFailed">,
): SluiceError {
  const { start, records } = state;
  const time = formatDuration(ms);
  if (start === undefined) {
    return new SluiceError(`Cancelled after ${time}: nothing was written.`, EXIT.cancelled);
  }
  if (retryFailed) {
    return new SluiceError(
      `Cancelled after ${time}: the snapshot at ${
        shownAddress(start.snapshot)
      } is unchanged (files that were downloaded are kept for the next retry).`,
      EXIT.cancelled,
    );
  }
  const done = [
    counted(records.read, "record"),
    ...(state.withAssets ? [counted(assetsDone(state), "asset")] : []),
  ].join(" and ");
  return new SluiceError(
    `Cancelled after ${time} with ${done} done: the snapshot at ${
      shownAddress(start.snapshot)
    } is incomplete.`,
    EXIT.cancelled,
  );
}

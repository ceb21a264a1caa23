import type { ExitCode } from "../../error.ts";
import { type CliIo, SYSTEM_CLOCK } from "../io.ts";
import type { Config } from "../../config/options.ts";
import type { ManifestNote } from "../../snapshot/manifest.ts";
import { printable } from "../../text/printable.ts";
import { writeJsonLine } from "./json_view.ts";

/**
 * Writes to stderr why a command ends as it does.
 *
 * @param io The world around.
 * @param error The sentence, the exit code that goes with it, and where it was thrown, if that is shown.
 * @param config How it is written: as a line of JSON, or as text otherwise.
 */
export function writeError(
  io: Pick<CliIo, "stderr" | "clock">,
  { message, exitCode, stack }: {
    readonly message: string;
    readonly exitCode: ExitCode;
    readonly stack?: string | undefined;
  },
  { logFormat }: { readonly logFormat?: unknown },
): void {
  if (logFormat === "json") {
    const now = (io.clock ?? SYSTEM_CLOCK).now();
    const more = stack === undefined ? {} : { stack };
    writeJsonLine(io.stderr, now, { type: "error", message, exitCode, ...more });
  } else io.stderr.write(`sluice: ${message}\n${stack === undefined ? "" : `${stack}\n`}`);
}

/**
 * Writes to stderr something to know besides errors.
 *
 * @param io The world around.
 * @param type What it is.
 * @param note The sentence, and its stable name.
 * @param config How it is written.
 */
export function writeNote(
  { stderr, clock = SYSTEM_CLOCK }: Pick<CliIo, "stderr" | "clock">,
  type: "warning" | "finding",
  { code, message }: ManifestNote,
  { logFormat }: Pick<Config, "logFormat">,
): void {
  if (logFormat === "json") {
    writeJsonLine(stderr, clock.now(), { type, code, message });
  } else {
    stderr.write(`${type === "warning" ? "Warning" : "Found"}: ${printable(message, 4000)}\n`);
  }
}

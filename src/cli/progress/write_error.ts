import type { ExitCode } from "../../error.ts";
import { type CliIo, SYSTEM_CLOCK } from "../io.ts";
import type { Config } from "../../config/options.ts";
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
 * Writes to stderr what is to be known before a command begins, unless nothing but errors is asked for.
 *
 * @param io The world around.
 * @param warning The sentence, and its stable name.
 * @param config How it is written.
 */
export function writeWarning(
  io: Pick<CliIo, "stderr" | "clock">,
  { code, message }: { readonly code: string; readonly message: string },
  { logFormat, quiet }: Pick<Config, "logFormat" | "quiet">,
): void {
  if (quiet) return;
  if (logFormat === "json") {
    const now = (io.clock ?? SYSTEM_CLOCK).now();
    writeJsonLine(io.stderr, now, { type: "warning", code, message });
  } else io.stderr.write(`Warning: ${message}\n`);
}
